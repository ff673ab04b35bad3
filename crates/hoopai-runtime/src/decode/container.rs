//! Finds the end of a list or object without reading what is in it.

use wide::u8x16;

use super::scan::{escape_length, is_control};

/// Returns the end of the list or object that begins at `start`, where its last bracket closes.
///
/// It compares 64 bytes at a time, which takes a third of the time of [`Scan::skip`], and checks no
/// grammar, which is checked when the value is decoded. For a valid value the result is that of `skip`.
///
/// `None`: use `skip`. The value can be incomplete, nested too deeply, formatted with line breaks,
/// or contain what [`repair`] replaces.
///
/// [`Scan::skip`]: super::scan::Scan::skip
/// [`repair`]: super::repair
pub(super) fn container_end(text: &str, start: usize, depth: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut level = 0;
    // All bits are set if the block begins within a string.
    let mut in_string = 0_u64;
    let mut escape_end = start;
    loop {
        let block = Block::at(bytes, at)?;
        let mut quotes = block.mask(|vector| vector.cmp_eq(u8x16::splat(b'"')));
        if escape_end > at {
            // The escape began in the block before.
            quotes &= !1;
        }
        let mut backslashes = block.mask(|vector| vector.cmp_eq(u8x16::splat(b'\\')));
        while backslashes != 0 {
            let index = backslashes.trailing_zeros();
            backslashes &= backslashes - 1;
            let backslash = at + index as usize;
            // The second of two is the escaped one.
            if backslash >= escape_end {
                escape_end = backslash + 1 + escape_length(&bytes[backslash + 1..])?;
                quotes &= !(2 << index);
            }
        }
        let strings = prefix_xor(quotes) ^ in_string;
        in_string = if strings >> 63 == 1 { u64::MAX } else { 0 };
        if block.control_characters() != 0 || block.not_printable_ascii() & !strings != 0 {
            return None;
        }
        let mut opening = block.brackets(b'{') & !strings;
        let mut closing = block.brackets(b'}') & !strings;
        if level + opening.count_ones() >= u32::from(depth) {
            return None;
        }
        if closing.count_ones() >= level {
            while closing != 0 {
                let before = (closing & closing.wrapping_neg()) - 1;
                level += (opening & before).count_ones();
                level -= 1;
                if level == 0 {
                    return Some(at + before.count_ones() as usize + 1);
                }
                opening &= !before;
                closing &= closing - 1;
            }
        }
        level += opening.count_ones();
        level -= closing.count_ones();
        at += BYTES;
    }
}

const BYTES: usize = 64;

/// A part of a text. Its masks have a bit for each byte, the lowest for the first.
struct Block([u8x16; 4]);

impl Block {
    /// The last block is filled with spaces. `None` after the end.
    fn at(bytes: &[u8], at: usize) -> Option<Block> {
        let rest = bytes.get(at..)?;
        let mut padded = [b' '; BYTES];
        let bytes = match rest.first_chunk() {
            Some(whole) => whole,
            None => {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }
        };
        let mut vectors = [u8x16::splat(0); 4];
        for (vector, bytes) in vectors.iter_mut().zip(bytes.as_chunks().0) {
            *vector = u8x16::new(*bytes);
        }
        Some(Block(vectors))
    }

    /// The bytes for which `test` sets the highest bit.
    #[inline(always)]
    fn mask(&self, test: impl Fn(u8x16) -> u8x16) -> u64 {
        let mut mask = 0;
        for (index, vector) in self.0.iter().enumerate() {
            mask |= u64::from(test(*vector).move_mask() as u16) << (16 * index);
        }
        mask
    }

    /// The brackets of lists and objects differ by one bit only.
    fn brackets(&self, brace: u8) -> u64 {
        self.mask(|vector| (vector | u8x16::splat(b'{' ^ b'[')).cmp_eq(u8x16::splat(brace)))
    }

    fn control_characters(&self) -> u64 {
        self.mask(is_control)
    }

    /// Byte 0x7f and those of characters that are not ASCII. UTF-8 has no byte 0xff.
    fn not_printable_ascii(&self) -> u64 {
        self.mask(|vector| vector + u8x16::splat(1))
    }
}

/// Sets the bits from each odd set bit up to before the next one.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use hoopai_test_support::seed;
    use serde_json::Value;

    use super::{BYTES, container_end};
    use crate::decode::scan::{DEPTH, Scan};
    use crate::decode::{read, repair};

    /// Where `skip` ends, which reads each token.
    fn skipped(text: &str, start: usize) -> Option<usize> {
        let mut scan = Scan { text, at: start };
        scan.skip(DEPTH).ok()?;
        Some(scan.at)
    }

    fn choose<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
        of[rng.usize(..of.len())]
    }

    fn random_string(rng: &mut Rng) -> String {
        let parts = [
            "a",
            "text",
            "\u{e9}",
            "\u{1f600}",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\\\"",
            "\\\\",
            "\\n",
            "\\/",
            "\\u007b",
            "\\u0022",
            "\\ud83d",
        ];
        let inner: String = (0..rng.usize(..9)).map(|_| choose(rng, &parts)).collect();
        format!("\"{inner}\"")
    }

    /// A value without line breaks.
    fn random_value(rng: &mut Rng, depth: usize) -> String {
        let count = rng.usize(..5);
        match rng.u8(..if depth == 0 { 3 } else { 6 }) {
            0 => choose(rng, &["1", "-2.5e3", "true", "null"]).to_owned(),
            1 | 2 => random_string(rng),
            3 => {
                let items: Vec<String> = (0..count).map(|_| random_value(rng, depth - 1)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => random_object(rng, depth),
        }
    }

    fn random_object(rng: &mut Rng, depth: usize) -> String {
        let fields: Vec<String> = (0..rng.usize(..8))
            .map(|_| format!("{}:{}", random_string(rng), random_value(rng, depth - 1)))
            .collect();
        format!("{{{}}}", fields.join(","))
    }

    #[test]
    fn end_of_a_valid_value_is_that_of_the_scan() {
        let mut rng = Rng::with_seed(seed());
        for _ in 0..20_000 {
            let before = "x".repeat(rng.usize(..3 * BYTES));
            let value = random_object(&mut rng, 4);
            let after = random_value(&mut rng, 2);
            let text = format!("{before}{value},{after}]");
            let end = container_end(&text, before.len(), DEPTH);
            assert_eq!(end, Some(before.len() + value.len()), "{text}");
        }
    }

    #[test]
    fn invalid_value_is_left_to_the_scan_or_found_by_its_reader() {
        let mut rng = Rng::with_seed(seed());
        let mut found = 0;
        for _ in 0..20_000 {
            let mut text = random_object(&mut rng, 3);
            for _ in 0..rng.usize(1..4) {
                let mut at = 1 + rng.usize(..text.len() - 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                let parts = [
                    "{", "}", "[", "]", ",", ":", "\"", "\\", "1", "\n", "\0", "\u{7f}",
                    "\u{feff}", "\u{a0}", " ", "\\u12",
                ];
                match rng.u8(..3) {
                    0 if text.len() > 2 => drop(text.remove(at)),
                    _ => text.insert_str(at, choose(&mut rng, &parts)),
                }
            }
            if !text.starts_with('{') {
                continue;
            }
            let Some(end) = container_end(&text, 0, DEPTH) else {
                continue;
            };
            match skipped(&text, 0) {
                Some(skipped) => assert_eq!(end, skipped, "{text}"),
                None => {
                    found += 1;
                    let value = &text.as_bytes()[..end];
                    assert!(read::<Value>(value).is_err(), "{text}");
                    // The repair of a page runs before its items are read.
                    if let Some(repaired) = repair(value, None) {
                        let read = read::<Value>(repaired.text.as_bytes());
                        assert!(read.is_err(), "{text} {}", repaired.text);
                    }
                }
            }
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn what_a_repair_replaces_is_left_to_the_scan() {
        for odd in [
            "{\"a\":\"\n\"}",
            "{\"a\":\"\u{1f}\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\u{7f}1}",
            "{\"a\":\u{a0}1}",
            "{\"a\":\0 1}",
            "{\u{feff}\"a\":1}",
        ] {
            for before in 0..=BYTES {
                let text = format!("[{}{odd},1]", " ".repeat(before));
                assert_eq!(container_end(&text, before + 1, DEPTH), None, "{text}");
                let text = format!("{{\"{}\":{odd}}}", "b".repeat(before));
                assert_eq!(container_end(&text, 0, DEPTH), None, "{text}");
            }
        }
    }

    #[test]
    fn incomplete_value_has_no_end() {
        let text = "{\"a\":[{\"b\":\"\\\"}]}\"}],\"c\":\"\u{e9}\"}";
        for length in 0..text.len() {
            if let Some(part) = text.get(..length) {
                assert_eq!(container_end(part, 0, DEPTH), None, "{part}");
            }
        }
        assert_eq!(container_end(text, 0, DEPTH), Some(text.len()));
    }

    #[test]
    fn depth_is_that_of_the_scan_or_less() {
        for (levels, spaces) in (1..200).flat_map(|levels| [(levels, 0), (levels, 63)]) {
            let open = format!("[{}", " ".repeat(spaces));
            let text = format!("{}{}", open.repeat(levels), "]".repeat(levels));
            let end = container_end(&text, 0, DEPTH);
            assert!(end.is_none() || end == skipped(&text, 0), "{levels}");
        }
    }
}
