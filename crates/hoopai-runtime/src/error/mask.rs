//! Takes values out of texts that the platform wrote, so that they can be shown and logged.

/// Stands for what was taken out.
const MASK: &str = "***";

/// How much of a text is shown, in characters.
const LONGEST: usize = 300;

/// A text without what can be a secret or about a person: what stands in quotes, addresses with `@`, runs of five digits and
/// more, phone numbers, and ids of 15 characters and more. Control characters become blanks.
pub(crate) fn mask(text: &str) -> String {
    let chars: Vec<char> = text
        .chars()
        .take(4 * LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut out = String::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let end = quoted(&chars, at)
            .or_else(|| phone(&chars, at))
            .map(|end| (end, true))
            .unwrap_or_else(|| {
                let end = token_end(&chars, at);
                (end, is_value(&chars[at..end]))
            });
        match end {
            (end, true) => {
                out.push_str(MASK);
                at = end;
            }
            (end, false) => {
                let end = end.max(at + 1);
                out.extend(&chars[at..end]);
                at = end;
            }
        }
    }
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).collect();
        out.push('…');
    }
    out
}

/// The same, and without the values that the call itself carried, whatever they look like.
pub(super) fn mask_values(text: &str, values: &[String]) -> String {
    let mut text = text.to_owned();
    for value in values {
        text = without(&text, value);
    }
    mask(&text)
}

/// A text without the places where a value stands as a word of its own, in capitals or not.
fn without(text: &str, value: &str) -> String {
    let (folded, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut taken = 0;
    for (start, _) in folded.match_indices(&value) {
        let end = start + value.len();
        let within = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if within(text[..start].chars().next_back()) || within(text[end..].chars().next()) {
            continue;
        }
        out.push_str(&text[taken..start]);
        out.push_str(MASK);
        taken = end;
    }
    out.push_str(&text[taken..]);
    out
}

/// The end of a quoted text that begins here. An apostrophe within a word begins none, and one that is never closed takes all.
fn quoted(chars: &[char], at: usize) -> Option<usize> {
    let close = match chars[at] {
        c @ ('"' | '\'' | '`') => c,
        '“' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    if at > 0 && chars[at - 1].is_alphanumeric() {
        return None;
    }
    let closes = |i: &usize| {
        chars[*i] == close && !chars.get(i + 1).is_some_and(|next| next.is_alphanumeric())
    };
    Some(
        (at + 1..chars.len())
            .find(closes)
            .map_or(chars.len(), |end| end + 1),
    )
}

/// The end of a phone number that begins here: seven digits and more, single marks between them.
fn phone(chars: &[char], at: usize) -> Option<usize> {
    if !(chars[at].is_numeric() || matches!(chars[at], '+' | '('))
        || at > 0 && chars[at - 1].is_alphanumeric()
    {
        return None;
    }
    let (mut digits, mut marks, mut end) = (0, 0, at);
    for (i, c) in chars.iter().enumerate().skip(at) {
        if c.is_numeric() {
            (digits, marks, end) = (digits + 1, 0, i + 1);
        } else if matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+') && marks < 2 {
            marks += 1;
        } else {
            break;
        }
    }
    (digits >= 7).then_some(end)
}

/// The end of a word that may hold what ids and addresses hold.
fn token_end(chars: &[char], at: usize) -> usize {
    let length = chars[at..]
        .iter()
        .take_while(|c| c.is_alphanumeric() || "@._-+%~".contains(**c))
        .count();
    at + length
}

fn is_value(token: &[char]) -> bool {
    if token.contains(&'@') || longest_run(token, |c| c.is_numeric()) >= 5 {
        return true;
    }
    let letters = token.iter().filter(|c| c.is_alphanumeric()).count();
    if letters < 15 {
        return false;
    }
    // An id has a digit, or capitals all over; a long word of the interface (`customFieldsValues`) has neither.
    let capitals = token.iter().filter(|c| c.is_uppercase()).count();
    let word = longest_run(token, |c| c.is_alphanumeric());
    token.iter().any(|c| c.is_numeric()) || word >= 15 && capitals * 4 > letters
}

/// Whether a key is what programmers call a field: words of letters, capitals between them (`skipLocationKYC`). An id of
/// letters alone falls into pieces that are no words.
pub(super) fn is_name(key: &str) -> bool {
    let mut words = Vec::new();
    for part in key.split('_').filter(|part| !part.is_empty()) {
        if !part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return false;
        }
        let mut start = 0;
        for (at, pair) in part.as_bytes().windows(2).enumerate() {
            if pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase() {
                words.push(&part[start..=at]);
                start = at + 1;
            }
        }
        words.push(&part[start..]);
    }
    let spoken = |word: &str| word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let abbreviation = |word: &str| word.len() <= 4 && word.bytes().all(|b| b.is_ascii_uppercase());
    let capitals = |word: &str| word.bytes().filter(u8::is_ascii_uppercase).count();
    let letters: usize = words.iter().map(|word| word.len()).sum();
    words.len() * 4 <= letters
        && words
            .iter()
            .all(|word| abbreviation(word) || capitals(word) <= 1 && spoken(word))
}

fn longest_run(token: &[char], fits: impl Fn(char) -> bool) -> usize {
    token
        .split(|c| !fits(*c))
        .map(<[char]>::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{is_name, mask, mask_values};

    #[test]
    fn values_are_taken_out() {
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
                "value \"Jane Doe\" and 'O'Hara' are unfit",
                "value *** and *** are unfit",
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
    fn words_of_the_platform_stay() {
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
    fn names_of_fields_are_told_from_keys_that_are_data() {
        for name in [
            "skipLocationKYC",
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
    fn values_of_the_call_are_taken_out() {
        let values = ["Jane Döe".to_owned(), "ann".to_owned()];
        assert_eq!(
            mask_values("contact JANE Döe exists, as does Ann; annual", &values),
            "contact *** exists, as does ***; annual"
        );
    }

    #[test]
    fn long_texts_are_cut() {
        let shown = mask(&"word ".repeat(1000));
        assert_eq!(shown.chars().count(), super::LONGEST + 1);
        assert!(shown.ends_with('…'));
        assert_eq!(mask("a\nb"), "a b");
    }
}
