//! Rules that public type names must follow. The attention list has names that do not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::types::{Origin, ResolvedTypes, Schema};
use crate::model::Operation;
use crate::names;

/// English words and terms of the platform that names contain, one a line. A word that differs from
/// one of them in one or two letters counts as misspelled.
const WORDS: &str = include_str!("name_words.txt");

/// Suffixes that programs add to the names of classes.
const SUFFIXES: [&str; 2] = ["Dto", "Schema"];

/// A type name that says little or something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedName {
    /// The name.
    pub name: String,
    /// The JSONPath of a schema of the type, the target of an overlay action that corrects the name.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The names that break a rule, in alphabetical order.
pub(crate) fn rejected(resolved: &ResolvedTypes, operations: &[Operation]) -> Vec<RejectedName> {
    let structs = resolved
        .structs
        .iter()
        .map(|(name, item)| (name, &item.origin));
    let enums = resolved
        .enums
        .iter()
        .map(|(name, item)| (name, &item.origin));
    let types: BTreeMap<&String, &Origin> = structs.chain(enums).collect();
    let rules = Rules::new(resolved, operations);
    let reject = |(name, origin): (&String, &Origin)| {
        let reason = rules.problem(name)?;
        Some(RejectedName {
            name: name.clone(),
            path: origin.path().to_owned(),
            reason,
        })
    };
    types.into_iter().filter_map(reject).collect()
}

struct Rules<'a> {
    known_words: BTreeSet<&'static str>,
    /// The operations that return a type itself.
    replies: BTreeMap<&'a str, Vec<&'a str>>,
    /// The types that requests contain.
    sent: BTreeSet<String>,
    /// The types that occur as items of a list.
    items: BTreeSet<&'a str>,
}

impl<'a> Rules<'a> {
    fn new(resolved: &'a ResolvedTypes, operations: &'a [Operation]) -> Self {
        let mut replies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut items = BTreeSet::new();
        for (operation, schemas) in operations.iter().zip(&resolved.operations) {
            if let Some(Schema::Named(name)) = &schemas.reply {
                replies.entry(name).or_default().push(&operation.name);
            }
            schemas
                .all()
                .for_each(|schema| list_items(schema, &mut items));
        }
        for field in resolved.structs.values().flat_map(|item| &item.fields) {
            list_items(&field.schema, &mut items);
        }
        let bodies = resolved.operations.iter();
        let bodies = bodies.filter_map(|schemas| schemas.request());
        Self {
            known_words: WORDS.lines().collect(),
            sent: resolved.reachable(bodies.collect()),
            replies,
            items,
        }
    }

    /// What is wrong with a name.
    fn problem(&self, name: &str) -> Option<String> {
        let words = names::type_words(name);
        let last = words.last().copied().unwrap_or_default();
        if name.ends_with(|c: char| c.is_ascii_digit()) {
            return Some("ends in a number".to_owned());
        }
        if names::is_generic(name) {
            return Some("has no meaning outside of its parent".to_owned());
        }
        if let Some(suffix) = SUFFIXES.iter().find(|suffix| words.contains(suffix)) {
            return Some(format!("contains `{suffix}`"));
        }
        if words.len() > 1 && words[0] == "I" {
            return Some("begins with the `I` of an interface".to_owned());
        }
        if let Some(pair) = words.windows(2).find(|pair| pair[0] == pair[1]) {
            return Some(format!("contains `{}` twice", pair[0]));
        }
        for word in &words {
            if let Some(known) = self.misspelled(word) {
                return Some(format!("contains `{word}`, which resembles `{known}`"));
            }
        }
        if ["And", "For", "Is", "Of", "Or", "To", "With"].contains(&last) {
            return Some(format!("ends in `{last}`"));
        }
        if let Some(at) = words.iter().position(|word| *word == "Is")
            && words[..at].contains(&"By")
        {
            return Some("is not English".to_owned());
        }
        match self.replies.get(name) {
            Some(operations) => misnomer(&words, operations),
            None => self.within(name, &words),
        }
    }

    /// What is wrong with the name of a type that no operation returns itself.
    fn within(&self, name: &str, words: &[&str]) -> Option<String> {
        let is_verb = |word: &str| VERBS.contains(&word);
        if !self.sent.contains(name) && words.len() > 1 && is_verb(words[0]) {
            return Some(format!(
                "begins with the verb `{}`, but is within replies of several operations or of another",
                words[0]
            ));
        }
        if self.items.contains(name) && names::singular(name) != name {
            return Some("is plural, but is an item of a list".to_owned());
        }
        None
    }

    /// The known word that a word resembles without being one.
    fn misspelled(&self, word: &str) -> Option<&'static str> {
        let allowed = match word.len() {
            0..5 => return None,
            5..9 => 1,
            _ => 2,
        };
        let singular = names::singular(word);
        if [word, singular.as_str()]
            .iter()
            .any(|word| self.known_words.contains(word))
        {
            return None;
        }
        let mut known = self.known_words.iter();
        known
            .find(|known| known.len() > 3 && distance(word, known) <= allowed)
            .copied()
    }
}

/// Verbs that only operations have.
const VERBS: [&str; 9] = [
    "Add", "Create", "Delete", "Edit", "Fetch", "Get", "Put", "Update", "Upsert",
];

/// Whether the name of a reply names an operation that does not return it.
fn misnomer(words: &[&str], operations: &[&str]) -> Option<String> {
    let first = words[0];
    if words.last() != Some(&"Response") || !VERBS.contains(&first) {
        return None;
    }
    let about: BTreeSet<String> = words[1..words.len() - 1]
        .iter()
        .map(|word| names::singular(word))
        .collect();
    let matches = |operation: &&str| {
        let operation = names::type_name(operation);
        let operation = names::type_words(&operation);
        let nouns: BTreeSet<String> = operation[1..]
            .iter()
            .map(|word| names::singular(word))
            .collect();
        operation[0] == first && about.is_subset(&nouns)
    };
    let other = operations.iter().find(|operation| !matches(operation))?;
    Some(format!("names another operation, but `{other}` returns it"))
}

fn list_items<'a>(schema: &'a Schema<String>, found: &mut BTreeSet<&'a str>) {
    if let Schema::List(items) = schema {
        match &**items {
            Schema::Named(name) => {
                found.insert(name);
            }
            inner => list_items(inner, found),
        }
    }
}

/// The number of letters to insert, delete, replace or exchange with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_each_kind_of_slip_once() {
        for (one, other, expected) in [
            ("Contact", "Contact", 0),
            ("Contect", "Contact", 1),
            ("Contacts", "Contact", 1),
            ("Cotnact", "Contact", 1),
            ("Conact", "Contact", 1),
            ("Recomandation", "Recommendation", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
