//! The page of a list that a request selects, and the fields of the reply that describe it.

use serde_json::{Value, json};

use super::selection::{Selection, Start};
use super::values::text_of;
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::interface::Operation;
use crate::state::collection::{MaxLimit, PageField, Paging, PagingStyle};
use crate::state::store::Item;
use crate::time;

/// A page.
pub(crate) struct Page {
    /// The positions of its items, in their order.
    pub(crate) items: Vec<u64>,
    pub(crate) total: usize,
    /// The number of items before it; unknown after a cursor.
    offset: Option<usize>,
    /// Whether there are items after it.
    has_more: bool,
    limit: usize,
    number: usize,
}

impl Paging {
    /// Reads the page that a request selects.
    pub(crate) fn page(
        &self,
        request: &ParsedRequest,
        selection: &Selection<'_>,
    ) -> Result<Page, ApiError> {
        let limit = self.limit(request)?;
        let oldest_first = is_ascending(request).unwrap_or(self.oldest_first);
        let time_parameter = |name: &str| request.any(name).and_then(number);
        let (mut number, mut start) = (1, Start::Offset(0));
        let paged = |page: &str| {
            let number = whole(request, page, 1);
            (
                number,
                Start::Offset(number.saturating_sub(1).saturating_mul(limit)),
            )
        };
        match self.style {
            PagingStyle::All => {}
            PagingStyle::TimestampAndId(after, id) => {
                if let (Some(after), Some(_)) = (time_parameter(after), text(request, id)) {
                    start = Start::After(after);
                }
            }
            PagingStyle::Offset(skip) => start = Start::Offset(whole(request, skip, 0)),
            PagingStyle::Page(page) => (number, start) = paged(page),
            PagingStyle::PageFromZero(page) => {
                number = whole(request, page, 0);
                start = Start::Offset(number.saturating_mul(limit));
            }
            PagingStyle::PageOrCursor(page, after) => {
                let after = request
                    .any(after)
                    .and_then(|list| list.get(0))
                    .and_then(self::number);
                match after {
                    Some(after) => start = Start::After(after),
                    None => (number, start) = paged(page),
                }
            }
            PagingStyle::PageOrTimestampAndId(page, after, id) => {
                match (time_parameter(after), text(request, id)) {
                    (Some(after), Some(_)) => start = Start::After(after),
                    _ => (number, start) = paged(page),
                }
            }
            PagingStyle::Timestamp(after) => {
                if let Some(after) = time_in(request.any(after)) {
                    start = Start::After(after);
                }
            }
            PagingStyle::LastId(last) => {
                if let Some(last) = text(request, last) {
                    let after = selection.position_of(last);
                    let missing = || ApiError::bad_request(format!("No item with id {last}"));
                    start = Start::After(after.ok_or_else(missing)?);
                }
            }
            PagingStyle::Cursor(cursor) => {
                if let Some(cursor) = text(request, cursor) {
                    let after = decode_cursor(cursor)
                        .ok_or_else(|| ApiError::bad_request("Invalid cursor"))?;
                    start = Start::After(after);
                }
            }
        }
        let mut items = selection.page(start, limit.saturating_add(1), oldest_first);
        let has_more = items.len() > limit;
        items.truncate(limit);
        Ok(Page {
            items,
            total: selection.len(),
            offset: match start {
                Start::Offset(offset) => Some(offset.min(selection.len())),
                Start::After(_) => None,
            },
            has_more,
            limit,
            number,
        })
    }

    fn limit(&self, request: &ParsedRequest) -> Result<usize, ApiError> {
        if self.limit_parameter.is_empty() {
            return Ok(usize::MAX);
        }
        // Some interface files have 0 as the default.
        let requested = request.any(self.limit_parameter).and_then(number);
        let requested = requested.filter(|limit| *limit > 0);
        let limit = requested.map_or(self.default_limit, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        match self.max_limit {
            MaxLimit::Reject(max) if limit > max => Err(ApiError::forbidden(&format!(
                "{} must not be greater than {max}",
                self.limit_parameter
            ))),
            MaxLimit::Clamp(max) => Ok(limit.min(max)),
            _ => Ok(limit),
        }
    }

    /// Adds the cursor of the items after an item to its fields in a reply.
    pub(crate) fn insert_cursor(&self, fields: &mut Value, item: &Item) {
        if !self.cursor_field.is_empty()
            && let Some(fields) = fields.as_object_mut()
        {
            fields.insert(self.cursor_field.into(), json!([item.position, item.id]));
        }
    }
}

impl Page {
    /// The value of a field that describes this page. `last` is the last item of the page.
    pub(crate) fn field(
        &self,
        field: PageField,
        last: Option<&Item>,
        operation: &Operation,
        request: &ParsedRequest,
    ) -> Value {
        let has_more = self.has_more;
        let after = last.map(|last| last.position);
        let id = last.map(|last| last.id.as_str());
        match field {
            PageField::Total => self.total.into(),
            PageField::TotalInList => json!([{ "total": self.total }]),
            PageField::Count => self.items.len().into(),
            PageField::Page => self.number.into(),
            PageField::NextPage => has_more.then(|| self.number.saturating_add(1)).into(),
            PageField::PreviousPage => (self.number > 1)
                .then(|| self.number.saturating_sub(1))
                .into(),
            PageField::LastPosition => after.into(),
            PageField::LastId => id.into(),
            PageField::NextUrl => match (has_more, after, id) {
                (true, Some(after), Some(id)) => next_url(operation, request, after, id).into(),
                _ => Value::Null,
            },
            PageField::HasMore => has_more.into(),
            PageField::HasPrevious => (self.offset != Some(0)).into(),
            PageField::NextCursor => after.filter(|_| has_more).map(encode_cursor).into(),
            PageField::Limit => self.limit.into(),
            PageField::Offset => self.offset.into(),
            PageField::PageCount => self.total.div_ceil(self.limit.max(1)).into(),
        }
    }
}

/// Whether a request asks for the oldest items first; `None` if it does not say.
fn is_ascending(request: &ParsedRequest) -> Option<bool> {
    let names = ["sort", "sortOrder", "order", "sortDirection"];
    let text = names
        .iter()
        .find_map(|name| request.query.get(*name)?.as_str())?;
    match text {
        "asc" | "ascend" | "ASC" => Some(true),
        "desc" | "descend" | "DESC" => Some(false),
        _ => None,
    }
}

fn next_url(operation: &Operation, request: &ParsedRequest, after: u64, id: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &request.query {
        if name != "startAfter" && name != "startAfterId" && name != "page" {
            query.append_pair(name, &text_of(value));
        }
    }
    query.append_pair("startAfter", &after.to_string());
    query.append_pair("startAfterId", id);
    format!("{}?{}", operation.path, query.finish())
}

/// The opaque cursor of a position.
fn encode_cursor(position: u64) -> String {
    format!("c{:x}", position ^ MASK)
}

fn decode_cursor(cursor: &str) -> Option<u64> {
    let hex = cursor.strip_prefix('c')?;
    u64::from_str_radix(hex, 16)
        .ok()
        .map(|position| position ^ MASK)
}

const MASK: u64 = 0x5a5a_a5a5_3c3c_c3c3;

fn text<'a>(request: &'a ParsedRequest, name: &str) -> Option<&'a str> {
    request
        .any(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Reads a whole number, also from text. The check of the request rejects all other numbers.
fn number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    // The conversion saturates.
    number
        .filter(|number| *number >= 0.0)
        .map(|number| number as u64)
}

/// A time: a number, a date, or a list or object around one.
fn time_in(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => time::parse(text),
        Value::Array(list) => time_in(list.first()),
        Value::Object(fields) => time_in(fields.values().next()),
        value => number(value),
    }
}

/// Reads a whole number from the request; `least` if none was sent.
fn whole(request: &ParsedRequest, name: &str, least: usize) -> usize {
    let number = request.any(name).and_then(number);
    let number = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    number.map_or(least, |number| number.max(least))
}
