//! `cargo xtask report`: what the generator makes of each module.

use std::collections::BTreeMap;

use clap::Args;
use hoopai_codegen::{Documented, ModuleReport, Share};
use serde_json::json;

use crate::{Console, Result, Workspace, build::crates_of};

#[derive(Debug, Default, Args)]
pub(crate) struct Report {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn report(tree: &Workspace, options: &Report, console: &Console) -> Result<bool> {
    let modules = tree.modules()?;
    let generated = crates_of(tree, &modules, &console.bar("generating", modules.len()));
    let mut reports = Vec::new();
    let mut failed = Vec::new();
    for generated in generated {
        match generated {
            Ok(generated) => reports.push(generated.report),
            Err(fault) => failed.push(fault.to_string()),
        }
    }
    if options.json {
        let document = json!({ "modules": reports, "totals": totals(&reports), "failed": failed });
        console.line(format_args!("{document:#}"));
    } else {
        table(&reports, console);
        for fault in &failed {
            console.line(format_args!("FAILED: {fault}"));
        }
    }
    Ok(failed.is_empty())
}

fn totals(reports: &[ModuleReport]) -> serde_json::Value {
    let sum = |part: fn(&ModuleReport) -> usize| reports.iter().map(part).sum::<usize>();
    let (operations, lines) = (sum(|report| report.operations), sum(|report| report.lines));
    json!({
        "modules": reports.len(),
        "operations": operations,
        "typed": sum(|report| report.typed),
        "untyped": sum(|report| report.untyped.len()),
        "untyped_by_decision": sum(|report| report.untyped_by_decision.len()),
        "documented_only": sum(|report| report.documented_only.len()),
        "multipart": sum(|report| report.multipart.len()),
        "paged": sum(|report| report.paged.len()),
        "unpaged": sum(|report| report.unpaged.len()),
        "automatic": sum(|report| report.default_location.len()),
        "enforced": sum(|report| report.required.len()),
        "not_idempotent": sum(|report| report.not_idempotent.len()),
        "idempotency_undeclared": sum(|report| report.idempotency_undeclared.len()),
        "overlay_actions": sum(|report| report.overlay_actions),
        "documented": {
            "operations": share(reports, |documented| &documented.operations),
            "parameters": share(reports, |documented| &documented.parameters),
            "request_fields": share(reports, |documented| &documented.request_fields),
        },
        "models": sum(|report| report.models),
        "enums": sum(|report| report.enums),
        "lines": lines,
        "lines_per_operation": lines / operations.max(1),
        "passes": passes(reports).into_iter().map(|(name, found)| {
            (name.to_owned(), json!(found.iter().map(|(_, count)| count).sum::<usize>()))
        }).collect::<serde_json::Map<_, _>>(),
    })
}

/// What each pass changed, by module.
fn passes(reports: &[ModuleReport]) -> BTreeMap<&str, Vec<(&str, usize)>> {
    let mut passes: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for report in reports {
        for (name, count) in &report.passes {
            let found = passes.entry(name).or_default();
            if *count > 0 {
                found.push((&report.module, *count));
            }
        }
    }
    passes
}

type Part = fn(&Documented) -> &Share;

/// How many of all have documentation.
fn share(reports: &[ModuleReport], part: Part) -> serde_json::Value {
    let sum = |figure: fn(&Share) -> usize| -> usize {
        let parts = reports.iter().map(|report| part(&report.documented));
        parts.map(figure).sum()
    };
    json!({ "done": sum(|share| share.done), "all": sum(|share| share.all) })
}

/// How much has documentation, and what has none.
fn words(reports: &[ModuleReport], console: &Console) {
    const PARTS: [(&str, Part); 3] = [
        ("operations", |documented| &documented.operations),
        ("parameters", |documented| &documented.parameters),
        ("request fields", |documented| &documented.request_fields),
    ];
    console.line("\ndocumented");
    for (name, part) in PARTS {
        let shares = || reports.iter().map(|report| part(&report.documented));
        let (done, all) = (
            shares().map(|share| share.done).sum::<usize>(),
            shares().map(|share| share.all).sum::<usize>(),
        );
        // Rounded down, so that 100 % means all.
        let percent = done * 100 / all.max(1);
        console.line(format_args!("  {name}: {done} of {all} ({percent} %)"));
        for (report, share) in reports.iter().zip(shares()) {
            if !share.lacking.is_empty() {
                let lacking = share.lacking.join(", ");
                console.line(format_args!("    {} lacks: {lacking}", report.module));
            }
        }
    }
}

fn table(reports: &[ModuleReport], console: &Console) {
    type Column = (&'static str, fn(&ModuleReport) -> usize);
    const COLUMNS: [Column; 10] = [
        ("operations", |report| report.operations),
        ("typed", |report| report.typed),
        ("open", |report| report.untyped_by_decision.len()),
        ("untyped", |report| report.untyped.len()),
        ("multipart", |report| report.multipart.len()),
        ("paged", |report| report.paged.len()),
        ("overlay", |report| report.overlay_actions),
        ("models", |report| report.models),
        ("enums", |report| report.enums),
        ("lines", |report| report.lines),
    ];
    let row = |name: &str, cells: &[String]| {
        let widths = COLUMNS.iter().map(|(title, _)| title.len()).chain([9]);
        let cells: String = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("  {cell:>width$}"))
            .collect();
        console.line(format_args!("{name:<22}{cells}"));
    };
    let figures = |name: &str, sums: &dyn Fn(fn(&ModuleReport) -> usize) -> usize| {
        let mut cells: Vec<String> = COLUMNS
            .iter()
            .map(|(_, figure)| sums(*figure).to_string())
            .collect();
        let operations = sums(|report| report.operations).max(1);
        cells.push((sums(|report| report.lines) / operations).to_string());
        row(name, &cells);
    };
    let titles: Vec<String> = COLUMNS
        .iter()
        .map(|(title, _)| *title)
        .chain(["lines/op."])
        .map(str::to_owned)
        .collect();
    row("module", &titles);
    for report in reports {
        figures(&report.module, &|figure| figure(report));
    }
    figures(&format!("{} modules", reports.len()), &|figure| {
        reports.iter().map(figure).sum()
    });

    type Map = fn(&ModuleReport) -> &BTreeMap<String, String>;
    let maps: [(&str, Map); 6] = [
        ("replies left open, and why", |report| {
            &report.untyped_by_decision
        }),
        ("paged, and by what", |report| &report.paged),
        ("not paged although it looks so, and why", |report| {
            &report.unpaged
        }),
        (
            "values filled in automatically, and the evidence",
            |report| &report.default_location,
        ),
        (
            "values required before sending, and the evidence",
            |report| &report.required,
        ),
        ("not idempotent, and why", |report| &report.not_idempotent),
    ];
    for (title, map) in maps {
        console.line(format_args!("\n{title}"));
        for report in reports {
            for (operation, words) in map(report) {
                console.line(format_args!("  {}.{operation}: {words}", report.module));
            }
        }
    }

    type List = fn(&ModuleReport) -> &[String];
    let lists: [(&str, List); 4] = [
        ("untyped replies, gaps", |report| &report.untyped),
        ("idempotence not declared, gaps", |report| {
            &report.idempotency_undeclared
        }),
        ("documented by HoopAI only", |report| {
            &report.documented_only
        }),
        ("multipart", |report| &report.multipart),
    ];
    for (title, list) in lists {
        console.line(format_args!("\n{title}"));
        for report in reports.iter().filter(|report| !list(report).is_empty()) {
            console.line(format_args!(
                "  {}: {}",
                report.module,
                list(report).join(", ")
            ));
        }
    }
    words(reports, console);
    console.line("\nchanged by normalise passes");
    for (name, found) in passes(reports) {
        let sum: usize = found.iter().map(|(_, count)| count).sum();
        let places: Vec<String> = found
            .iter()
            .map(|(module, count)| format!("{module} {count}"))
            .collect();
        let places = if places.is_empty() {
            String::new()
        } else {
            format!(" ({})", places.join(", "))
        };
        console.line(format_args!("  {name}: {sum}{places}"));
    }
}
