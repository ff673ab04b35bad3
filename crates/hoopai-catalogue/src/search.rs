//! Search by words, over names and documentation of all operations.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use crate::modules::MODULES;
use crate::operation::Operation;

/// A found operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Hit {
    /// The operation.
    pub operation: &'static Operation,
    /// How well it matches; the best hit has the largest score.
    pub score: f64,
}

/// The words of all operations. Each word has the operations that contain it, with the weight of
/// the most important place.
struct Index {
    operations: Vec<&'static Operation>,
    words: BTreeMap<String, HashMap<usize, f64>>,
}

const NAME: f64 = 8.0;
const SHORT_NAME: f64 = 4.0;
const MODULE: f64 = 5.0;
const SUMMARY: f64 = 4.0;
const PATH: f64 = 3.0;
const FIELD: f64 = 1.5;
const DESCRIPTION: f64 = 1.0;
/// The weight of a word of which only the beginning matches.
const PREFIX: f64 = 0.5;
/// Shorter texts match whole words only.
const SHORTEST_PREFIX: usize = 3;

/// The operations that match words, best first. The first search decompresses all modules and takes
/// some tens of milliseconds.
///
/// An operation that matches more of the words comes first; words in names and summaries count more
/// than those in fields and descriptions, rare words more than frequent ones. A word also matches
/// longer words that begin with it.
pub fn search(words: &str) -> Vec<Hit> {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(Index::build).search(words)
}

impl Index {
    fn build() -> Self {
        let mut index = Index {
            operations: Vec::new(),
            words: BTreeMap::new(),
        };
        for operation in MODULES.iter().flat_map(|module| module.operations()) {
            let number = index.operations.len();
            index.operations.push(operation);
            let module = operation.module;
            index.add(number, NAME, operation.entry.name);
            index.add(number, NAME, operation.entry.id);
            index.add(
                number,
                SHORT_NAME,
                operation.entry.short_name.unwrap_or_default(),
            );
            index.add(number, MODULE, module.name());
            index.add(number, MODULE, module.product());
            for alias in module.aliases() {
                index.add(number, MODULE, alias);
            }
            index.add(number, SUMMARY, operation.summary.unwrap_or_default());
            index.add(number, PATH, operation.entry.path);
            for parameter in &operation.parameters {
                index.add(number, FIELD, parameter.name);
            }
            for field in operation.body.iter().flat_map(|body| body.schema.fields()) {
                index.add(number, FIELD, field.name);
            }
            index.add(
                number,
                DESCRIPTION,
                operation.description.unwrap_or_default(),
            );
        }
        index
    }

    fn add(&mut self, number: usize, weight: f64, text: &str) {
        for word in words(text) {
            let known = self.words.entry(word).or_default().entry(number);
            let known = known.or_insert(weight);
            *known = known.max(weight);
        }
    }

    fn search(&self, text: &str) -> Vec<Hit> {
        let mut requested = words(text);
        requested.sort();
        requested.dedup();
        // The number of matched words, and the sum of their weights.
        let mut scores: HashMap<usize, (usize, f64)> = HashMap::new();
        for word in &requested {
            for (number, weight) in self.matches(word) {
                let (matched, score) = scores.entry(number).or_default();
                *matched += 1;
                *score += weight;
            }
        }
        let mut found: Vec<(usize, usize, f64)> = scores
            .into_iter()
            .map(|(number, (matched, score))| (number, matched, score))
            .collect();
        found.sort_by(|(a, a_matched, a_score), (b, b_matched, b_score)| {
            b_matched
                .cmp(a_matched)
                .then(b_score.total_cmp(a_score))
                .then(a.cmp(b))
        });
        let hit = |(number, matched, score): (usize, usize, f64)| Hit {
            operation: self.operations[number],
            score: matched as f64 * 100.0 + score,
        };
        found.into_iter().map(hit).collect()
    }

    /// The operations that match a word, with the weight of the best match.
    fn matches(&self, word: &str) -> HashMap<usize, f64> {
        let mut found: HashMap<usize, f64> = HashMap::new();
        let similar = self
            .words
            .range(word.to_owned()..)
            .take_while(|(known, _)| known.starts_with(word));
        for (known, operations) in similar {
            let factor = match known == word {
                true => 1.0,
                false if word.chars().count() >= SHORTEST_PREFIX => PREFIX,
                false => continue,
            };
            let rarity = (1.0 + self.operations.len() as f64 / operations.len() as f64).ln();
            for (number, weight) in operations {
                let score = weight * factor * rarity;
                let best = found.entry(*number).or_insert(score);
                *best = best.max(score);
            }
        }
        found
    }
}

/// The words of a text or a name, in lower case and without the plural.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for c in text.chars() {
        let starts = c.is_uppercase() && previous_lower;
        if (starts || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words.into_iter().map(|word| singular(&word)).collect()
}

/// A word without the ending of the plural, so that `tags` finds `tag`.
fn singular(word: &str) -> String {
    let base = match word.strip_suffix("ies") {
        Some(base) if base.len() > 2 => return format!("{base}y"),
        _ => word.strip_suffix('s'),
    };
    match base {
        Some(base) if base.len() > 2 && !base.ends_with(['s', 'u', 'i']) => base.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_split_at_case_and_signs() {
        assert_eq!(words("startAfterId"), ["start", "after", "id"]);
        assert_eq!(
            words("add_tags to contacts!"),
            ["add", "tag", "to", "contact"]
        );
        assert_eq!(words("companies, status"), ["company", "status"]);
        assert!(words(" -/ ").is_empty());
    }
}
