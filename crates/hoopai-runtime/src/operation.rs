//! The operation table: the differences between operations, as data.
//!
//! Each module crate has one [`Operation`] for each operation of its interface file. The runtime
//! interprets it, so generated code contains no behaviour.

pub use reqwest::Method;

/// One operation of the platform: a row of a module's operation table.
///
/// Rows name only what differs from [`Operation::DEFAULT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// The module, as in the platform's URLs: `contacts`.
    pub module: &'static str,
    /// The name of its method: `get_contact`.
    pub name: &'static str,
    /// The platform's operation id: `get-contact`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static Method,
    /// The path with its parameters in braces: `/contacts/{contactId}`. A trailing slash is part of it.
    pub path: &'static str,
    /// The API version that the interface file declares. `None`:
    /// [`DEFAULT_API_VERSION`](crate::DEFAULT_API_VERSION) is sent.
    pub version: Option<&'static str>,
    /// The kinds of token that the platform accepts.
    pub tokens: Tokens,
    /// The scopes that the token needs.
    pub scopes: &'static [&'static str],
    /// Whether repeating the operation has the same effect as executing it once.
    pub idempotent: bool,
    /// The parameter for the location (sub-account), if the operation has one.
    pub location: Option<Location>,
    /// The query parameters that the interface file declares.
    pub query: &'static [QueryParam],
    /// The request body, if the operation has one.
    pub body: Option<Body>,
    /// The content of a successful reply.
    pub reply: Reply,
    /// The paging rule, if the operation is paged.
    pub paging: Option<Paging>,
    /// Whether the platform discourages its use.
    pub deprecated: bool,
}

impl Operation {
    /// A `GET` without parameters that returns JSON. Tables are written as differences from it.
    pub const DEFAULT: Operation = Operation {
        module: "",
        name: "",
        id: "",
        method: &Method::GET,
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

/// The kinds of token that an operation accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tokens {
    /// A token of one location (sub-account); private integration tokens made in a location are of this kind.
    pub location: bool,
    /// A token of the agency (company) that owns the locations.
    pub agency: bool,
}

impl Tokens {
    /// The interface file does not state it.
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

/// The parameter for the location (sub-account) that an operation acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The part of the request.
    pub part: ParamLocation,
    /// The wire name: `locationId`, `location_id`, `altId`.
    pub name: &'static str,
    /// Whether the name is `altId`, which is sent together with `altType` = `location`.
    pub alt_type: bool,
    /// Whether a call without a location is rejected before sending.
    pub required: bool,
}

/// A part of a request that can contain the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamLocation {
    /// A path parameter.
    Path,
    /// A query parameter.
    Query,
    /// A top-level field of the body, whatever the body's kind.
    Body,
}

/// A query parameter that the interface file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryParam {
    /// The wire name.
    pub name: &'static str,
    /// Whether a call without it is rejected before sending. The interface files declare more
    /// parameters as required than the platform does, so this is `true` only with evidence.
    pub required: bool,
    /// How a list is encoded.
    pub style: ListStyle,
}

/// How a list is encoded in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListStyle {
    /// One pair for each item: `id=1&id=2`.
    Repeat,
    /// One pair, the items joined by commas: `id=1,2`.
    Comma,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    /// How it is encoded.
    pub kind: BodyKind,
    /// Whether the interface file requires a body.
    pub required: bool,
    /// The fields without which a call is rejected before sending, by path: `name`, `items.qty`. A
    /// list on the path means each of its items. The interface files declare more fields as
    /// required than the platform does, so only those with evidence are listed.
    pub fields: &'static [&'static str],
    /// Whether the caller may omit the body. Then `{}`, or the location alone, is sent.
    pub omittable: bool,
}

impl Body {
    /// A required JSON body without required fields. Tables are written as differences from it.
    pub const DEFAULT: Body = Body {
        kind: BodyKind::Json,
        required: true,
        fields: &[],
        omittable: false,
    };
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

/// The content of a successful reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reply {
    /// JSON.
    Json,
    /// Nothing of use.
    Empty,
    /// Bytes: a file.
    Bytes,
}

/// A paging rule: where the items are in the reply, and what requests the next page.
///
/// A *path* is a chain of names joined by dots, from the root of the reply or of its last item:
/// `meta.total`, `messages.messages`. A part of digits indexes a list (`sort.0`). See
/// [`paging`](crate::paging).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Paging {
    /// The path of the list of items; `""` if the reply itself is the list.
    pub items: &'static str,
    /// The path of the total number of items, a number or a string that holds one.
    pub total: Option<&'static str>,
    /// The path of the value that reports whether there are more items: `true`, a number above 0
    /// and a non-empty string mean more; `false`, `null`, 0, `""` and absence mean the end.
    pub more: Option<&'static str>,
    /// The parameter for the page size. Its maximum is sent unless the caller sets the parameter.
    pub size: Option<PageSize>,
    /// What requests the next page.
    pub strategy: PageStrategy,
}

impl Paging {
    /// The reply is the list, and the query parameter `offset` skips items. Rules can be written as
    /// differences from it.
    pub const DEFAULT: Paging = Paging {
        items: "",
        total: None,
        more: None,
        size: None,
        strategy: PageStrategy::Offset(PageParam::Query("offset")),
    };
}

/// The parameter for the page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageSize {
    /// The parameter.
    pub to: PageParam,
    /// The largest size that is requested.
    pub max: u32,
    /// Whether the platform declares this maximum, in its interface file or in the parameter's
    /// description. Larger sizes are rejected before sending then. Otherwise the maximum is an
    /// assumption, and larger sizes are sent.
    pub declared: bool,
}

/// What requests the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageStrategy {
    /// The number of items to skip. It grows by the number of received items.
    Offset(PageParam),
    /// The number of the page, which grows by one.
    Page {
        /// The parameter.
        to: PageParam,
        /// The number of the first page.
        first: u32,
    },
    /// A cursor from the previous page. All of its fields that are found are sent together.
    Cursor(&'static [CursorField]),
}

/// A field of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CursorField {
    /// Where its value is.
    pub from: CursorSource,
    /// The parameter that receives it.
    pub to: PageParam,
}

/// Where the value of a cursor field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CursorSource {
    /// At this path of the reply.
    Reply(&'static str),
    /// At this path of the last item.
    LastItem(&'static str),
}

/// A request parameter that paging sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageParam {
    /// A query parameter.
    Query(&'static str),
    /// A top-level field of the body.
    Body {
        /// Its name.
        name: &'static str,
        /// The body declares a string, or a list of strings, so numbers are sent as strings.
        text: bool,
    },
}

impl PageParam {
    /// Returns the wire name of the parameter.
    pub const fn name(&self) -> &'static str {
        match self {
            PageParam::Query(name) | PageParam::Body { name, .. } => name,
        }
    }
}

/// Defines the builder of one operation. Module crates use it.
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
/// The macro adds `new(&Handle)` for the crate, `extra_query`, `extra_body`, `api_version`,
/// `options` and `send`, and `IntoFuture`, which sends the call. With `multipart` before the arrow it adds `part(name, Part)`; with `paged`
/// and an item type it adds `stream`, `pages` and `collect_all`, which use the rule of the
/// operation's row.
#[doc(hidden)]
#[macro_export]
macro_rules! operation {
    ($(#[$meta:meta])* pub $name:ident($operation:path) multipart -> $($reply:tt)+) => {
        $crate::operation! { $(#[$meta])* pub $name($operation) -> $($reply)+ }

        impl $name {
            /// Adds a part under a name that is known only at run time. Parts of the same name
            /// stay.
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
        #[must_use = "nothing is sent before it is awaited"]
        pub struct $name {
            call: $crate::Call,
        }

        impl $name {
            #[inline]
            pub(crate) fn new(handle: &$crate::Handle) -> Self {
                Self { call: $crate::Call::new(handle, &$operation) }
            }

            /// Adds a query parameter that the interface file does not declare.
            #[inline]
            pub fn extra_query(mut self, name: impl Into<String>, value: impl $crate::ParamValue) -> Self {
                self.call.extra_query(name, value);
                self
            }

            /// Sets a top-level field of the body.
            #[inline]
            pub fn extra_body(mut self, name: impl Into<String>, value: impl $crate::__private::Serialize) -> Self {
                self.call.extra_body(name, value);
                self
            }

            /// Sends this API version (a date such as `2021-07-28`) with this call.
            #[inline]
            pub fn api_version(mut self, version: impl Into<String>) -> Self {
                self.call.api_version(version);
                self
            }

            /// Sets options of this call: time-outs, retries, idempotence.
            #[inline]
            pub fn options(mut self, options: $crate::CallOptions) -> Self {
                self.call.options(options);
                self
            }

            $crate::__operation_send!($($reply)+);
        }

        /// Sends the call, as `send` does.
        impl ::core::future::IntoFuture for $name {
            type Output = <Self::IntoFuture as ::core::future::Future>::Output;
            type IntoFuture = $crate::ResponseFuture<$crate::__operation_reply!($($reply)+)>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                self.send()
            }
        }
    };
}

/// The type of a reply, by its kind.
#[doc(hidden)]
#[macro_export]
macro_rules! __operation_reply {
    (json $reply:ty $(, paged $item:ty)?) => {
        $reply
    };
    (empty) => {
        ()
    };
    (bytes) => {
        $crate::ByteStream
    };
}

/// The `send` method of a builder, by kind of reply.
#[doc(hidden)]
#[macro_export]
macro_rules! __operation_send {
    (json $reply:ty, paged $item:ty) => {
        $crate::__operation_send!(json $reply);

        /// Returns the items of the list over all of its pages. Nothing is sent before the first
        /// item is requested.
        #[inline]
        pub fn stream(self) -> $crate::paging::ItemStream<$item> {
            $crate::__private::item_stream(self.call)
        }

        /// Returns the pages of the list, each as `send` returns it.
        #[inline]
        pub fn pages(self) -> $crate::paging::PageStream<$reply> {
            $crate::__private::page_stream(self.call)
        }

        /// Returns the whole list. A list with more items than `limit` is an error.
        #[inline]
        pub fn collect_all(self, limit: usize) -> $crate::paging::CollectFuture<$item> {
            $crate::__private::item_stream(self.call).collect_all(limit)
        }
    };
    (json $reply:ty) => {
        /// Sends the call.
        ///
        /// # Errors
        ///
        /// A parameter that is missing or invalid, a failed request, an error reply, or a reply
        /// that cannot be decoded: see [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<$reply> {
            self.call.send_json()
        }
    };
    (empty) => {
        /// Sends the call. The contents of a successful reply are ignored.
        ///
        /// # Errors
        ///
        /// A parameter that is missing or invalid, a failed request, or an error reply: see
        /// [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<()> {
            self.call.send_empty()
        }
    };
    (bytes) => {
        /// Sends the call. The reply is a stream of bytes.
        ///
        /// # Errors
        ///
        /// A parameter that is missing or invalid, a failed request, or an error reply: see
        /// [`Error`]($crate::Error).
        #[inline]
        pub fn send(self) -> $crate::ResponseFuture<$crate::ByteStream> {
            self.call.send_bytes()
        }
    };
}
