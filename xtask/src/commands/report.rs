//! `cargo xtask report`: prints figures of each module and of the hand-written code.

use std::collections::BTreeMap;

use clap::Args;
use hoopai_codegen::{Documented, GeneratedEvents, ModuleReport, Share};
use serde_json::json;

use crate::{
    Console, Result, Workspace,
    generation::{generate_crates, generate_webhooks},
    source_checks::{LONG_FILE, PackageSize, package_sizes},
};

#[derive(Debug, Default, Args)]
pub(crate) struct Report {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn report(tree: &Workspace, options: &Report, console: &Console) -> Result<bool> {
    let modules = tree.modules()?;
    let generated = generate_crates(tree, &modules, &console.bar("generating", modules.len()));
    let mut reports = Vec::new();
    let mut failed = Vec::new();
    for generated in generated {
        match generated {
            Ok(generated) => reports.push(generated.report),
            Err(error) => failed.push(error.to_string()),
        }
    }
    let events = generate_webhooks(tree).unwrap_or_else(|error| {
        failed.push(error.to_string());
        None
    });
    let sizes = package_sizes(tree)?;
    if options.json {
        let document = json!({
            "modules": reports,
            "totals": totals(&reports),
            "webhooks": events.as_ref().map(of_events),
            "hand_written": hand_written(&sizes),
            "failed": failed,
        });
        console.line(format_args!("{document:#}"));
    } else {
        print_modules(&reports, console);
        if let Some(events) = &events {
            print_events(events, console);
        }
        print_hand_written(&sizes, console);
        for error in &failed {
            console.line(format_args!("FAILED: {error}"));
        }
    }
    Ok(failed.is_empty())
}

fn of_events(generated: &GeneratedEvents) -> serde_json::Value {
    let report = &generated.report;
    let [observed, in_example, assumed] = generated.evidence;
    json!({
        "events": report.operations,
        "types": { "observed": observed, "in_example": in_example, "assumed": assumed },
        "documented": {
            "events": report.documented.operations,
            "fields": report.documented.reply_fields,
        },
        "models": report.models,
        "enums": report.enums,
        "lines": report.lines,
    })
}

fn print_events(generated: &GeneratedEvents, console: &Console) {
    let report = &generated.report;
    let [observed, in_example, assumed] = generated.evidence;
    console.line("\nwebhooks");
    console.line(format_args!(
        "  events: {}, whose `type` was observed {observed}, is in an example {in_example}, is assumed {assumed}",
        report.operations
    ));
    console.line(format_args!(
        "  models: {}, enums: {}, lines: {}",
        report.models, report.enums, report.lines
    ));
    let shares = [
        ("events", &report.documented.operations),
        ("fields", &report.documented.reply_fields),
    ];
    for (name, share) in shares {
        console.line(format_args!(
            "  documented {name}: {} of {}",
            share.done, share.all
        ));
        if !share.lacking.is_empty() {
            console.line(format_args!("    lacking: {}", share.lacking.join(", ")));
        }
    }
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
        "effects": effects(reports),
        "effects_declared": sum(|report| report.effects_declared.len()),
        "fractions": sum(|report| report.fractions.len()),
        "fractions_without_reason": sum(|report| report.fractions_without_reason.len()),
        "moments": sum(|report| report.moments.typed),
        "moments_not": sum(|report| report.moments.others.len()),
        "moments_untyped": sum(|report| report.moments.untyped.len()),
        "rejected_names": sum(|report| report.rejected_names.len()),
        "overlay_actions": sum(|report| report.overlay_actions),
        "documented": {
            "operations": share(reports, |documented| &documented.operations),
            "parameters": share(reports, |documented| &documented.parameters),
            "request_fields": share(reports, |documented| &documented.request_fields),
            "reply_fields": share(reports, |documented| &documented.reply_fields),
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

/// The number of operations by effect.
fn effects(reports: &[ModuleReport]) -> BTreeMap<&str, usize> {
    let mut effects = BTreeMap::new();
    for (effect, count) in reports.iter().flat_map(|report| &report.effects) {
        *effects.entry(effect.as_str()).or_default() += count;
    }
    effects
}

/// The number of changes of each pass, by module.
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

/// The number of documented items, and of all items.
fn share(reports: &[ModuleReport], part: Part) -> serde_json::Value {
    let sum = |figure: fn(&Share) -> usize| -> usize {
        let parts = reports.iter().map(|report| part(&report.documented));
        parts.map(figure).sum()
    };
    json!({ "done": sum(|share| share.done), "all": sum(|share| share.all) })
}

/// Prints the share of documented items, and the items without documentation.
fn print_documented(reports: &[ModuleReport], console: &Console) {
    const PARTS: [(&str, Part); 4] = [
        ("operations", |documented| &documented.operations),
        ("parameters", |documented| &documented.parameters),
        ("request fields", |documented| &documented.request_fields),
        ("reply fields", |documented| &documented.reply_fields),
    ];
    console.line("\ndocumented");
    for (name, part) in PARTS {
        let shares = || reports.iter().map(|report| part(&report.documented));
        let (done, all) = (
            shares().map(|share| share.done).sum::<usize>(),
            shares().map(|share| share.all).sum::<usize>(),
        );
        // Rounded down: 100 % means all.
        let percent = done * 100 / all.max(1);
        console.line(format_args!("  {name}: {done} of {all} ({percent} %)"));
        for (report, share) in reports.iter().zip(shares()) {
            if !share.lacking.is_empty() {
                let first: Vec<&str> = share.lacking.iter().map(String::as_str).take(8).collect();
                let more = match share.lacking.len() - first.len() {
                    0 => String::new(),
                    more => format!(" and {more} more, which --json lists"),
                };
                let lacking = first.join(", ");
                console.line(format_args!("    {} lacks: {lacking}{more}", report.module));
            }
        }
    }
}

fn print_modules(reports: &[ModuleReport], console: &Console) {
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
    let titles = COLUMNS.map(|(title, _)| title);
    let header = titles.join("  ");
    console.line(format_args!("{:<22}  {header}  lines/op.", "module"));
    let row = |name: &str, figures: [usize; COLUMNS.len()]| {
        let columns = figures.iter().zip(titles);
        let cells: String = columns
            .map(|(figure, title)| format!("  {figure:>width$}", width = title.len()))
            .collect();
        let [operations, .., lines] = figures;
        let per_operation = lines / operations.max(1);
        console.line(format_args!("{name:<22}{cells}  {per_operation:>9}"));
    };
    let mut totals = [0; COLUMNS.len()];
    for report in reports {
        let figures = COLUMNS.map(|(_, figure)| figure(report));
        for (total, figure) in totals.iter_mut().zip(figures) {
            *total += figure;
        }
        row(&report.module, figures);
    }
    row(&format!("{} modules", reports.len()), totals);

    type Map = fn(&ModuleReport) -> &BTreeMap<String, String>;
    let maps: [(&str, Map); 9] = [
        ("untyped replies, with the reason", |report| {
            &report.untyped_by_decision
        }),
        ("paged operations, with the strategy", |report| {
            &report.paged
        }),
        (
            "unpaged operations with page parameters, with the reason",
            |report| &report.unpaged,
        ),
        (
            "values filled in automatically, with the evidence",
            |report| &report.default_location,
        ),
        (
            "values required before sending, with the evidence",
            |report| &report.required,
        ),
        (
            "operations that are not idempotent, with the reason",
            |report| &report.not_idempotent,
        ),
        (
            "effects that an overlay declares, with the reason",
            |report| &report.effects_declared,
        ),
        ("floats, with the reason", |report| &report.fractions),
        (
            "names of moments that are none, with the reason",
            |report| &report.moments.others,
        ),
    ];
    for (title, map) in maps {
        console.line(format_args!("\n{title}"));
        for report in reports {
            for (operation, text) in map(report) {
                console.line(format_args!("  {}.{operation}: {text}", report.module));
            }
        }
    }

    type List = fn(&ModuleReport) -> &[String];
    let lists: [(&str, List); 7] = [
        ("untyped replies without a reason", |report| &report.untyped),
        ("floats without a reason", |report| {
            &report.fractions_without_reason
        }),
        ("operations without declared idempotence", |report| {
            &report.idempotency_undeclared
        }),
        ("moments without a type", |report| &report.moments.untyped),
        ("types without a text", |report| &report.undescribed_models),
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
    let effects = effects(reports);
    let effects: Vec<String> = effects
        .iter()
        .map(|(effect, count)| format!("{count} {effect}"))
        .collect();
    console.line(format_args!("\neffects: {}", effects.join(", ")));
    let typed: usize = reports.iter().map(|report| report.moments.typed).sum();
    let untyped: usize = reports
        .iter()
        .map(|report| report.moments.untyped.len())
        .sum();
    console.line(format_args!(
        "\nmoments and days: {typed} with a type, {untyped} without"
    ));
    let rejected = || reports.iter().flat_map(|report| &report.rejected_names);
    console.line(format_args!(
        "\nrejected type names: {}",
        rejected().count()
    ));
    for name in rejected() {
        console.line(format_args!("  {} {}", name.name, name.reason));
    }
    print_documented(reports, console);
    console.line("\nchanged by normalise passes");
    for (name, found) in passes(reports) {
        let sum: usize = found.iter().map(|(_, count)| count).sum();
        let modules: Vec<String> = found
            .iter()
            .map(|(module, count)| format!("{module} {count}"))
            .collect();
        let modules = if modules.is_empty() {
            String::new()
        } else {
            format!(" ({})", modules.join(", "))
        };
        console.line(format_args!("  {name}: {sum}{modules}"));
    }
}

fn hand_written(sizes: &[PackageSize]) -> serde_json::Value {
    let package = |size: &PackageSize| {
        let long_files: BTreeMap<_, _> = size.long_files.iter().cloned().collect();
        json!({ "package": size.name, "source": size.source, "other": size.other, "long_files": long_files })
    };
    sizes.iter().map(package).collect()
}

fn print_hand_written(sizes: &[PackageSize], console: &Console) {
    console.line(format_args!(
        "\n{:<22}  {:>8}  {:>8}",
        "hand-written lines", "src", "other"
    ));
    let row = |name: &str, source: usize, other: usize| {
        console.line(format_args!("{name:<22}  {source:>8}  {other:>8}"));
    };
    for size in sizes {
        row(&size.name, size.source, size.other);
    }
    row(
        "all",
        sizes.iter().map(|size| size.source).sum(),
        sizes.iter().map(|size| size.other).sum(),
    );
    console.line(format_args!("\nfiles above {LONG_FILE} lines"));
    for (path, lines) in sizes.iter().flat_map(|size| &size.long_files) {
        console.line(format_args!("  {path}: {lines}"));
    }
}
