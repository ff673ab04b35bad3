//! A list on a server, for each paging strategy, and paging rules to read it.

use std::sync::Arc;

use hoopai_runtime::operation::{
    CursorField, CursorSource, PageParam, PageSize, PageStrategy, Paging,
};
use hoopai_runtime::paging::ItemStream;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::serde_json::{Value, json};
use hoopai_runtime::{Error, Handle, Method, reqwest};
use hoopai_test_support::{Reply, Request, Server};

use crate::clients::Clients;

pub(crate) const SIZE: Option<PageSize> = Some(PageSize {
    to: PageParam::Query("limit"),
    max: 10,
    declared: false,
});

pub(crate) const OFFSET: Paging = Paging {
    items: "items",
    size: SIZE,
    strategy: PageStrategy::Offset(PageParam::Query("skip")),
    ..Paging::DEFAULT
};

pub(crate) const PAGE: Paging = Paging {
    strategy: PageStrategy::Page {
        to: PageParam::Query("page"),
        first: 1,
    },
    ..OFFSET
};

pub(crate) const CURSOR: Paging = Paging {
    strategy: PageStrategy::Cursor(&[CursorField {
        from: CursorSource::Reply("meta.next"),
        to: PageParam::Query("after"),
    }]),
    ..OFFSET
};

pub(crate) const LAST_ITEM: Paging = Paging {
    strategy: PageStrategy::Cursor(&[CursorField {
        from: CursorSource::LastItem("mark"),
        to: PageParam::Query("after"),
    }]),
    ..OFFSET
};

/// All strategies, with and without a total, with and without a has-more flag.
pub(crate) fn rules() -> Vec<Paging> {
    let mut rules = Vec::new();
    for rule in [OFFSET, PAGE, CURSOR, LAST_ITEM] {
        for total in [None, Some("meta.total")] {
            for more in [None, Some("meta.more")] {
                rules.push(Paging {
                    total,
                    more,
                    ..rule
                });
            }
        }
    }
    rules
}

/// A list with given pages.
#[derive(Clone)]
pub(crate) struct FakeList {
    pub(crate) pages: Arc<Vec<Vec<usize>>>,
    /// The total in its replies.
    pub(crate) total: Value,
}

impl FakeList {
    /// The numbers below `count`, in full pages.
    pub(crate) fn full(count: usize) -> Self {
        let all: Vec<usize> = (0..count).collect();
        Self::of(all.chunks(10).map(<[usize]>::to_vec).collect())
    }

    pub(crate) fn of(pages: Vec<Vec<usize>>) -> Self {
        let total = json!(pages.iter().map(Vec::len).sum::<usize>());
        FakeList {
            pages: Arc::new(pages),
            total,
        }
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.pages.iter().flatten().map(usize::to_string).collect()
    }

    /// Returns the number of items before a page.
    fn before(&self, page: usize) -> usize {
        self.pages.iter().take(page).map(Vec::len).sum()
    }

    /// Returns the reply to a request.
    pub(crate) fn reply(&self, request: &Request) -> Reply {
        let limit = request.number("limit").unwrap();
        let mut from = 0;
        let page = if let Some(skip) = request.number("skip") {
            // Pages without items cannot be reached by an offset.
            let page = (0..self.pages.len()).find(|page| skip < self.before(page + 1));
            from = page.map_or(0, |page| skip - self.before(page));
            page.unwrap_or(self.pages.len())
        } else if let Some(page) = request.number("page") {
            page - 1
        } else if let Some(after) = request.query("after") {
            after.strip_prefix("p/").unwrap().parse().unwrap()
        } else {
            0
        };
        let own = self.pages.get(page).map_or(&[][..], |page| &page[from..]);
        let last = own.last();
        assert!(own.len() <= limit, "a page of more than {limit}");
        let items: Vec<Value> = own
            .iter()
            .map(|number| {
                let mut item = json!({"id": number.to_string(), "tags": ["{[\"", "]}"]});
                if Some(number) == last {
                    item["mark"] = json!(format!("p/{}", page + 1));
                }
                item
            })
            .collect();
        let more = page + 1 < self.pages.len();
        let next = more.then(|| format!("p/{}", page + 1));
        Reply::json(
            200,
            json!({
                "items": items,
                "meta": {"total": self.total, "more": more, "next": next},
                "traceId": "t-1",
            })
            .to_string(),
        )
    }

    pub(crate) fn server(&self) -> Server {
        let fake = self.clone();
        Server::start(move |request| fake.reply(request))
    }
}

hoopai_runtime::model! {
    /// An item.
    pub struct Item {
        /// Its id.
        pub id: String = "id",
        /// Labels.
        pub tags: Vec<String> = "tags",
        /// A count.
        pub visits: i64 = "visits",
    }

    /// A page.
    pub struct ItemsReply {
        /// The items.
        pub items: Vec<Item> = "items",
    }
}

thread_local! {
    /// Shared by the handles of a test, since each client takes long to build.
    static HTTP: reqwest::Client = reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
}

/// Returns a handle without rate limit.
pub(crate) fn handle(server: &Server) -> Handle {
    let builder = server.builder().limits(RateLimitSettings::unlimited());
    builder
        .http_client(HTTP.with(Clone::clone))
        .build()
        .unwrap()
}

/// Returns the list of a server.
pub(crate) fn list(handle: &Handle, rule: Paging) -> ItemStream<Item> {
    handle.request(Method::GET, "/items").stream(rule)
}

/// Reads a list. Returns the ids of its items, and the error at the end if there is one.
pub(crate) async fn ids(list: &mut ItemStream<Item>) -> (Vec<String>, Option<Error>) {
    let mut ids = Vec::new();
    while let Some(item) = list.next().await {
        match item {
            Ok(item) => ids.push(item.id.unwrap()),
            Err(error) => {
                assert!(list.next().await.is_none(), "an error ends the list");
                return (ids, Some(error));
            }
        }
    }
    assert!(list.next().await.is_none(), "an ended list stays ended");
    (ids, None)
}
