//! Moves the open opportunities of a stage to the next stage:
//! `cargo run --example move_opportunities`.
//!
//! In your account: `cargo run --example move_opportunities -- PIPELINE STAGE`, by names. Without
//! arguments it lists all pipelines.

mod common;

use common::{Account, Result, or_dash};
use hoopai::opportunities::types::{OpportunityStatus, UpdateOpportunityRequest};
use hoopai_mock::LOCATION;
use serde_json::json;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let arguments = account.arguments(["PIPELINE", "STAGE"], |mock| {
        let stages = ["New", "Talking", "Closing"].map(|name| json!({ "id": name, "name": name }));
        let pipeline = json!({ "id": "sales", "name": "Sales", "stages": stages });
        mock.seed().item("pipelines", LOCATION, &pipeline);
        mock.seed().contacts(LOCATION, 3);
        for status in ["open", "won", "open", "open"] {
            let deal = json!({ "pipelineId": "sales", "pipelineStageId": "New", "status": status });
            mock.seed().item("opportunities", LOCATION, &deal);
        }
        ["Sales", "New"].map(str::to_owned)
    });
    let opportunities = account.client.opportunities();

    let reply = opportunities.list_pipelines().send().await?;
    let pipelines = reply.pipelines.as_deref().unwrap_or_default();
    for pipeline in pipelines {
        let stages = pipeline.stages.as_deref().unwrap_or_default();
        let names: Vec<&str> = stages.iter().map(|stage| or_dash(&stage.name)).collect();
        println!("{}: {}", or_dash(&pipeline.name), names.join(" > "));
    }
    let [pipeline, stage] = arguments?;

    let pipeline = pipelines
        .iter()
        .find(|other| other.name.as_ref() == Some(&pipeline))
        .ok_or_else(|| format!("no pipeline is named {pipeline}"))?;
    let stages = pipeline.stages.as_deref().unwrap_or_default();
    let index = stages
        .iter()
        .position(|other| other.name.as_ref() == Some(&stage))
        .ok_or_else(|| format!("no stage of the pipeline is named {stage}"))?;
    let [from, to, ..] = &stages[index..] else {
        return Err(format!("{stage} is the last stage").into());
    };

    // A moved opportunity leaves the list, so all are collected first (1,000 at most).
    let open = opportunities
        .search_opportunities()
        .pipeline_id(or_dash(&pipeline.id))
        .pipeline_stage_id(or_dash(&from.id))
        .status(OpportunityStatus::Open)
        .collect_all(1_000)
        .await?;
    for opportunity in &open {
        // Fields that are not set stay unchanged.
        let change = UpdateOpportunityRequest::new().pipeline_stage_id(or_dash(&to.id));
        opportunities
            .update_opportunity()
            .id(or_dash(&opportunity.id))
            .body(change)
            .send()
            .await?;
        println!(
            "  {} moved to {}",
            or_dash(&opportunity.name),
            or_dash(&to.name)
        );
    }
    Ok(())
}
