//! Finds values of a request in texts of the platform, in any encoding.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::mask::{LONGEST, MASK, head, mask};
use super::normalize::{self, NormalizedText, SourceChar};

/// The values that a request contained, indexed for the search in texts.
#[derive(Default)]
pub(crate) struct SentValues {
    /// Each value, normalized, with its kind.
    values: Vec<(String, ValueKind)>,
    /// The indexes of the values that start with these bytes.
    by_start: BTreeMap<[u8; 3], Vec<usize>>,
    /// The indexes of the values that end with these bytes.
    by_end: BTreeMap<[u8; 3], Vec<usize>>,
    /// All sequences of eight bytes in secrets, and whether one starts or ends a secret.
    secret_parts: BTreeMap<[u8; PART], bool>,
}

/// The kind of a value, which decides where it is masked.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum ValueKind {
    /// A value that looks like a field name or a common word. It is not masked in paths.
    Name,
    /// A value that is masked wherever it is a word of its own.
    Value,
    /// A secret, which is masked within words as well. So are parts of it.
    Secret,
}

/// The length in bytes of the parts of secrets that are masked.
const PART: usize = 8;

/// The length in bytes from which the start or end of a truncated value is masked.
const TRUNCATED: usize = 12;

/// The length in bytes from which values are searched in base64.
const SHORTEST_ENCODED: usize = 6;

/// The number of characters that are read beyond the shown text, so that no value is cut.
const BEYOND: usize = 64;

impl SentValues {
    pub(crate) fn add(&mut self, value: &str, kind: ValueKind) {
        let value = NormalizedText::of(&normalize::decode_chars(value)).text;
        let bytes = value.as_bytes();
        let (Some(start), Some(end)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            return;
        };
        let index = self.values.len();
        self.by_start.entry(*start).or_default().push(index);
        self.by_end.entry(*end).or_default().push(index);
        if kind == ValueKind::Secret {
            for at in 0..bytes.len() {
                let Some(part) = bytes[at..].first_chunk() else {
                    break;
                };
                let is_at_edge = at == 0 || at + PART == bytes.len();
                *self.secret_parts.entry(*part).or_default() |= is_at_edge;
            }
        }
        self.values.push((value, kind));
    }

    /// A text without these values and without those that [`mask`] finds.
    pub(crate) fn mask(&self, text: &str) -> String {
        let read = head(text, 4 * LONGEST + BEYOND);
        let shown = if read.len() < text.len() {
            head(read, 4 * LONGEST).len()
        } else {
            read.len()
        };
        mask(&self.masked(read, shown, ValueKind::Name))
    }

    /// A path or name without these values, except field names.
    pub(crate) fn mask_path<'t>(&self, path: &'t str) -> Cow<'t, str> {
        self.masked(path, path.len(), ValueKind::Value)
    }

    /// A text without secrets.
    pub(crate) fn mask_secrets<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.masked(text, text.len(), ValueKind::Secret)
    }

    /// Whether a text contains one of these values.
    pub(crate) fn occur_in(&self, text: &str) -> bool {
        matches!(self.mask_path(text), Cow::Owned(_))
    }

    /// The first `shown` bytes of a text without values of this kind and of higher ones.
    fn masked<'t>(&self, text: &'t str, shown: usize, least: ValueKind) -> Cow<'t, str> {
        let chars = normalize::decode_chars(text);
        let mut hidden = vec![false; chars.len()];
        if !self.values.is_empty() {
            self.find(&chars, least, false, &mut hidden);
            for encoded in normalize::base64_decodings(&chars) {
                let mut within = vec![false; encoded.len()];
                self.find(&encoded, least, true, &mut within);
                for (c, found) in encoded.iter().zip(within) {
                    if found {
                        hidden[c.start..c.end].fill(true);
                    }
                }
            }
        }
        if !hidden.contains(&true) {
            return Cow::Borrowed(&text[..shown]);
        }
        let mut out = String::with_capacity(shown);
        let mut was_hidden = false;
        for (c, hidden) in chars.iter().zip(hidden) {
            if c.start >= shown {
                break;
            }
            if !hidden {
                out.push_str(&text[c.start..c.end]);
            } else if !was_hidden {
                out.push_str(MASK);
            }
            was_hidden = hidden;
        }
        Cow::Owned(out)
    }

    /// Marks the characters of values. `encoded`: the characters are decoded base64, so the
    /// characters around a value are random.
    fn find(&self, chars: &[SourceChar], least: ValueKind, encoded: bool, hidden: &mut [bool]) {
        let normalized = NormalizedText::of(chars);
        let bytes = normalized.text.as_bytes();
        let mut hide = |start: usize, end: usize| {
            hidden[normalized.char_indexes[start]..=normalized.char_indexes[end - 1]].fill(true);
        };
        let is_of_word = |index: Option<usize>| {
            let c = index.and_then(|index| chars.get(index));
            c.is_some_and(|c| c.char.is_alphanumeric())
        };
        let begins = |at: usize| encoded || !is_of_word(normalized.char_indexes[at].checked_sub(1));
        let ends = |at: usize| encoded || !is_of_word(Some(normalized.char_indexes[at - 1] + 1));

        for at in 0..=bytes.len() {
            if !normalized.text.is_char_boundary(at) {
                continue;
            }
            let rest = &bytes[at..];
            if let Some(first) = rest.first_chunk::<3>() {
                let (mut length, at_word) = (0, begins(at));
                for (value, kind) in self.candidates(&self.by_start, first) {
                    if kind < least || encoded && value.len() < SHORTEST_ENCODED {
                        continue;
                    }
                    let common = common(value.iter(), rest.iter());
                    // A long value does not occur in a word by chance.
                    let is_whole = common == value.len()
                        && (common >= TRUNCATED || at_word && ends(at + common));
                    if is_whole || at_word && common >= TRUNCATED {
                        length = common.max(length);
                    }
                }
                if length > 0 {
                    hide(at, at + length);
                }
            }
            // The end of a value whose start is truncated.
            let before = &bytes[..at];
            if at >= TRUNCATED
                && let Some(last) = before.last_chunk::<3>()
                && ends(at)
            {
                let mut length = 0;
                for (value, kind) in self.candidates(&self.by_end, last) {
                    if kind >= least {
                        length = common(value.iter().rev(), before.iter().rev()).max(length);
                    }
                }
                if length >= TRUNCATED {
                    hide(at - length, at);
                }
            }
        }
        self.find_parts(bytes, &begins, &ends, &mut hide);
    }

    /// Parts of secrets, also within words. A lower-case word that is such a part by chance is not
    /// masked.
    fn find_parts(
        &self,
        bytes: &[u8],
        begins: &dyn Fn(usize) -> bool,
        ends: &dyn Fn(usize) -> bool,
        hide: &mut dyn FnMut(usize, usize),
    ) {
        let part_at = |at: usize| self.secret_parts.get(bytes.get(at..at + PART)?);
        let mut at = 0;
        while at + PART <= bytes.len() {
            let start = at;
            let mut at_edge = false;
            while let Some(is_at_edge) = part_at(at) {
                at_edge |= is_at_edge;
                at += 1;
            }
            if at > start {
                let end = at - 1 + PART;
                let is_word = bytes[start..end].iter().all(u8::is_ascii_lowercase);
                if at_edge || !(is_word && begins(start) && ends(end)) {
                    hide(start, end);
                }
            }
            at += 1;
        }
    }

    /// The values at the indexes of a key.
    fn candidates<'a>(
        &'a self,
        indexes: &'a BTreeMap<[u8; 3], Vec<usize>>,
        key: &[u8; 3],
    ) -> impl Iterator<Item = (&'a [u8], ValueKind)> {
        indexes.get(key).into_iter().flatten().map(|index| {
            let (text, kind) = &self.values[*index];
            (text.as_bytes(), *kind)
        })
    }
}

/// The length of the common prefix of two sequences.
fn common<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use super::{SentValues, ValueKind};

    const TOKEN: &str = "pit-1A2b3c4d-55e6-77f8";

    fn sent_values() -> SentValues {
        let mut sent_values = SentValues::default();
        for value in [
            "Jane Döe",
            "ann",
            "jane.o'neil/x@example.com",
            "a b\\c",
            "12 Some Street, Sometown",
        ] {
            sent_values.add(value, ValueKind::Value);
        }
        sent_values.add(TOKEN, ValueKind::Secret);
        sent_values.add("x9-authorization-x9", ValueKind::Secret);
        sent_values
    }

    #[test]
    fn values_are_found_in_every_encoding() {
        let sent_values = sent_values();
        for (text, masked) in [
            (
                "contact JANE  Döe exists, as does Ann; annual",
                "contact *** exists, as does ***; annual",
            ),
            ("id=J%61ne+D%c3%B6e&x", "id=***&x"),
            ("id=J%2561ne%2520D%25C3%25b6e&x", "id=***&x"),
            (r"<Jane D\u00f6e>", "<***>"),
            (r"x=\n\u004aANE\tD\\u00F6e.", "x=\\n***."),
            ("Jane&nbsp;D&#xf6;e (a)", "*** (a)"),
            ("jane.o&apos;neil&#x2f;x@example.com", "***"),
            (r"a b\\c", "***"),
            ("at 12 Some Street, Some", "at ***"),
            ("at … Street, Sometown", "at … ***"),
            ("xxpit-1a2b3c4d-55e6-77f8yy", "xx***yy"),
            ("PIT-1A2B3C4D-55E6…", "***…"),
            ("…3c4d-55e6-77f8", "…***"),
            ("it is ..2b3c4d-55..", "it is ..***.."),
            // `user:pit-1A2b3c4d-55e6-77f8`, `pit…` and `xpit…`, in both alphabets, truncated or
            // not.
            ("b dXNlcjpwaXQtMUEyYjNjNGQtNTVlNi03N2Y4 c", "b ***"),
            ("authorization was not given", "authorization was not given"),
        ] {
            let got = sent_values.mask(text);
            if text.starts_with("b ") {
                assert!(!got.contains("QtMUEyYjNjNGQtNTVlNi03N2"), "{got}");
                continue;
            }
            assert_eq!(got, masked, "{text}");
        }
    }

    #[test]
    fn only_secrets_are_masked_in_raw_texts() {
        let sent_values = sent_values();
        assert_eq!(
            sent_values.mask_secrets("Jane Döe has pit-1a2b3c4d-55e6-77f8"),
            "Jane Döe has ***"
        );
        assert_eq!(
            sent_values.mask_path("contacts[0].Ann.x"),
            "contacts[0].***.x"
        );
        assert!(sent_values.occur_in("Ann") && !sent_values.occur_in("annual"));
    }

    #[test]
    fn value_at_end_of_shown_text_is_masked() {
        let sent_values = sent_values();
        for length in 1180..1210 {
            let text = format!(
                "{} Jane Döe {}",
                "pit-1A2b3c4d-55e6-77f8 ".repeat(50),
                "x ".repeat(500)
            );
            let text = format!("{}{text}", " ".repeat(length - 1150));
            let shown = sent_values.mask(&text);
            assert!(!shown.contains("Jan"), "{shown}");
        }
    }
}
