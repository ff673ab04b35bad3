//! Finds values that a request carried in texts of the platform, in whatever encoding.

use std::borrow::Cow;

use super::folded::{self, Folded, Letter};
use super::mask::{LONGEST, MASK, head, mask};

/// The values that a request carried.
#[derive(Default)]
pub(crate) struct SentValues {
    /// Each as texts are compared, and what it is.
    values: Vec<(String, Kind)>,
    /// The first three bytes of each value, sorted, and which value it is.
    heads: Vec<(u64, u32)>,
    /// The last three bytes.
    tails: Vec<(u64, u32)>,
    /// All sequences of eight bytes in secrets, sorted. 1: it is at the beginning or the end of a secret.
    parts: Vec<(u64, u32)>,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// It looks like a name of a field or a small word, so it is left in paths.
    Name,
    Value,
    /// It is masked within words as well, as are parts of it.
    Secret,
}

/// The length of the parts of secrets that are masked, in bytes.
const PART: usize = 8;

/// So much of the beginning or the end of another value is masked, in bytes.
const TRUNCATED: usize = 12;

/// Shorter values are not looked for in base64.
const SHORTEST_ENCODED: usize = 6;

/// How much of a text is read beyond what is shown, in characters, so that no value is cut in two.
const BEYOND: usize = 64;

impl SentValues {
    /// Adds a value. [`sort`](SentValues::sort) comes after the last.
    pub(crate) fn add(&mut self, value: &str, kind: Kind) {
        let value = Folded::of(&folded::letters(value)).text;
        let bytes = value.as_bytes();
        let (Some(head), Some(tail)) = (bytes.first_chunk::<3>(), bytes.last_chunk::<3>()) else {
            return;
        };
        let index = self.values.len() as u32;
        self.heads.push((number(head), index));
        self.tails.push((number(tail), index));
        if kind == Kind::Secret && bytes.len() >= PART {
            let last = bytes.len() - PART;
            for (at, part) in bytes.windows(PART).enumerate() {
                self.parts
                    .push((number(part), u32::from(at == 0 || at == last)));
            }
        }
        self.values.push((value, kind));
    }

    pub(crate) fn sort(&mut self) {
        for list in [&mut self.heads, &mut self.tails, &mut self.parts] {
            list.sort_unstable();
        }
    }

    /// A text without these values and without what [`mask`] takes out.
    pub(crate) fn mask(&self, text: &str) -> String {
        let read = head(text, 4 * LONGEST + BEYOND);
        let shown = match read.len() < text.len() {
            true => head(read, 4 * LONGEST).len(),
            false => read.len(),
        };
        mask(&self.without(read, shown, Kind::Name))
    }

    /// A path or a name without these values. Names of fields stay.
    pub(crate) fn mask_path<'t>(&self, path: &'t str) -> Cow<'t, str> {
        self.without(path, path.len(), Kind::Value)
    }

    /// A text without secrets.
    pub(crate) fn conceal<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.without(text, text.len(), Kind::Secret)
    }

    /// Whether a text repeats one of these values.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        matches!(self.mask_path(text), Cow::Owned(_))
    }

    /// The first `shown` bytes of a text without values of this kind and those above it.
    fn without<'t>(&self, text: &'t str, shown: usize, least: Kind) -> Cow<'t, str> {
        let letters = folded::letters(text);
        let mut hidden = vec![false; letters.len()];
        if !self.values.is_empty() {
            self.find(&letters, least, false, &mut hidden);
            for encoded in folded::decoded(&letters) {
                let mut within = vec![false; encoded.len()];
                self.find(&encoded, least, true, &mut within);
                for (letter, found) in encoded.iter().zip(within) {
                    if found {
                        hidden[letter.start..letter.end].fill(true);
                    }
                }
            }
        }
        if !hidden.contains(&true) {
            return Cow::Borrowed(&text[..shown]);
        }
        let mut out = String::with_capacity(shown);
        let mut masked = false;
        for (letter, hidden) in letters.iter().zip(hidden) {
            if letter.start >= shown {
                break;
            }
            match hidden {
                true if masked => {}
                true => out.push_str(MASK),
                false => out.push_str(&text[letter.start..letter.end]),
            }
            masked = hidden;
        }
        Cow::Owned(out)
    }

    /// Marks the letters of values. `encoded`: the letters come out of another text, so what stands around a value is chance.
    fn find(&self, letters: &[Letter], least: Kind, encoded: bool, hidden: &mut [bool]) {
        let folded = Folded::of(letters);
        let bytes = folded.text.as_bytes();
        let mut hide = |start: usize, end: usize| {
            hidden[folded.letters[start]..=folded.letters[end - 1]].fill(true);
        };
        let is_of_word = |index: Option<usize>| match index.and_then(|index| letters.get(index)) {
            Some(letter) => letter.char.is_alphanumeric(),
            None => false,
        };
        let begins = |at: usize| encoded || !is_of_word(folded.letters[at].checked_sub(1));
        let ends = |at: usize| encoded || !is_of_word(Some(folded.letters[at - 1] + 1));

        for at in 0..=bytes.len() {
            if !folded.text.is_char_boundary(at) {
                continue;
            }
            let rest = &bytes[at..];
            if let Some(first) = rest.first_chunk::<3>() {
                let (mut length, at_word) = (0, begins(at));
                for (value, kind) in self.candidates(&self.heads, number(first)) {
                    if kind < least || encoded && value.len() < SHORTEST_ENCODED {
                        continue;
                    }
                    let common = common(value.iter(), rest.iter());
                    // A long value is no part of a word by chance.
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
            // The end of a value, of which the beginning is cut off.
            let before = &bytes[..at];
            if at >= TRUNCATED
                && let Some(last) = before.last_chunk::<3>()
                && ends(at)
            {
                let mut length = 0;
                for (value, kind) in self.candidates(&self.tails, number(last)) {
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

    /// Parts of secrets, within words as well. A small word that is one by chance is left.
    fn find_parts(
        &self,
        bytes: &[u8],
        begins: &dyn Fn(usize) -> bool,
        ends: &dyn Fn(usize) -> bool,
        hide: &mut dyn FnMut(usize, usize),
    ) {
        if self.parts.is_empty() || bytes.len() < PART {
            return;
        }
        let (mut at, last) = (0, bytes.len() - PART);
        while at <= last {
            let start = at;
            let mut at_edge = false;
            while at <= last {
                let key = number(&bytes[at..at + PART]);
                let found = self.parts.partition_point(|part| part.0 < key);
                if self.parts.get(found).is_none_or(|part| part.0 != key) {
                    break;
                }
                // Of equal ones, one at an edge comes last.
                let end = self.parts.partition_point(|part| part.0 <= key);
                at_edge |= self.parts[end - 1].1 == 1;
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

    /// The values with this key.
    fn candidates<'a>(
        &'a self,
        list: &'a [(u64, u32)],
        key: u64,
    ) -> impl Iterator<Item = (&'a [u8], Kind)> {
        let first = list.partition_point(|entry| entry.0 < key);
        list[first..]
            .iter()
            .take_while(move |entry| entry.0 == key)
            .map(|entry| {
                let (text, kind) = &self.values[entry.1 as usize];
                (text.as_bytes(), *kind)
            })
    }
}

/// Up to eight bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    let mut number = 0;
    for byte in bytes {
        number = number << 8 | u64::from(*byte);
    }
    number
}

/// How many bytes two sequences have in common from their beginnings on.
fn common<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use super::{Kind, SentValues};

    const TOKEN: &str = "pit-1A2b3c4d-55e6-77f8";

    fn carried() -> SentValues {
        let mut carried = SentValues::default();
        for value in [
            "Jane Döe",
            "ann",
            "jane.o'neil/x@example.com",
            "a b\\c",
            "12 Some Street, Sometown",
        ] {
            carried.add(value, Kind::Value);
        }
        carried.add(TOKEN, Kind::Secret);
        carried.add("x9-authorization-x9", Kind::Secret);
        carried.sort();
        carried
    }

    #[test]
    fn values_are_found_in_every_encoding() {
        let carried = carried();
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
            // `user:pit-1A2b3c4d-55e6-77f8`, `pit…` and `xpit…`, in both alphabets, cut off or not.
            ("b dXNlcjpwaXQtMUEyYjNjNGQtNTVlNi03N2Y4 c", "b ***"),
            ("authorization was not given", "authorization was not given"),
        ] {
            let got = carried.mask(text);
            if text.starts_with("b ") {
                assert!(!got.contains("QtMUEyYjNjNGQtNTVlNi03N2"), "{got}");
                continue;
            }
            assert_eq!(got, masked, "{text}");
        }
    }

    #[test]
    fn secrets_alone_are_concealed_in_raw_texts() {
        let carried = carried();
        assert_eq!(
            carried.conceal("Jane Döe has pit-1a2b3c4d-55e6-77f8"),
            "Jane Döe has ***"
        );
        assert_eq!(carried.mask_path("contacts[0].Ann.x"), "contacts[0].***.x");
        assert!(carried.are_in("Ann") && !carried.are_in("annual"));
    }

    #[test]
    fn a_value_at_the_end_of_what_is_shown_is_not_cut_in_two() {
        let carried = carried();
        for length in 1180..1210 {
            let text = format!(
                "{} Jane Döe {}",
                "pit-1A2b3c4d-55e6-77f8 ".repeat(50),
                "x ".repeat(500)
            );
            let text = format!("{}{text}", " ".repeat(length - 1150));
            let shown = carried.mask(&text);
            assert!(!shown.contains("Jan"), "{shown}");
        }
    }
}
