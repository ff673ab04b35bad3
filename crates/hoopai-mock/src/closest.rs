//! Finds the names that are closest to an unknown name, for error messages.

/// At most this many names are suggested.
const SUGGESTIONS: usize = 3;

/// Returns a suggestion of the closest candidates, such as ``; closest: `a`, `b` ``, or an empty
/// text if none is close.
///
/// A candidate is a pair: the spelling that is compared, and the name that is suggested.
pub(crate) fn suggestion<'a>(
    unknown: &str,
    candidates: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let unknown = normal(unknown);
    // Half of the characters may differ, and at least two.
    let most = (unknown.len() / 2).max(2);
    let mut close: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|(spelling, name)| (distance(&unknown, &normal(spelling)), name))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    close.sort_by_key(|(distance, _)| *distance);
    let mut names: Vec<String> = Vec::new();
    for (_, name) in close {
        let name = format!("`{name}`");
        if names.len() < SUGGESTIONS && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        String::new()
    } else {
        format!("; closest: {}", names.join(", "))
    }
}

/// Normalises case and word separators.
fn normal(text: &str) -> Vec<char> {
    let joined = |c: char| if c == '-' { '_' } else { c };
    text.chars()
        .flat_map(char::to_lowercase)
        .map(joined)
        .collect()
}

/// The edit distance: characters inserted, removed, replaced, or exchanged with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, normal, suggestion};

    #[test]
    fn distance_is_number_of_edits() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("contcat", "contact", 1),
            ("create-contact", "create_contact", 0),
            ("Contacts", "contacts", 0),
        ] {
            assert_eq!(distance(&normal(a), &normal(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn suggestion_lists_at_most_three_names_closest_first() {
        let names = ["contacts", "contracts", "contact", "contexts", "invoices"];
        let text = suggestion("contactz", names.map(|name| (name, name)));
        assert_eq!(text, "; closest: `contacts`, `contact`, `contracts`");
        assert_eq!(suggestion("zebra", names.map(|name| (name, name))), "");
    }
}
