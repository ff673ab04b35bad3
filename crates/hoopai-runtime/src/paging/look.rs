//! A look into a page: where its items stand, and what it says of the pages to come.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::pin::pin;

use bytes::Bytes;
use foldhash::fast::FixedState;
use serde_json::Value;
use tracing::Span;

use super::position::marks_of;
use crate::Call;
use crate::decode::{self, LIST, Listed, OBJECT, Repaired};
use crate::drift::Drift;
use crate::error::Error;
use crate::operation::{CursorSource, Paging};
use crate::redact::json_path::JsonPaths;
use crate::reply::context::ReplyContext;
use crate::send::pipeline::in_span;
use crate::time::BoxFuture;

/// What paging needs to know of a page.
pub(super) struct Look {
    /// Where in the text each item stands.
    pub(super) items: Vec<Range<usize>>,
    pub(super) total: Option<u64>,
    /// `None`: the page does not say.
    pub(super) more: Option<bool>,
    /// The marks that lead on, in the order of the rule: the parameters that take them, and what they take, as JSON.
    pub(super) marks: Vec<(String, String)>,
    /// Tells the items from others.
    pub(super) hash: u64,
}

/// A page that came.
pub(super) struct Arrived {
    pub(super) sent: ReplyContext,
    /// The body without the blanks around it.
    pub(super) text: Bytes,
    pub(super) look: Look,
    /// What was replaced or skipped so that the text is JSON.
    repaired: Vec<Drift>,
}

/// Fetches a page and looks into it.
pub(super) fn fetch(
    call: Result<Call, Error>,
    rule: Paging,
) -> BoxFuture<'static, Result<Arrived, Error>> {
    // A task of its own knows nothing of the span in which it was begun.
    let span = Span::current();
    Box::pin(async move {
        let sent = in_span(&span, pin!(call?.dispatch(false))).await?;
        Arrived::new(sent, &rule)
    })
}

impl Arrived {
    fn new(sent: ReplyContext, rule: &Paging) -> Result<Self, Error> {
        let mut whole = sent.body();
        let mut repaired: Option<Repaired> = None;
        loop {
            let fault = match decode::text(&whole) {
                Ok(text) => match look(text, rule) {
                    Ok(Looked::Page(look)) => {
                        return Ok(Arrived {
                            text: whole.slice_ref(text.as_bytes()),
                            sent,
                            look,
                            repaired: repaired.map(|made| made.drift).unwrap_or_default(),
                        });
                    }
                    Ok(Looked::NoList(at)) => {
                        let (path, found) = JsonPaths::new(text.as_bytes()).value_at(at);
                        return Err(sent.no_list(&path, found));
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            let made = sent.repair(&fault, repaired)?;
            whole = made.text.clone().into();
            repaired = Some(made);
        }
    }

    /// Reports a page that was repaired, and one without contents, which would otherwise look like the end of the list.
    pub(super) fn check_contents(&self, items: &str) -> Result<(), Error> {
        if !self.repaired.is_empty() {
            self.sent.drifted(self.repaired.clone())?;
        }
        match decode::text(&self.text) {
            Ok(text) if decode::is_empty(text) => {
                let expected = if items.is_empty() { LIST } else { OBJECT };
                let drift = decode::empty_drift(text, expected.into());
                self.sent.drifted(vec![drift]).map(|_| ())
            }
            _ => Ok(()),
        }
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
        self.sent.drifted(drift).map(|_| ())
    }
}

impl ReplyContext {
    fn no_list(&self, path: &str, found: &'static str) -> Error {
        let origin = self.prepared.call_site.clone();
        let error = Error::no_list(origin, path, found, self.body(), self.carried());
        self.of_reply(error)
    }
}

/// The path of an item in the whole reply.
fn item_path(items: &str, index: usize) -> String {
    let mut path = String::new();
    for name in items.split('.') {
        if name.is_empty() {
            continue;
        }
        if is_index(name) {
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

fn is_index(name: &str) -> bool {
    for byte in name.as_bytes() {
        if !byte.is_ascii_digit() {
            return false;
        }
    }
    true
}

/// What was seen in a text.
enum Looked {
    Page(Look),
    /// Something stands here in place of the list.
    NoList(usize),
}

fn look(text: &str, rule: &Paging) -> Result<Looked, decode::Fault> {
    let marks = marks_of(rule);
    let mut places: Vec<&'static str> = Vec::with_capacity(marks.len() + 2);
    if let Some(place) = rule.total {
        places.push(place);
    }
    if let Some(place) = rule.more {
        places.push(place);
    }
    for mark in marks {
        if let CursorSource::Reply(place) = mark.from {
            places.push(place);
        }
    }
    let found = decode::find(text, rule.items, &places)?;
    let items = match found.list {
        Listed::Nothing => Vec::new(),
        Listed::Items(items) => items,
        Listed::Other(at) => return Ok(Looked::NoList(at)),
    };

    // In the order in which they were asked for.
    let mut values = found.values.iter();
    let mut next = || *values.next()?;
    let (mut total, mut more) = (None, None);
    if rule.total.is_some()
        && let Some(json) = next()
    {
        total = count(json);
    }
    if rule.more.is_some()
        && let Some(json) = next()
    {
        more = Some(says_more(json));
    }
    let last = match items.last() {
        Some(last) => &text[last.clone()],
        None => "",
    };
    let mut own = Vec::new();
    for mark in marks {
        let value = match mark.from {
            CursorSource::Reply(_) => next(),
            CursorSource::LastItem(place) => decode::find(last, "", &[place])?.values[0],
        };
        if let Some(json) = value
            && leads_on(json)
        {
            own.push((mark.to.name().to_owned(), json.to_owned()));
        }
    }
    let mut hasher = FixedState::default().build_hasher();
    for item in &items {
        hasher.write(&text.as_bytes()[item.clone()]);
        hasher.write_usize(item.len());
    }
    Ok(Looked::Page(Look {
        items,
        total,
        more,
        marks: own,
        hash: hasher.finish(),
    }))
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
    if let Ok(whole) = text.parse() {
        return Some(whole);
    }
    match text.parse::<f64>() {
        Ok(float @ 0.0..=WHOLE_TO) if float.fract() == 0.0 => Some(float as u64),
        _ => None,
    }
}

/// Whether a value means that there is more. The platform writes `false` and 0 as texts, too.
fn says_more(json: &str) -> bool {
    match decode::value(json) {
        Value::Null => false,
        Value::Bool(more) => more,
        Value::Number(number) => matches!(number.as_f64(), Some(number) if number > 0.0),
        Value::String(text) => !matches!(text.trim(), "" | "0" | "false" | "null"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Whether a mark leads anywhere.
fn leads_on(json: &str) -> bool {
    match json.as_bytes() {
        [] | [b'n' | b'f', ..] => false,
        [b'"', ..] => json != "\"\"",
        [b'[' | b'{', inner @ .., _] => !inner.trim_ascii().is_empty(),
        _ => true,
    }
}
