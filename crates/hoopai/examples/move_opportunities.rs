//! Moves the open opportunities of a stage on to the next one: `cargo run --example move_opportunities`.
//!
//! In your account: `cargo run --example move_opportunities -- PIPELINE STAGE`, by their names. Without them it lists what there is.

mod common;

use common::{Account, Result, shown};
use hoopai::opportunities::types::{Status, UpdateOpportunityRequest};
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
        let names: Vec<&str> = stages.iter().map(|stage| shown(&stage.name)).collect();
        println!("{}: {}", shown(&pipeline.name), names.join(" > "));
    }
    let [pipeline, stage] = arguments?;

    let pipeline = pipelines
        .iter()
        .find(|other| other.name.as_ref() == Some(&pipeline))
        .ok_or_else(|| format!("there is no pipeline {pipeline}"))?;
    let stages = pipeline.stages.as_deref().unwrap_or_default();
    let place = stages
        .iter()
        .position(|other| other.name.as_ref() == Some(&stage))
        .ok_or_else(|| format!("the pipeline has no stage {stage}"))?;
    let [from, to, ..] = &stages[place..] else {
        return Err(format!("{stage} is the last stage").into());
    };

    // All of them, before the first one moves and so leaves the list; an error, should there be more.
    let open = opportunities
        .search_opportunities()
        .pipeline_id(shown(&pipeline.id))
        .pipeline_stage_id(shown(&from.id))
        .status(Status::Open)
        .collect_all(1_000)
        .await?;
    for opportunity in &open {
        // What is not named stays as it is. The stage alone says where it stands now, so doing it twice does no harm.
        let change = UpdateOpportunityRequest::new().pipeline_stage_id(shown(&to.id));
        opportunities
            .update_opportunity()
            .id(shown(&opportunity.id))
            .body(change)
            .send()
            .await?;
        println!(
            "  {} is in {} now",
            shown(&opportunity.name),
            shown(&to.name)
        );
    }
    Ok(())
}
