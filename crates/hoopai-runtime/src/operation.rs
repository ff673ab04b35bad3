//! The operation table: what differs from one operation of the platform to the next, as data.
//!
//! Every module crate carries one [`Operation`] for each operation that its interface file declares. The runtime reads the
//! row and does the rest, so that no behaviour is written into generated code.

/// One operation of the platform: a row of a module's operation table.
///
/// Rows name only what differs from [`Operation::DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The module that it belongs to, as the platform's addresses spell it: `contacts`.
    pub module: &'static str,
    /// The name of the method that calls it: `get_contact`.
    pub name: &'static str,
    /// The platform's own operation id: `get-contact`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters in braces: `/contacts/{contactId}`. A trailing slash is part of it.
    pub path: &'static str,
    /// The API version that the interface file declares, or `None` where it declares none; then
    /// [`DEFAULT_API_VERSION`](crate::DEFAULT_API_VERSION) is sent.
    pub version: Option<&'static str>,
    /// Which kinds of token the platform accepts.
    pub tokens: Tokens,
    /// The scopes that the token needs.
    pub scopes: &'static [&'static str],
    /// Whether doing it twice leaves the platform in the state of doing it once.
    pub idempotent: bool,
    /// Where the location (sub-account) goes, if the operation takes one.
    pub location: Option<Location>,
    /// The query parameters that the interface file declares.
    pub query: &'static [QueryParam],
    /// The request body, if the operation takes one.
    pub body: Option<Body>,
    /// What a successful reply holds.
    pub reply: Reply,
    /// How the operation pages, if it does.
    pub paging: Option<Paging>,
    /// Whether the platform advises against its use.
    pub deprecated: bool,
}

impl Operation {
    /// A row with nothing set: a `GET` of nothing that answers JSON. Tables are written as differences from it.
    pub const DEFAULT: Operation = Operation {
        module: "",
        name: "",
        id: "",
        method: Method::Get,
        path: "",
        version: None,
        tokens: Tokens::NONE,
        scopes: &[],
        idempotent: false,
        location: None,
        query: &[],
        body: None,
        reply: Reply::Json,
        paging: None,
        deprecated: false,
    };
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does what fits no other method.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as the wire has it: `GET`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    pub(crate) fn to_http(self) -> reqwest::Method {
        match self {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of token that an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// A token of one location (sub-account); private integration tokens made in a location are of this kind.
    pub location: bool,
    /// A token of the agency (company) that owns the locations.
    pub agency: bool,
}

impl Tokens {
    /// The interface file says nothing about tokens.
    pub const NONE: Tokens = Tokens {
        location: false,
        agency: false,
    };
    /// Location tokens only.
    pub const LOCATION: Tokens = Tokens {
        location: true,
        agency: false,
    };
    /// Agency tokens only.
    pub const AGENCY: Tokens = Tokens {
        location: false,
        agency: true,
    };
    /// Either kind.
    pub const ANY: Tokens = Tokens {
        location: true,
        agency: true,
    };
}

/// Where an operation takes the location (sub-account) that it acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The part of the request.
    pub part: ParamLocation,
    /// The name there, as the wire has it: `locationId`, `location_id`, `altId`.
    pub name: &'static str,
    /// Whether the name is `altId`, which is sent together with `altType` = `location`.
    pub alt_type: bool,
    /// Whether a call that names no location is an error before it is sent.
    pub required: bool,
}

/// A part of a request that can carry the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamLocation {
    /// A path parameter.
    Path,
    /// A query parameter.
    Query,
    /// A top-level field of the body, whatever the body's kind.
    Body,
}

/// A query parameter that the interface file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryParam {
    /// The name as the wire has it.
    pub name: &'static str,
    /// Whether a call without it is an error before it is sent. The interface files call more parameters required than the
    /// platform requires, so this is `true` only where there is evidence.
    pub required: bool,
    /// How a list is written.
    pub style: ListStyle,
}

/// How a list is written into a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// One pair for each item: `id=1&id=2`.
    Repeat,
    /// One pair, the items joined by commas: `id=1,2`.
    Comma,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// How it is encoded.
    pub kind: BodyKind,
    /// Whether the interface file declares that there must be a body.
    pub required: bool,
    /// The fields without which a call is an error before it is sent, by their paths on the wire: `name`, `items.qty`. A list
    /// on the path stands for each of its items. The interface files call more fields required than the platform requires, so
    /// only those with evidence are listed.
    pub fields: &'static [&'static str],
    /// Whether the caller may give no body: then `{}`, or the location alone, is sent.
    pub omittable: bool,
}

impl Body {
    /// JSON that must be there and need not have any field in particular. Rows are written as differences from it.
    pub const DEFAULT: Body = Body {
        kind: BodyKind::Json,
        required: true,
        fields: &[],
        omittable: false,
    };
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

/// What a successful reply holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// JSON.
    Json,
    /// Nothing that is of use.
    Empty,
    /// Bytes of any kind: a file.
    Bytes,
}

/// How an operation pages: where a page's items stand in the reply, and what asks for the next page.
///
/// A *place* is a chain of names joined by dots from the root of the reply, or of the last item: `meta.total`,
/// `messages.messages`; a part that is all digits indexes a list (`sort.0`). What is made of it is in [`paging`](crate::paging).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The place of the list of items in the reply; `""` where the reply itself is the list.
    pub items: &'static str,
    /// The place of the count of all items, a number or the text of one.
    pub total: Option<&'static str>,
    /// The place that says whether there is more: `true`, a number above 0 and a text that is not empty mean more; `false`,
    /// `null`, 0, `""` and absence mean the end.
    pub more: Option<&'static str>,
    /// The parameter that takes the size of a page, and its maximum, which is sent unless the caller sets the parameter.
    pub size: Option<PageSize>,
    /// What asks for the next page.
    pub strategy: PageStrategy,
}

impl Paging {
    /// The reply is the list, and `offset` in the query leaves items out. Rules can be written as differences from it.
    pub const DEFAULT: Paging = Paging {
        items: "",
        total: None,
        more: None,
        size: None,
        strategy: PageStrategy::Offset(PageParam::Query("offset")),
    };
}

/// The parameter that takes the size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// The parameter.
    pub to: PageParam,
    /// The largest size that is asked for.
    pub max: u32,
    /// Whether the platform declares this maximum, in its interface file or in the parameter's description. Larger sizes are
    /// errors before anything is sent then. Otherwise the maximum is an assumption, and larger sizes are sent.
    pub declared: bool,
}

/// What asks for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStrategy {
    /// A count of items to leave out. It grows by the items that came.
    Offset(PageParam),
    /// The number of the page, which grows by one.
    Page {
        /// The parameter.
        to: PageParam,
        /// The number of the first page.
        first: u32,
    },
    /// Marks taken from the page before. All that are found go into the next request, together.
    Cursor(&'static [CursorField]),
}

/// A mark that leads from a page to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorField {
    /// Where it stands.
    pub from: CursorSource,
    /// The parameter that takes it.
    pub to: PageParam,
}

/// Where a mark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorSource {
    /// At this place of the reply.
    Reply(&'static str),
    /// At this place of the last item of the page.
    LastItem(&'static str),
}

/// A parameter of the request that paging sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageParam {
    /// A query parameter.
    Query(&'static str),
    /// A top-level field of the body.
    Body {
        /// Its name.
        name: &'static str,
        /// The body declares it as a string, or as a list of strings, so that numbers go as text.
        text: bool,
    },
}

impl PageParam {
    /// The name of the parameter on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            PageParam::Query(name) | PageParam::Body { name, .. } => name,
        }
    }
}

/// Defines the builder of one operation. Module crates use it; their users meet what it makes.
///
/// ```text
/// operation! { /// docs
///     pub GetContact(GET_CONTACT) -> json crate::types::GetContactResponse }
/// operation! { pub ListContacts(LIST_CONTACTS) -> json crate::types::ListContactsResponse, paged crate::types::Contact }
/// operation! { pub DeleteContact(DELETE_CONTACT) -> empty }
/// operation! { pub DownloadInvoice(DOWNLOAD_INVOICE) -> bytes }
/// operation! { pub UploadFile(UPLOAD_FILE) multipart -> json crate::types::UploadFileResponse }
/// ```
///
/// The name in parentheses is a path to the operation's row, a `static` [`Operation`](crate::operation::Operation).
/// The struct has one private field, `call`, a [`Call`](crate::Call); the setters of the operation's parameters are
/// written next to the macro, in the same module:
///
/// ```text
/// impl GetContact {
///     pub fn contact_id(mut self, value: impl IntoField<String>) -> Self {
///         self.call.path("contactId", value.into_field());
///         self
///     }
/// }
/// ```
///
/// What the macro itself adds: `new(&Handle)` for the crate, `extra_query`, `extra_body`, `api_version`, `options`, `send`; where
/// `multipart` stands before the arrow, `part(name, Part)`; and where an item's type follows behind `paged`, `stream`, `pages` and
/// `collect_all`, which go by the rule in the operation's row.
#[macro_export]
macro_rules! operation {
    ($(#[$meta:meta])* pub $name:ident($operation:path) multipart -> $($reply:tt)+) => {
        $crate::operation! { $(#[$meta])* pub $name($operation) -> $($reply)+ }

        impl $name {
            /// Adds a part under a name that is only known at run time, next to parts of the same name.
            #[inline]
            pub fn part(mut self, name: impl Into<String>, part: impl Into<$crate::Part>) -> Self {
                self.call.add_part(name, part);
                self
            }
        }
    };
    ($(#[$meta:meta])* pub $name:ident($operation:path) -> $($reply:tt)+) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "nothing is sent before `send` is awaited"]
        pub struct $name {
            call: $crate::Call,
        }

        impl $name {
            #[inline]
            pub(crate) fn new(handle: &$crate::Handle) -> Self {
                Self { call: $crate::Call::new(handle, &$operation) }
            }

            /// Adds a query pair that the interface file does not list.
            #[inline]
            pub fn extra_query(mut self, name: impl Into<String>, value: impl $crate::ParamValue) -> Self {
                self.call.extra_query(name, value);
                self
            }

            /// Adds a top-level field to the body, in place of one of the same name.
            #[inline]
            pub fn extra_body(mut self, name: impl Into<String>, value: impl $crate::__private::Serialize) -> Self {
                self.call.extra_body(name, value);
                self
            }

            /// Sends this API version (a date such as `2021-07-28`) with this call, whatever the operation declares.
            #[inline]
            pub fn api_version(mut self, version: impl Into<String>) -> Self {
                self.call.api_version(version);
                self
            }

            /// Sets what is other than the client's for this call: times, retries, whether it may be done twice.
            #[inline]
            pub fn options(mut self, options: $crate::CallOptions) -> Self {
                self.call.options(options);
                self
            }

            $crate::__operation_send!($($reply)+);
        }
    };
}

/// The `send` method of a builder, by kind of reply.
#[doc(hidden)]
#[macro_export]
macro_rules! __operation_send {
    (json $reply:ty, paged $item:ty) => {
        $crate::__operation_send!(json $reply);

        /// Reads the list item by item, over all of its pages. Nothing is sent before the first item is asked for.
        #[inline]
        pub fn stream(self) -> $crate::paging::ItemStream<$item> {
            $crate::__private::item_stream(self.call)
        }

        /// Reads the list page by page, each as `send` gives it.
        #[inline]
        pub fn pages(self) -> $crate::paging::PageStream<$reply> {
            $crate::__private::page_stream(self.call)
        }

        /// Reads the whole list, up to a limit; it is an error if the list has more items than that.
        #[inline]
        pub fn collect_all(self, limit: usize) -> $crate::paging::CollectFuture<$item> {
            $crate::__private::item_stream(self.call).collect_all(limit)
        }
    };
    (json $reply:ty) => {
        /// Sends the call.
        ///
        /// # Errors
        /// A parameter that is missing or unfit, a failure on the way, a refusal by the platform, or a reply that does not
        /// fit: see [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<$reply> {
            self.call.send_json()
        }
    };
    (empty) => {
        /// Sends the call. What a successful reply holds is left aside.
        ///
        /// # Errors
        /// A parameter that is missing or unfit, a failure on the way, or a refusal by the platform: see
        /// [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<()> {
            self.call.send_empty()
        }
    };
    (bytes) => {
        /// Sends the call. The reply comes as bytes, piece by piece or collected.
        ///
        /// # Errors
        /// A parameter that is missing or unfit, a failure on the way, or a refusal by the platform: see
        /// [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<$crate::ByteStream> {
            self.call.send_bytes()
        }
    };
}
