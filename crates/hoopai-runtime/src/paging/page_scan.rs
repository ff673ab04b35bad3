//! Scans a page for its items and for what requests the next page.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::pin::pin;

use bytes::Bytes;
use foldhash::fast::FixedState;
use serde_json::Value;
use tracing::Span;

use super::position::cursor_fields;
use crate::Call;
use crate::decode::{self, LIST, ListAt, OBJECT, Repaired};
use crate::drift::Drift;
use crate::error::Error;
use crate::operation::{CursorSource, Paging};
use crate::redact::json_path::JsonPaths;
use crate::reply::context::ReplyContext;
use crate::send::pipeline::in_span;
use crate::time::BoxFuture;

/// The facts about a page that paging needs.
pub(super) struct PageInfo {
    /// The byte range of each item.
    pub(super) items: Vec<Range<usize>>,
    pub(super) total: Option<u64>,
    /// `None`: the page does not report it.
    pub(super) more: Option<bool>,
    /// The cursor of the next page, in the order of the rule: parameter names and values as JSON.
    pub(super) cursor: Vec<(String, String)>,
    /// The hash of the items.
    pub(super) hash: u64,
}

/// A page that was fetched.
pub(super) struct FetchedPage {
    pub(super) context: ReplyContext,
    /// The body without surrounding white space.
    pub(super) text: Bytes,
    pub(super) info: PageInfo,
    /// What was replaced or skipped to make the text JSON.
    repaired: Vec<Drift>,
}

/// Fetches and scans a page.
pub(super) fn fetch(
    call: Result<Call, Error>,
    rule: Paging,
) -> BoxFuture<'static, Result<FetchedPage, Error>> {
    // A spawned task does not inherit the current span.
    let span = Span::current();
    Box::pin(async move {
        let context = in_span(&span, pin!(call?.dispatch(false))).await?;
        FetchedPage::new(context, &rule)
    })
}

impl FetchedPage {
    fn new(context: ReplyContext, rule: &Paging) -> Result<Self, Error> {
        let mut whole = context.body();
        let mut repaired: Option<Repaired> = None;
        loop {
            let fault = match decode::text(&whole) {
                Ok(text) => match scan_page(text, rule) {
                    Ok(ScanResult::Page(info)) => {
                        return Ok(FetchedPage {
                            text: whole.slice_ref(text.as_bytes()),
                            context,
                            info,
                            repaired: repaired.map(|made| made.drift).unwrap_or_default(),
                        });
                    }
                    Ok(ScanResult::NoList(at)) => {
                        let (path, found) = JsonPaths::new(text.as_bytes()).value_at(at);
                        return Err(context.no_list(&path, found));
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            let made = context.repair(&fault, repaired)?;
            whole = made.text.clone().into();
            repaired = Some(made);
        }
    }

    /// Reports a repaired page, and an empty reply, which would otherwise look like the end of the
    /// list.
    pub(super) fn check_contents(&self, items: &str) -> Result<(), Error> {
        if !self.repaired.is_empty() {
            self.context.drifted(self.repaired.clone())?;
        }
        match decode::text(&self.text) {
            Ok(text) if decode::is_empty(text) => {
                let expected = if items.is_empty() { LIST } else { OBJECT };
                let drift = decode::empty_drift(text, expected.into());
                self.context.drifted(vec![drift]).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Returns the text of an item and its offset.
    pub(super) fn item(&self, index: usize) -> Option<(&[u8], usize)> {
        let range = self.info.items.get(index)?.clone();
        let start = range.start;
        Some((self.text.get(range)?, start))
    }

    /// Reports drift of an item with paths relative to the whole reply.
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
        self.context.drifted(drift).map(|_| ())
    }
}

impl ReplyContext {
    fn no_list(&self, path: &str, found: &'static str) -> Error {
        let call_site = self.prepared.call_site.clone();
        let error = Error::no_list(call_site, path, found, self.body(), self.carried());
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

/// The result of scanning a text.
enum ScanResult {
    Page(PageInfo),
    /// The value at this offset is not a list.
    NoList(usize),
}

fn scan_page(text: &str, rule: &Paging) -> Result<ScanResult, decode::DecodeError> {
    let cursor = cursor_fields(rule);
    let mut paths: Vec<&'static str> = Vec::with_capacity(cursor.len() + 2);
    if let Some(path) = rule.total {
        paths.push(path);
    }
    if let Some(path) = rule.more {
        paths.push(path);
    }
    for field in cursor {
        if let CursorSource::Reply(path) = field.from {
            paths.push(path);
        }
    }
    let found = decode::find(text, rule.items, &paths)?;
    let items = match found.list {
        ListAt::Nothing => Vec::new(),
        ListAt::Items(items) => items,
        ListAt::Other(at) => return Ok(ScanResult::NoList(at)),
    };

    // The values are in the order of the requested paths.
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
    for field in cursor {
        let value = match field.from {
            CursorSource::Reply(_) => next(),
            CursorSource::LastItem(path) => decode::find(last, "", &[path])?.values[0],
        };
        if let Some(json) = value
            && leads_on(json)
        {
            own.push((field.to.name().to_owned(), json.to_owned()));
        }
    }
    let mut hasher = FixedState::default().build_hasher();
    for item in &items {
        hasher.write(&text.as_bytes()[item.clone()]);
        hasher.write_usize(item.len());
    }
    Ok(ScanResult::Page(PageInfo {
        items,
        total,
        more,
        cursor: own,
        hash: hasher.finish(),
    }))
}

/// Parses a count: a number or a string that holds one.
pub(super) fn count(json: &str) -> Option<u64> {
    // Above this, `f64` cannot represent every whole number.
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

/// Whether a value means that there are more items. The platform also writes `false` and 0 as
/// strings.
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

/// Whether a value can be a cursor.
fn leads_on(json: &str) -> bool {
    match json.as_bytes() {
        [] | [b'n' | b'f', ..] => false,
        [b'"', ..] => json != "\"\"",
        [b'[' | b'{', inner @ .., _] => !inner.trim_ascii().is_empty(),
        _ => true,
    }
}
