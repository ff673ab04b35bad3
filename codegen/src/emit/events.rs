//! The files of webhook events in the crate `hoopai-webhooks`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::input::{HEADER, Input, checked};
use super::models;
use crate::error::{FileError, SourcePointer};
use crate::events::{EventFile, fixture};
use crate::rust_types::RustType;
use crate::text::{literal, literals, write_docs};

const FOLDER: &str = "crates/hoopai-webhooks/src/events";

/// The models, the list of events and their fixtures: path from the workspace's root, content.
pub(crate) fn event_files(
    input: &Input<'_>,
    events: &[EventFile],
) -> Result<BTreeMap<String, String>, FileError> {
    checked(BTreeMap::from([
        (
            format!("{FOLDER}/types.rs"),
            models::file(input, "The models of payloads."),
        ),
        (format!("{FOLDER}/list.rs"), list(input, events)?),
        (format!("{FOLDER}/fixtures.rs"), fixtures(input, events)),
    ]))
}

fn list(input: &Input<'_>, events: &[EventFile]) -> Result<String, FileError> {
    let mut out =
        format!("// {HEADER}\n\n//! The list of events.\n\nuse super::types;\n\nevents! {{\n");
    for event in events {
        let path = format!("/{}", event.name);
        let found = input.operations().find(|(one, _, _)| one.path == path);
        let Some((operation, _, types)) = found else {
            return Err(SourcePointer::root(&event.name).error(
                "the overlay removed the event",
                "remove its file in place of that",
            ));
        };
        let Some(RustType::Named(model)) = types.reply.as_ref().map(RustType::unboxed) else {
            return Err(SourcePointer::root(&event.name).error(
                "the payload has no fields",
                "add the fields that are known to its file",
            ));
        };
        let texts = [&operation.summary, &operation.description];
        let docs: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
        write_docs(&mut out, "    ", "///", &docs.join("\n\n"));
        let types = event.types.iter();
        let types: Vec<String> = types
            .map(|(value, evidence)| format!("{}: {evidence:?}", literal(value)))
            .collect();
        let mut aliases = event.aliases.clone();
        if !event.types.contains_key(&event.name) {
            aliases.push(event.name.clone());
        }
        let _ = writeln!(
            out,
            "    {}({model}) = {} [{}] or [{}],",
            event.variant(),
            literal(&event.name),
            types.join(", "),
            literals(&aliases),
        );
    }
    out.push_str("}\n");
    Ok(out)
}

fn fixtures(input: &Input<'_>, events: &[EventFile]) -> String {
    let mut out = format!(
        "// {HEADER}\n\n//! An invented payload of each event, in the order of the events.\n\npub(super) const FIXTURES: &[&str] = &[\n"
    );
    for event in events {
        let payload = fixture(event, input.document);
        let _ = writeln!(out, "    {},", literal(&payload.to_string()));
    }
    out.push_str("];\n");
    out
}
