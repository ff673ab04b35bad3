//! A look into a page: where its items stand, and what it says of the pages to come.

use std::ops::Range;
use std::pin::pin;

use bytes::Bytes;
use serde_json::Value;
use tracing::Span;

use super::position::marks_of;
use crate::Call;
use crate::decode::{self, Listed};
use crate::drift::Drift;
use crate::error::{Error, Places};
use crate::operation::{Paging, Source};
use crate::road::inside;
use crate::sending::{Sent, road};
use crate::time::BoxFuture;

/// What paging needs to know of a page.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Where in the text each item stands.
    pub(super) items: Vec<Range<usize>>,
    pub(super) total: Option<u64>,
    /// `None`: the page does not say.
    pub(super) more: Option<bool>,
    /// The marks by the order of the rule, as JSON.
    pub(super) marks: Vec<Option<String>>,
    /// Tells the items from others.
    pub(super) hash: u64,
}

/// A page that came.
pub(super) struct Arrived {
    pub(super) sent: Sent,
    /// The body without the blanks around it.
    pub(super) text: Bytes,
    pub(super) look: Look,
}

/// Fetches a page and looks into it.
pub(super) fn fetch(call: Call, rule: Paging) -> BoxFuture<'static, Result<Arrived, Error>> {
    // A task of its own knows nothing of the span in which it was begun.
    let span = Span::current();
    Box::pin(async move {
        let sent = inside(&span, pin!(road(call, false))).await?;
        Arrived::new(sent, &rule)
    })
}

impl Arrived {
    fn new(sent: Sent, rule: &Paging) -> Result<Self, Error> {
        let body = sent.body();
        let looked = decode::text(&body).and_then(|text| Ok((text, look(text, rule)?)));
        let (text, look) = match looked {
            Ok((text, Ok(look))) => (body.slice_ref(text.as_bytes()), look),
            Ok((text, Err(at))) => {
                let (path, found) = Places::new(text.as_bytes()).value_at(at);
                let (status, headers) = (sent.reply.status, sent.reply.headers);
                let error = Error::no_list(sent.origin, path, found, body.clone());
                return Err(error.with_reply(status, headers));
            }
            Err(fault) => return Err(sent.unreadable(&fault, body)),
        };
        Ok(Arrived { sent, text, look })
    }

    /// The text of an item, and where it begins.
    pub(super) fn item(&self, index: usize) -> Option<(&[u8], usize)> {
        let range = self.look.items.get(index)?.clone();
        let start = range.start;
        Some((self.text.get(range)?, start))
    }

    /// Reports where an item drifted, by the places in the whole reply.
    #[cold]
    pub(super) fn drifted(
        &self,
        items: &str,
        index: usize,
        mut drift: Vec<Drift>,
    ) -> Result<(), Error> {
        let item = item_path(items, index);
        for drift in &mut drift {
            drift.path = match drift.path.as_str() {
                "$" => item.clone(),
                path if path.starts_with('[') => format!("{item}{path}"),
                path => format!("{item}.{path}"),
            };
        }
        self.sent.drifted(&drift, &self.sent.body())
    }
}

/// The path of an item in the whole reply.
fn item_path(items: &str, index: usize) -> String {
    let mut path = String::new();
    for name in items.split('.').filter(|name| !name.is_empty()) {
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{name}]"));
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
    format!("{path}[{index}]")
}

/// Looks into a text. The inner error is where something stands in place of the list.
pub(super) fn look(text: &str, rule: &Paging) -> Result<Result<Look, usize>, decode::Fault> {
    let marks = marks_of(rule);
    let mut places: Vec<&'static str> = Vec::with_capacity(marks.len() + 2);
    if let Some(place) = rule.total {
        places.push(place);
    }
    if let Some(place) = rule.more {
        places.push(place);
    }
    for mark in marks {
        if let Source::Reply(place) = mark.from {
            places.push(place);
        }
    }
    let found = decode::find(text, rule.items, &places)?;
    let items = match found.list {
        Listed::Nothing => Vec::new(),
        Listed::Items(items) => items,
        Listed::Other(at) => return Ok(Err(at)),
    };

    let mut values = found.values.iter();
    let mut next = || values.next().copied().flatten();
    let total = rule.total.and_then(|_| next()).and_then(count);
    let more = rule.more.and_then(|_| next()).map(says_more);
    let last = items.last().map_or("", |last| &text[last.clone()]);
    let mut own = Vec::new();
    for mark in marks {
        own.push(match mark.from {
            Source::Reply(_) => next().and_then(leads_on),
            Source::LastItem(place) => {
                let found = decode::find(last, "", &[place])?;
                found.values.first().copied().flatten().and_then(leads_on)
            }
        });
    }
    let mut hash = 0;
    for item in &items {
        hash = stirred(hash, &text.as_bytes()[item.clone()]);
    }
    Ok(Ok(Look {
        items,
        total,
        more,
        marks: own,
        hash,
    }))
}

/// Stirs a text into a hash, eight bytes at a time. It runs over everything that comes, so it must be quick; nobody gains from
/// making it collide.
fn stirred(mut hash: u64, text: &[u8]) -> u64 {
    let mut stir = |word: u64| {
        hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    };
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        stir(u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    stir(u64::from_le_bytes(last));
    stir(text.len() as u64);
    hash
}

/// A count: a number, or the text of one.
pub(super) fn count(json: &str) -> Option<u64> {
    // Beyond it floats lie further apart than whole numbers.
    const WHOLE_TO: f64 = 9_007_199_254_740_992.0;
    let text = match json.as_bytes().first()? {
        b'"' => match decode::value(json) {
            Value::String(text) => text,
            _ => return None,
        },
        _ => json.to_owned(),
    };
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let float: f64 = text.parse().ok()?;
        (float.fract() == 0.0 && (0.0..=WHOLE_TO).contains(&float)).then_some(float as u64)
    })
}

/// Whether a value means that there is more. The platform writes `false` and 0 as texts, too.
fn says_more(json: &str) -> bool {
    match decode::value(json) {
        Value::Null => false,
        Value::Bool(more) => more,
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 0.0),
        Value::String(text) => !matches!(text.trim(), "" | "0" | "false" | "null"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A mark, unless it is one that leads nowhere.
fn leads_on(json: &str) -> Option<String> {
    let empty = match json.as_bytes().first()? {
        b'n' | b'f' => true,
        b'"' => json == "\"\"",
        b'[' | b'{' => json[1..json.len() - 1].trim().is_empty(),
        _ => false,
    };
    (!empty).then(|| json.to_owned())
}
