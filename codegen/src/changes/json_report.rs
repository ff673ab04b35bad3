//! The change report as JSON.

use serde_json::{Map, Value, json};

use super::api_change::{ApiChange, Aspect};
use super::report::{ChangeReport, ModuleChanges, ModuleStatus};
use crate::diff::Change;
use crate::text::escape_invisible_json;

/// Increases with each change of the format that breaks readers.
const FORMAT: u32 = 1;

impl ChangeReport {
    /// The report as JSON. The guide describes its fields.
    pub fn json(&self) -> String {
        write(self)
    }
}

fn write(report: &ChangeReport) -> String {
    let listed = report.modules.iter().filter(|module| module.is_listed());
    let value = json!({
        "format": FORMAT,
        "version": {
            "current": report.version,
            "next": report.next_version(),
            "bump": report.bump().name(),
        },
        "summary": {
            "modules": report.modules.len(),
            "changed": report.changed(),
            "failed": report.failed(),
            "breaking": report.breaking(),
            "attention": report.attention(),
        },
        "labels": report.labels(),
        "modules": listed.map(module).collect::<Vec<_>>(),
    });
    let text = format!("{value:#}\n");
    escape_invisible_json(&text).into_owned()
}

fn module(module: &ModuleChanges) -> Value {
    let mut value = json!({
        "module": module.module,
        "status": module.status.name(),
        "breaking": module.breaking(),
        "api": module.api.iter().map(api_change).collect::<Vec<_>>(),
        "interface": module.interface.iter().map(interface_change).collect::<Vec<_>>(),
        "attention": module.attention,
    });
    if let ModuleStatus::Added(operations) = module.status {
        value["operations"] = operations.into();
    }
    if let Some(reason) = module.status.reason() {
        value["reason"] = reason.into();
    }
    value
}

fn api_change(change: &ApiChange) -> Value {
    let texts = [
        ("of", change.of.as_str()),
        ("name", &change.name),
        ("aspect", change.aspect.map_or("", Aspect::name)),
        ("rust", &change.rust),
        ("from", &change.from),
        ("to", &change.to),
    ];
    let mut value = Map::from_iter([
        ("item".to_owned(), change.item.name().into()),
        ("kind".to_owned(), change.kind.name().into()),
        ("breaking".to_owned(), change.breaking.into()),
    ]);
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    value.extend(texts.map(|(key, text)| (key.to_owned(), text.into())));
    Value::Object(value)
}

fn interface_change(change: &Change) -> Value {
    json!({ "kind": change.kind.name(), "what": change.what, "detail": change.detail })
}
