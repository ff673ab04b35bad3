//! The families of paging, each as data, and the one cut that serves them all.

use serde_json::{Value, json};

use super::chosen::{Begin, Chosen};
use super::store::Found;
use super::time;
use crate::api_error::ApiError;
use crate::check::NumberKind;
use crate::check::ParsedRequest;
use crate::interface::Operation;

/// How a list is paged.
pub(super) struct Paging {
    pub(super) style: Style,
    /// The parameter that says how many items a page has.
    pub(super) limit: &'static str,
    /// So many it has if the request does not say.
    pub(super) usual: usize,
    /// So many it has at most.
    pub(super) most: Most,
    /// Whether the oldest come first.
    pub(super) oldest_first: bool,
    /// What the reply says about the page, and where.
    pub(super) tells: &'static [(&'static str, Tell)],
    /// The field of an item that holds the cursor behind it.
    pub(super) cursor: &'static str,
}

/// What happens to a page that is too large.
#[derive(Clone, Copy)]
pub(super) enum Most {
    Any,
    /// It is refused with 403.
    Forbidden(usize),
    /// It is made smaller.
    Cut(usize),
}

/// How the next page is asked for.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// There is only one.
    All,
    /// Moment and id of the last item, of which neither says anything without the other.
    Both(&'static str, &'static str),
    /// The number of items to leave out.
    Skip(&'static str),
    /// The page's number, from 1.
    Page(&'static str),
    /// The page's number, from 0.
    PageFromZero(&'static str),
    /// The page's number; or moment and id of the last item in a list, which goes before.
    PageOrAfter(&'static str, &'static str),
    /// The page's number; or moment and id of the last item, which go before.
    PageOrBoth(&'static str, &'static str, &'static str),
    /// The moment of the last item.
    Moment(&'static str),
    /// The id of the last item.
    LastId(&'static str),
    /// A text that the platform gave.
    Cursor(&'static str),
}

/// What a reply says about a page.
#[derive(Clone, Copy)]
pub(super) enum Tell {
    /// How many items there are.
    Total,
    /// The same, as `[{"total": n}]`.
    TotalInList,
    /// How many items the page has.
    Shown,
    /// The page's number; 1 where a cursor stands for it.
    Page,
    /// The next page's number; null where there is none.
    NextPage,
    PrevPage,
    /// The last item's moment.
    After,
    /// The last item's id.
    AfterId,
    /// Where the next page is, without the host; null where there is none.
    NextUrl,
    /// Whether there is more.
    More,
    /// Whether there is something before.
    Less,
    /// The cursor of the next page; null where there is none.
    Next,
    Limit,
    Skip,
    Pages,
}

/// A page.
pub(super) struct Page {
    /// The moments of its items, in their order.
    pub(super) items: Vec<u64>,
    pub(super) total: usize,
    /// How many items stand before it; behind a mark nobody counts.
    skipped: Option<usize>,
    /// Whether there are items behind it.
    more: bool,
    limit: usize,
    number: usize,
}

impl Paging {
    /// All at once, the oldest first.
    pub(super) const ALL: Paging = Paging {
        style: Style::All,
        limit: "",
        usual: usize::MAX,
        most: Most::Any,
        oldest_first: true,
        tells: &[],
        cursor: "",
    };

    const fn skip(skip: &'static str, tells: &'static [(&'static str, Tell)]) -> Paging {
        Paging {
            style: Style::Skip(skip),
            limit: "limit",
            usual: 20,
            most: Most::Cut(100),
            oldest_first: false,
            tells,
            cursor: "",
        }
    }

    /// `skip` and `limit`.
    pub(super) const fn skip_limit(tells: &'static [(&'static str, Tell)]) -> Paging {
        Self::skip("skip", tells)
    }

    /// `offset` and `limit`.
    pub(super) const fn offset_limit(tells: &'static [(&'static str, Tell)]) -> Paging {
        Self::skip("offset", tells)
    }

    pub(super) const fn usually(self, usual: usize) -> Paging {
        Paging { usual, ..self }
    }

    pub(super) const fn at_most(self, most: usize) -> Paging {
        let most = Most::Cut(most);
        Paging { most, ..self }
    }

    pub(super) const fn oldest_first(self) -> Paging {
        let oldest_first = true;
        Paging {
            oldest_first,
            ..self
        }
    }

    /// The parameters that select a page, and the kinds of numbers in them.
    pub(super) fn numbers(&self) -> Vec<(&'static str, NumberKind)> {
        let mut numbers = match self.style {
            Style::All | Style::LastId(_) | Style::Cursor(_) => Vec::new(),
            Style::Skip(name) | Style::PageFromZero(name) => vec![(name, NumberKind::AtLeast(0))],
            Style::Page(name) => vec![(name, NumberKind::AtLeast(1))],
            Style::Both(after, _) | Style::Moment(after) => vec![(after, NumberKind::Timestamp)],
            Style::PageOrAfter(page, after) => {
                vec![
                    (page, NumberKind::AtLeast(1)),
                    (after, NumberKind::TimestampCursor),
                ]
            }
            Style::PageOrBoth(page, after, _) => {
                vec![
                    (page, NumberKind::AtLeast(1)),
                    (after, NumberKind::Timestamp),
                ]
            }
        };
        if !self.limit.is_empty() {
            numbers.push((self.limit, NumberKind::AtLeast(0)));
        }
        numbers
    }

    /// The page that a request asks for.
    pub(super) fn cut(&self, accepted: &ParsedRequest, all: &Chosen<'_>) -> Result<Page, ApiError> {
        let limit = self.limit(accepted)?;
        let oldest_first = match order(accepted) {
            Some(ascending) => ascending,
            None => self.oldest_first,
        };
        let moment = |name: &str| accepted.any(name).and_then(number);
        let (mut number, mut begin) = (1, Begin::Skip(0));
        let paged = |page: &str| {
            let number = whole(accepted, page, 1);
            (
                number,
                Begin::Skip(number.saturating_sub(1).saturating_mul(limit)),
            )
        };
        match self.style {
            Style::All => {}
            Style::Both(after, id) => {
                if let (Some(after), Some(_)) = (moment(after), text(accepted, id)) {
                    begin = Begin::Behind(after);
                }
            }
            Style::Skip(skip) => begin = Begin::Skip(whole(accepted, skip, 0)),
            Style::Page(page) => (number, begin) = paged(page),
            Style::PageFromZero(page) => {
                number = whole(accepted, page, 0);
                begin = Begin::Skip(number.saturating_mul(limit));
            }
            Style::PageOrAfter(page, after) => {
                let after = accepted
                    .any(after)
                    .and_then(|list| list.get(0))
                    .and_then(self::number);
                match after {
                    Some(after) => begin = Begin::Behind(after),
                    None => (number, begin) = paged(page),
                }
            }
            Style::PageOrBoth(page, after, id) => match (moment(after), text(accepted, id)) {
                (Some(after), Some(_)) => begin = Begin::Behind(after),
                _ => (number, begin) = paged(page),
            },
            Style::Moment(after) => {
                if let Some(after) = moment_of(accepted.any(after)) {
                    begin = Begin::Behind(after);
                }
            }
            Style::LastId(last) => {
                if let Some(last) = text(accepted, last) {
                    let after = all.moment_of(last);
                    let missing = || ApiError::bad_request(format!("No item with id {last}"));
                    begin = Begin::Behind(after.ok_or_else(missing)?);
                }
            }
            Style::Cursor(cursor) => {
                if let Some(cursor) = text(accepted, cursor) {
                    let after =
                        unlock(cursor).ok_or_else(|| ApiError::bad_request("Invalid cursor"))?;
                    begin = Begin::Behind(after);
                }
            }
        }
        let mut items = all.page(begin, limit.saturating_add(1), oldest_first);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Page {
            items,
            total: all.len(),
            skipped: match begin {
                Begin::Skip(skipped) => Some(skipped.min(all.len())),
                Begin::Behind(_) => None,
            },
            more,
            limit,
            number,
        })
    }

    fn limit(&self, accepted: &ParsedRequest) -> Result<usize, ApiError> {
        if self.limit.is_empty() {
            return Ok(usize::MAX);
        }
        // Some files give 0 as the default.
        let given = accepted.any(self.limit).and_then(number);
        let given = given.filter(|limit| *limit > 0);
        let limit = given.map_or(self.usual, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        match self.most {
            Most::Forbidden(most) if limit > most => Err(ApiError::forbidden(&format!(
                "{} must not be greater than {most}",
                self.limit
            ))),
            Most::Cut(most) => Ok(limit.min(most)),
            _ => Ok(limit),
        }
    }

    /// Puts the cursor behind an item into it.
    pub(super) fn mark(&self, item: &mut Value, found: &Found) {
        if !self.cursor.is_empty()
            && let Some(fields) = item.as_object_mut()
        {
            fields.insert(self.cursor.into(), json!([found.at, found.id]));
        }
    }
}

impl Page {
    /// What a reply says about this page.
    pub(super) fn tell(
        &self,
        tell: Tell,
        last: Option<&Found>,
        operation: &Operation,
        accepted: &ParsedRequest,
    ) -> Value {
        let more = self.more;
        let after = last.map(|last| last.at);
        let id = last.map(|last| last.id.as_str());
        match tell {
            Tell::Total => self.total.into(),
            Tell::TotalInList => json!([{ "total": self.total }]),
            Tell::Shown => self.items.len().into(),
            Tell::Page => self.number.into(),
            Tell::NextPage => more.then(|| self.number.saturating_add(1)).into(),
            Tell::PrevPage => (self.number > 1)
                .then(|| self.number.saturating_sub(1))
                .into(),
            Tell::After => after.into(),
            Tell::AfterId => id.into(),
            Tell::NextUrl => match (more, after, id) {
                (true, Some(after), Some(id)) => next_url(operation, accepted, after, id).into(),
                _ => Value::Null,
            },
            Tell::More => more.into(),
            Tell::Less => (self.skipped != Some(0)).into(),
            Tell::Next => after.filter(|_| more).map(lock).into(),
            Tell::Limit => self.limit.into(),
            Tell::Skip => self.skipped.into(),
            Tell::Pages => self.total.div_ceil(self.limit.max(1)).into(),
        }
    }
}

/// Whether a request wants the oldest first.
fn order(accepted: &ParsedRequest) -> Option<bool> {
    let names = ["sort", "sortOrder", "order", "sortDirection"];
    let text = names
        .iter()
        .find_map(|name| accepted.query.get(*name)?.as_str())?;
    match text {
        "asc" | "ascend" | "ASC" => Some(true),
        "desc" | "descend" | "DESC" => Some(false),
        _ => None,
    }
}

fn next_url(operation: &Operation, accepted: &ParsedRequest, after: u64, id: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &accepted.query {
        if name != "startAfter" && name != "startAfterId" && name != "page" {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            query.append_pair(name, &text);
        }
    }
    query.append_pair("startAfter", &after.to_string());
    query.append_pair("startAfterId", id);
    format!("{}?{}", operation.path, query.finish())
}

/// The cursor of a moment: nothing that a client could make sense of.
fn lock(at: u64) -> String {
    format!("c{:x}", at ^ MASK)
}

fn unlock(cursor: &str) -> Option<u64> {
    let hex = cursor.strip_prefix('c')?;
    u64::from_str_radix(hex, 16).ok().map(|at| at ^ MASK)
}

const MASK: u64 = 0x5a5a_a5a5_3c3c_c3c3;

fn text<'a>(accepted: &'a ParsedRequest, name: &str) -> Option<&'a str> {
    accepted
        .any(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Reads a whole number, also from text. The check of the request refuses all other numbers.
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

/// A moment: a number, a date, or a list or object around one.
fn moment_of(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => time::parse(text),
        Value::Array(list) => moment_of(list.first()),
        Value::Object(fields) => moment_of(fields.values().next()),
        value => number(value),
    }
}

/// Reads a whole number from the request; `least` if none was sent.
fn whole(accepted: &ParsedRequest, name: &str, least: usize) -> usize {
    let number = accepted.any(name).and_then(number);
    let number = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    number.map_or(least, |number| number.max(least))
}

/// Contacts: moment and id together.
pub(super) const CONTACTS: Paging = Paging {
    style: Style::Both("startAfter", "startAfterId"),
    limit: "limit",
    usual: 20,
    most: Most::Forbidden(100),
    oldest_first: false,
    tells: &[
        ("count", Tell::Total),
        ("meta.total", Tell::Total),
        ("meta.currentPage", Tell::Page),
        ("meta.nextPage", Tell::NextPage),
        ("meta.prevPage", Tell::PrevPage),
        ("meta.startAfter", Tell::After),
        ("meta.startAfterId", Tell::AfterId),
        ("meta.nextPageUrl", Tell::NextUrl),
    ],
    cursor: "",
};

/// Searches of contacts and records: a page's number, or the last item's cursor.
pub(super) const SEARCH: Paging = Paging {
    style: Style::PageOrAfter("page", "searchAfter"),
    limit: "pageLimit",
    usual: 20,
    most: Most::Forbidden(500),
    oldest_first: false,
    tells: &[("total", Tell::Total)],
    cursor: "searchAfter",
};

/// The newer search of opportunities.
pub(super) const OPPORTUNITY_SEARCH: Paging = Paging {
    limit: "limit",
    most: Most::Forbidden(100),
    cursor: "sort",
    ..SEARCH
};

/// The older one.
pub(super) const OPPORTUNITIES: Paging = Paging {
    style: Style::PageOrBoth("page", "startAfter", "startAfterId"),
    cursor: "",
    tells: &[
        ("meta.total", Tell::Total),
        ("meta.nextPageUrl", Tell::NextUrl),
        ("meta.startAfter", Tell::After),
        ("meta.startAfterId", Tell::AfterId),
        ("meta.currentPage", Tell::Page),
        ("meta.nextPage", Tell::NextPage),
        ("meta.prevPage", Tell::PrevPage),
    ],
    ..OPPORTUNITY_SEARCH
};

/// What the families below have in common.
const NEWEST: Paging = Paging::skip("", &[]);

/// Conversations: the moment of the last, which each item has in a list by which it was sorted.
pub(super) const CONVERSATIONS: Paging = Paging {
    style: Style::Moment("startAfterDate"),
    tells: &[("total", Tell::Total)],
    cursor: "sort",
    ..NEWEST
};

/// A conversation's messages: the id of the last, all of it nested.
pub(super) const MESSAGES: Paging = Paging {
    style: Style::LastId("lastMessageId"),
    tells: &[
        ("messages.lastMessageId", Tell::AfterId),
        ("messages.nextPage", Tell::More),
    ],
    ..NEWEST
};

/// A location's messages: a cursor.
pub(super) const EXPORT: Paging = Paging {
    style: Style::Cursor("cursor"),
    usual: 100,
    most: Most::Cut(500),
    tells: &[("nextCursor", Tell::Next), ("total", Tell::Total)],
    ..NEWEST
};

/// Frequently asked questions: the id of the last.
pub(super) const FAQS: Paging = Paging {
    style: Style::LastId("lastFaqId"),
    usual: 10,
    tells: &[
        ("count", Tell::Total),
        ("lastFaqId", Tell::AfterId),
        ("hasMore", Tell::More),
    ],
    ..NEWEST
};

/// Assistants: the id of the last.
pub(super) const ASSISTANTS: Paging = Paging {
    style: Style::LastId("startAfter"),
    tells: &[("count", Tell::Shown), ("totalCount", Tell::Total)],
    ..NEWEST
};

/// Knowledge bases: the same in `data`.
pub(super) const KNOWLEDGE_BASES: Paging = Paging {
    style: Style::LastId("lastKnowledgeBaseId"),
    tells: &[
        ("data.activeCount", Tell::Total),
        ("data.lastKnowledgeBaseId", Tell::AfterId),
        ("data.hasMore", Tell::More),
    ],
    ..NEWEST
};

/// Submissions of forms and surveys: pages, and null behind the last.
pub(super) const SUBMISSIONS: Paging = Paging {
    style: Style::Page("page"),
    most: Most::Forbidden(100),
    tells: &[
        ("meta.total", Tell::Total),
        ("meta.currentPage", Tell::Page),
        ("meta.nextPage", Tell::NextPage),
        ("meta.prevPage", Tell::PrevPage),
    ],
    ..NEWEST
};

/// Numbered pages with their size.
pub(super) const VOICE: Paging = Paging {
    style: Style::Page("page"),
    limit: "pageSize",
    usual: 10,
    most: Most::Cut(50),
    tells: &[
        ("total", Tell::Total),
        ("page", Tell::Page),
        ("pageSize", Tell::Limit),
    ],
    ..NEWEST
};

/// Phone numbers: the first page is 0, and nothing says how many there are.
pub(super) const NUMBERS: Paging = Paging {
    style: Style::PageFromZero("page"),
    usual: 1000,
    most: Most::Cut(1000),
    tells: &[("page", Tell::Page), ("pageSize", Tell::Limit)],
    ..VOICE
};

/// Addresses that a knowledge base was trained with: pages with a size of another name.
pub(super) const TRAINED: Paging = Paging {
    style: Style::Page("page"),
    limit: "pageLength",
    tells: &[("count", Tell::Total)],
    ..NEWEST
};

/// Pushes of a snapshot: the id of the last.
pub(super) const PUSHES: Paging = Paging {
    style: Style::LastId("lastDoc"),
    ..NEWEST
};

/// SaaS locations: pages of a size that cannot be chosen.
pub(super) const SAAS: Paging = Paging {
    style: Style::Page("page"),
    limit: "limit",
    usual: 10,
    tells: &[
        ("pagination.page", Tell::Page),
        ("pagination.limit", Tell::Limit),
        ("pagination.total", Tell::Total),
        ("pagination.totalPages", Tell::Pages),
        ("pagination.hasNext", Tell::More),
        ("pagination.hasPrev", Tell::Less),
    ],
    ..NEWEST
};
