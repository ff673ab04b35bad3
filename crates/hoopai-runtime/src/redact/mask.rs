//! Masks values in texts of the platform, so that the texts can be shown and logged.

/// The replacement of a masked value.
pub(crate) const MASK: &str = "***";

/// The maximum length of a shown text, in characters.
pub(crate) const LONGEST: usize = 300;

/// Masks everything that can be a secret or personal data: quoted texts, addresses with `@`, runs
/// of five or more digits, phone numbers, and ids of 15 or more characters. Control characters
/// become spaces.
pub(crate) fn mask(text: &str) -> String {
    let read = head(text, 4 * LONGEST).replace(char::is_control, " ");
    let mut out = String::with_capacity(read.len());
    let mut rest = read.as_str();
    let mut within_word = false;
    while let Some(first) = rest.chars().next() {
        let (end, hidden) = match value_end(rest, first, within_word) {
            Some(end) => (end, true),
            None => {
                let end = token_end(rest);
                (end.max(first.len_utf8()), is_value(&rest[..end]))
            }
        };
        let (token, after) = rest.split_at(end);
        out.push_str(if hidden { MASK } else { token });
        within_word = is_of_word(token.chars().next_back());
        rest = after;
    }
    let length = head(&out, LONGEST).len();
    if length < out.len() {
        out.truncate(length);
        out.push('…');
    }
    out
}

/// The first `length` characters of a text.
pub(crate) fn head(text: &str, length: usize) -> &str {
    let end = text
        .char_indices()
        .nth(length)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn is_of_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// The end of a quoted text or phone number at the start of a text, unless it continues a word.
fn value_end(text: &str, first: char, within_word: bool) -> Option<usize> {
    if within_word {
        return None;
    }
    match first {
        '"' | '\'' | '`' => Some(quote_end(text, first)),
        '“' => Some(quote_end(text, '”')),
        '‘' => Some(quote_end(text, '’')),
        '«' => Some(quote_end(text, '»')),
        '+' | '(' => phone_end(text),
        _ if first.is_numeric() => phone_end(text),
        _ => None,
    }
}

/// The end of a text that begins with a quotation mark. An apostrophe within a word does not end
/// it. Without a closing mark, it ends with the text.
fn quote_end(text: &str, close: char) -> usize {
    let mut chars = text.chars();
    chars.next();
    while let Some(c) = chars.next() {
        let rest = chars.as_str();
        if c == close && !is_of_word(rest.chars().next()) {
            return text.len() - rest.len();
        }
    }
    text.len()
}

/// The end of a phone number at the start of a text: seven or more digits with single separators.
fn phone_end(text: &str) -> Option<usize> {
    let (mut digits, mut marks, mut end) = (0, 0, 0);
    for (at, c) in text.char_indices() {
        if c.is_numeric() {
            (digits, marks, end) = (digits + 1, 0, at + c.len_utf8());
        } else if matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+') && marks < 2 {
            marks += 1;
        } else {
            break;
        }
    }
    (digits >= 7).then_some(end)
}

/// The end of a word that may contain the characters of ids and addresses.
fn token_end(text: &str) -> usize {
    let is_of_token = |c: char| c.is_alphanumeric() || "@._-+%~".contains(c);
    text.find(|c| !is_of_token(c)).unwrap_or(text.len())
}

fn is_value(token: &str) -> bool {
    let (mut letters, mut capitals, mut numeric) = (0, 0, false);
    // The lengths of the current runs of digits and of letters.
    let (mut digits, mut word, mut longest_word) = (0, 0, 0);
    for c in token.chars() {
        digits = if c.is_numeric() { digits + 1 } else { 0 };
        if c == '@' || digits >= 5 {
            return true;
        }
        numeric |= digits > 0;
        if c.is_alphanumeric() {
            letters += 1;
            word += 1;
            longest_word = word.max(longest_word);
        } else {
            word = 0;
        }
        if c.is_uppercase() {
            capitals += 1;
        }
    }
    // An id has a digit or many capitals; a long field name (`customFieldsValues`) has neither.
    letters >= 15 && (numeric || longest_word >= 15 && capitals * 4 > letters)
}

/// Whether a key is a field name: words of letters in camel case or snake case (`skipLocationKYC`).
/// The parts of an id of letters are not words.
pub(crate) fn is_name(key: &str) -> bool {
    let bytes = key.as_bytes();
    let (mut words, mut letters, mut start) = (0, 0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'_' {
            start = at + 1;
            continue;
        }
        if !byte.is_ascii_alphabetic() {
            return false;
        }
        letters += 1;
        let ends = match bytes.get(at + 1) {
            None | Some(b'_') => true,
            Some(next) => byte.is_ascii_lowercase() && next.is_ascii_uppercase(),
        };
        if ends {
            if !is_word(&bytes[start..=at]) {
                return false;
            }
            words += 1;
            start = at + 1;
        }
    }
    words * 4 <= letters
}

/// The path of a field. Only indexes, and names that begin with a lower-case letter, are shown.
pub(crate) fn field_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for step in path.split_inclusive(['.', '[', ']']) {
        let name = step.trim_end_matches(['.', '[', ']']);
        let is_index = name.len() < 5 && name.bytes().all(|byte| byte.is_ascii_digit());
        let begins_lowercase = name.starts_with(|first: char| first.is_ascii_lowercase());
        let is_shown = is_index || begins_lowercase && is_name(name);
        out.push_str(if is_shown { name } else { MASK });
        out.push_str(&step[name.len()..]);
    }
    out
}

/// Whether letters can be a word or an abbreviation.
fn is_word(letters: &[u8]) -> bool {
    let capitals = letters
        .iter()
        .filter(|letter| letter.is_ascii_uppercase())
        .count();
    let has_vowel = letters.iter().any(|letter| b"aeiouy".contains(letter));
    let is_abbreviation = letters.len() <= 4 && capitals == letters.len();
    is_abbreviation || capitals <= 1 && has_vowel || matches!(letters, b"Id" | b"Ids")
}

#[cfg(test)]
mod tests {
    use super::{field_path, is_name, mask};

    #[test]
    fn values_are_masked() {
        for (text, expected) in [
            (
                "Contact not found for id:Hk7dD1fI4gZ1lS1kO8qQ",
                "Contact not found for id:***",
            ),
            (
                "duplicate relation of 350ae902-2078-a98b-4b66-e63405b7ad7c.",
                "duplicate relation of ***",
            ),
            (
                "a user with jane.doe+x@example.com exists",
                "a user with *** exists",
            ),
            ("phone +1 (555) 010-9999 is taken", "phone *** is taken"),
            ("phone 5550109999 is taken", "phone *** is taken"),
            ("phone 555-010-9999, is taken", "phone ***, is taken"),
            ("tel:555.010.9999", "tel:***"),
            (
                "value \"Jane Doe\" and 'O'Hara' are invalid",
                "value *** and *** are invalid",
            ),
            ("name 'Jane", "name ***"),
            ("it's not there, isn't it", "it's not there, isn't it"),
            (
                "token pit-1a2b3c4d-1111-2222-3333-444455556666",
                "token ***",
            ),
            (
                "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl is spent",
                "*** is spent",
            ),
            ("id AbCdEfGhIjKlMnOpQrSt", "id ***"),
            ("code 12345", "code ***"),
            (
                "/oauth/installedLocations?companyId=Hk7dD1fI4gZ1lS1kO8qQ&limit=100",
                "/oauth/installedLocations?companyId=***&limit=100",
            ),
        ] {
            assert_eq!(mask(text), expected);
        }
    }

    #[test]
    fn platform_words_are_not_masked() {
        for text in [
            "property locationId should not exist",
            "pageLimit must be a number conforming to the specified constraints",
            "property customFieldsValues should not exist",
            "Invalid field additional_phones",
            "Internationalization is unsupported",
            "version header was not found.",
            "limit must not be greater than 100",
            "Cannot GET /contacts/v2/",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn field_names_are_distinguished_from_data_keys() {
        for name in [
            "skipLocationKYC",
            "locationId",
            "additionalPhones",
            "custom_fields_values",
            "contactUpdateExamples",
        ] {
            assert!(is_name(name), "{name}");
        }
        for key in [
            "AbCdEfGhIjKlMnOpQrSt",
            "qWzKfTrdBnLpXgHsJvMc",
            "Hk7dD1fI4gZ1lS1kO8qQ",
            "jane@example.com",
            "pit-1a2b3c4d",
            "Jane Doe",
            "+15550109999",
        ] {
            assert!(!is_name(key), "{key}");
        }
    }

    #[test]
    fn paths_show_only_field_names() {
        for (path, shown) in [
            ("customFields[0].field_value", "customFields[0].field_value"),
            ("contacts.Jane.email", "contacts.***.email"),
            ("AbCdEfGhIjKlMnOpQrSt[12]", "***[12]"),
            ("jane@example.com", "***.***"),
            ("", ""),
        ] {
            assert_eq!(field_path(path), shown);
        }
    }

    #[test]
    fn long_texts_are_truncated() {
        let shown = mask(&"word ".repeat(1000));
        assert_eq!(shown.chars().count(), super::LONGEST + 1);
        assert!(shown.ends_with('…'));
        assert_eq!(mask("a\nb"), "a b");
    }
}
