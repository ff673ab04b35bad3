//! Finds texts of fields that belong to another type: they name a field that their type lacks.

use std::collections::BTreeSet;

use crate::schema::{Field, ResolvedTypes, Struct};

/// A text that names a field which its model lacks.
pub(crate) struct MisplacedText<'a> {
    pub(crate) model: &'a str,
    pub(crate) field: &'a Field,
    foreign: &'a str,
}

impl MisplacedText<'_> {
    pub(crate) fn problem(&self) -> String {
        let (model, foreign) = (self.model, self.foreign);
        let wire_name = &self.field.wire_name;
        format!("the text of `{wire_name}` of {model} names `{foreign}`, which {model} lacks")
    }
}

/// The texts of fields that name a field of other types.
pub(crate) fn misplaced_texts(types: &ResolvedTypes) -> Vec<MisplacedText<'_>> {
    let known: BTreeSet<&str> = types.structs.values().flat_map(wire_names).collect();
    let mut findings = Vec::new();
    for (model, item) in &types.structs {
        for field in &item.fields {
            let Some(text) = &field.description else {
                continue;
            };
            let own = names_within(types, model);
            let foreign = mentioned(text)
                .filter(|name| known.contains(name) && !own.contains(name))
                .find(|name| !has_value(types, field, name));
            findings.extend(foreign.map(|foreign| MisplacedText {
                model,
                field,
                foreign,
            }));
        }
    }
    findings
}

fn wire_names(item: &Struct) -> impl Iterator<Item = &str> {
    item.fields.iter().map(|field| field.wire_name.as_str())
}

/// The fields of a model and of the models within it.
fn names_within<'a>(types: &'a ResolvedTypes, model: &String) -> BTreeSet<&'a str> {
    let models = types.reachable(vec![model]);
    let items = models.iter().filter_map(|name| types.structs.get(name));
    items.flat_map(wire_names).collect()
}

/// Whether the field is an enum with this value.
fn has_value(types: &ResolvedTypes, field: &Field, value: &str) -> bool {
    let named = field.schema.named().and_then(|name| types.enums.get(name));
    named.is_some_and(|item| item.variants.iter().any(|(_, wire)| wire == value))
}

/// The names in backticks; of a path, the first name.
fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter_map(|code| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
        code.chars().all(is_path).then(|| code.split('.').next())?
    })
}
