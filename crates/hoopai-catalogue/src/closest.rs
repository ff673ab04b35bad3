//! Finds the name that is closest to an unknown one.

/// Normalises case and word separators, so that `first-name`, `first_name` and `firstName` are
/// equal.
pub(crate) fn normal(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The candidate with the fewest edits, if it is close: at most a third of the characters differ,
/// and at least one may. Case, hyphens, underscores and spaces do not matter.
pub fn closest<'a>(
    unknown: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// Longer names are no slips of a known one.
    const LONGEST: usize = 200;
    let unknown: Vec<char> = normal(unknown).chars().collect();
    if unknown.is_empty() || unknown.len() > LONGEST {
        return None;
    }
    let most = (unknown.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| {
            (
                distance(&unknown, &normal(name).chars().collect::<Vec<_>>()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
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
    use super::{closest, normal};

    #[test]
    fn separators_and_case_do_not_matter() {
        for text in ["first-name", "first_name", "firstName", "FirstName"] {
            assert_eq!(normal(text), "firstname");
        }
    }

    #[test]
    fn closest_name_differs_in_few_characters() {
        let names = ["firstName", "lastName", "email"];
        assert_eq!(closest("fristName", names), Some("firstName"));
        assert_eq!(closest("last-nam", names), Some("lastName"));
        assert_eq!(closest("phone", names), None);
        assert_eq!(closest("", names), None);
    }
}
