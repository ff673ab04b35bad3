//! Matches the words of a message against patterns.

/// The number of characters of a message that are read.
const MAX_LENGTH: usize = 2000;

/// The maximum number of words that a `*` matches.
const MAX_GAP: usize = 5;

/// The words of a text in lower case, separated by single spaces.
///
/// Apostrophes are removed (`doesn't` is `doesnt`). A word of letters is split at its capitals
/// (`locationId` is `location id`), so that patterns match names and codes as well as prose. A
/// slash is a word of its own; other characters only separate words.
pub(super) fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_LENGTH) + 16);
    let mut token = String::new();
    for c in text.chars().take(MAX_LENGTH) {
        if c.is_alphanumeric() {
            token.push(c);
            continue;
        }
        if matches!(c, '\'' | '’') && !token.is_empty() {
            continue;
        }
        push_token(&mut out, &token);
        token.clear();
        if c == '/' {
            push_word(&mut out, "/");
        }
    }
    push_token(&mut out, &token);
    out
}

/// Adds a token, split at its capitals unless it contains a digit, as ids do.
fn push_token(out: &mut String, token: &str) {
    let is_name = token.chars().all(|c| c.is_ascii_alphabetic());
    let bytes = token.as_bytes();
    let mut start = 0;
    if is_name {
        for at in 1..bytes.len() {
            let starts_word = bytes[at].is_ascii_uppercase()
                && (bytes[at - 1].is_ascii_lowercase()
                    || matches!(bytes.get(at + 1), Some(next) if next.is_ascii_lowercase()));
            if starts_word {
                push_word(out, &token[start..at]);
                start = at;
            }
        }
    }
    push_word(out, &token[start..]);
}

fn push_word(out: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(&word.to_lowercase());
}

/// Whether words match one of the patterns.
///
/// A pattern is a sequence of consecutive words. `a|b` matches either word, and `*` matches up to
/// [`MAX_GAP`] words.
pub(super) fn holds(words: &str, patterns: &[&str]) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    patterns
        .iter()
        .any(|pattern| (0..words.len()).any(|start| begins_with(&words[start..], pattern)))
}

fn begins_with(words: &[&str], pattern: &str) -> bool {
    let (first, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    if first == "*" {
        return (0..=MAX_GAP.min(words.len())).any(|skipped| begins_with(&words[skipped..], rest));
    }
    let Some((word, words)) = words.split_first() else {
        return false;
    };
    first.split('|').any(|alternative| alternative == *word)
        && (rest.is_empty() || begins_with(words, rest))
}

#[cfg(test)]
mod tests {
    use super::{holds, words};

    #[test]
    fn texts_are_split_into_words() {
        for (text, expected) in [
            ("The user does not exist.", "the user does not exist"),
            ("It doesn't exist, isn’t it?", "it doesnt exist isnt it"),
            ("CONVERSATIONS_MSG_NOT_FOUND", "conversations msg not found"),
            ("NotFoundException", "not found exception"),
            ("JWTExpired locationId", "jwt expired location id"),
            ("Cannot GET /contacts/v2", "cannot get / contacts / v2"),
            ("id:Hk7dD1fI4gZ1lS1kO8qQ", "id hk7dd1fi4gz1ls1ko8qq"),
            ("E11000 dup", "e11000 dup"),
            ("'limit' must", "limit must"),
            ("", ""),
            (" .. ", ""),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert!(words(&"word ".repeat(10_000)).len() <= super::MAX_LENGTH);
    }

    #[test]
    fn patterns_match_whole_words_in_order() {
        let matches = |text: &str, pattern: &str| holds(&words(text), &[pattern]);
        assert!(matches("Contact not found", "not found"));
        assert!(!matches("Contact not foundry", "not found"));
        assert!(!matches("found not", "not found"));
        assert!(matches("No Agent found for the id", "no * found"));
        assert!(matches("None. No found", "no * found"));
        assert!(!matches("no a b c d e f found", "no * found"));
        assert!(matches("It cannot be located", "be found|located"));
        assert!(!matches("", "not found"));
        assert!(!matches("not", "not found"));
    }
}
