//! A module in the form that codegen generates, with an operation for each variation of operations.

#![allow(missing_docs, unreachable_pub)]

pub mod types {
    use std::collections::BTreeMap;

    hoopai_runtime::model! {
        /// A contact.
        pub struct Contact {
            /// The id.
            pub id: String = "id",
            pub first_name: String = "firstName",
            pub email: String = "email",
            pub phone: String = "phone",
            pub score: f64 = "score",
            pub visits: i64 = "visits",
            pub dnd: bool = "dnd",
            pub status: Status = "status",
            pub tags: Vec<String> = "tags",
            pub friends: Vec<Contact> = "friends",
            pub parent: Box<Contact> = "parent",
            pub grid: Vec<Vec<f64>> = "grid",
            pub by_name: BTreeMap<String, Contact> = "byName",
            pub anything: hoopai_runtime::serde_json::Value = "anything",
            pub custom: hoopai_runtime::serde_json::Map<String, hoopai_runtime::serde_json::Value> = "custom",
            pub r#type: String = "type",
        }

        /// A reply.
        pub struct ContactReply {
            pub contact: Contact = "contact",
            pub trace_id: String = "traceId",
        }

        /// A page of contacts.
        pub struct ContactsReply {
            pub contacts: Vec<Contact> = "contacts",
            pub count: i64 = "count",
        }

        /// An object without declared fields.
        pub struct Anything {}
    }

    hoopai_runtime::open_enum! {
        /// A status.
        pub enum Status {
            Open = "open",
            /// Won.
            Won = "won",
            OnHold = "on hold",
        }
    }
}

pub mod operations {
    use hoopai_runtime::operation::*;

    const CONTACTS: Operation = Operation {
        module: "contacts",
        version: Some("2021-07-28"),
        tokens: Tokens::LOCATION,
        scopes: &["contacts.readonly"],
        ..Operation::DEFAULT
    };

    pub static GET_CONTACT: Operation = Operation {
        name: "get_contact",
        id: "get-contact",
        path: "/contacts/{contactId}",
        idempotent: true,
        ..CONTACTS
    };
    pub static LIST_CONTACTS: Operation = Operation {
        name: "list_contacts",
        id: "get-contacts",
        path: "/contacts/",
        version: Some("2021-04-15"),
        location: Some(Location {
            part: ParamLocation::Query,
            name: "locationId",
            alt_type: false,
            required: true,
        }),
        query: &[
            QueryParam {
                name: "locationId",
                required: true,
                style: ListStyle::Repeat,
            },
            QueryParam {
                name: "limit",
                required: false,
                style: ListStyle::Repeat,
            },
            QueryParam {
                name: "ids",
                required: false,
                style: ListStyle::Repeat,
            },
            QueryParam {
                name: "fields",
                required: false,
                style: ListStyle::Comma,
            },
        ],
        ..CONTACTS
    };
    pub static PAGE_CONTACTS: Operation = Operation {
        name: "page_contacts",
        id: "page-contacts",
        path: "/contacts/paged",
        location: Some(Location {
            part: ParamLocation::Query,
            name: "locationId",
            alt_type: false,
            required: true,
        }),
        paging: Some(Paging {
            items: "contacts",
            total: Some("count"),
            more: None,
            size: Some(PageSize {
                to: PageParam::Query("limit"),
                max: 100,
                declared: true,
            }),
            strategy: PageStrategy::Offset(PageParam::Query("skip")),
        }),
        ..CONTACTS
    };
    pub static SEARCH_CONTACTS: Operation = Operation {
        name: "search_contacts",
        id: "search-contacts",
        path: "/contacts/search",
        version: None,
        query: &[QueryParam {
            name: "query",
            required: true,
            style: ListStyle::Repeat,
        }],
        ..CONTACTS
    };
    pub static CREATE_CONTACT: Operation = Operation {
        name: "create_contact",
        id: "create-contact",
        method: &Method::POST,
        path: "/contacts/",
        location: Some(Location {
            part: ParamLocation::Body,
            name: "locationId",
            alt_type: false,
            required: true,
        }),
        body: Some(Body {
            fields: &["locationId", "firstName"],
            ..Body::DEFAULT
        }),
        ..CONTACTS
    };
    pub static UPDATE_CONTACT: Operation = Operation {
        name: "update_contact",
        id: "update-contact",
        method: &Method::PUT,
        path: "/contacts/{contactId}",
        body: Some(Body {
            required: false,
            ..Body::DEFAULT
        }),
        ..CONTACTS
    };
    pub static DELETE_CONTACT: Operation = Operation {
        name: "delete_contact",
        id: "delete-contact",
        method: &Method::DELETE,
        path: "/contacts/{contactId}",
        reply: Reply::Empty,
        ..CONTACTS
    };
    pub static GET_LOCATION: Operation = Operation {
        name: "get_location",
        id: "get-location",
        path: "/locations/{locationId}",
        location: Some(Location {
            part: ParamLocation::Path,
            name: "locationId",
            alt_type: false,
            required: true,
        }),
        ..CONTACTS
    };
    pub static LIST_INVOICES: Operation = Operation {
        name: "list_invoices",
        id: "list-invoices",
        path: "/invoices/",
        location: Some(Location {
            part: ParamLocation::Query,
            name: "altId",
            alt_type: true,
            required: true,
        }),
        query: &[
            QueryParam {
                name: "altId",
                required: true,
                style: ListStyle::Repeat,
            },
            QueryParam {
                name: "altType",
                required: true,
                style: ListStyle::Repeat,
            },
        ],
        ..CONTACTS
    };
    pub static LOCATION_TOKEN: Operation = Operation {
        name: "location_token",
        id: "get-location-access-token",
        method: &Method::POST,
        path: "/oauth/locationToken",
        location: Some(Location {
            part: ParamLocation::Body,
            name: "locationId",
            alt_type: false,
            required: true,
        }),
        body: Some(Body {
            kind: BodyKind::Form,
            fields: &["locationId"],
            ..Body::DEFAULT
        }),
        ..CONTACTS
    };
    pub static UPLOAD_FILE: Operation = Operation {
        name: "upload_file",
        id: "upload-file",
        method: &Method::POST,
        path: "/medias/upload-file",
        location: Some(Location {
            part: ParamLocation::Body,
            name: "altId",
            alt_type: true,
            required: false,
        }),
        body: Some(Body {
            kind: BodyKind::Multipart,
            fields: &["file"],
            ..Body::DEFAULT
        }),
        ..CONTACTS
    };
    pub static DOWNLOAD: Operation = Operation {
        name: "download",
        id: "download",
        path: "/files/{fileId}",
        reply: Reply::Bytes,
        ..CONTACTS
    };
}

#[derive(Clone, Debug)]
pub struct Client {
    handle: hoopai_runtime::Handle,
}

macro_rules! methods {
    ($($method:ident $builder:ident)*) => {
        impl Client {
            pub fn new(handle: impl Into<hoopai_runtime::Handle>) -> Self {
                Self { handle: handle.into() }
            }

            $(pub fn $method(&self) -> builder::$builder {
                builder::$builder::new(&self.handle)
            })*
        }
    };
}

methods! {
    get_contact GetContact
    list_contacts ListContacts
    page_contacts PageContacts
    search_contacts SearchContacts
    create_contact CreateContact
    update_contact UpdateContact
    delete_contact DeleteContact
    get_location GetLocation
    list_invoices ListInvoices
    location_token LocationToken
    upload_file UploadFile
    download Download
}

pub mod builder {
    use super::operations::*;
    use super::types;
    use hoopai_runtime::serde_json::Value;
    use hoopai_runtime::{IntoField, Part};

    hoopai_runtime::operation! {
        /// Reads one contact.
        pub GetContact(GET_CONTACT) -> json types::ContactReply
    }
    hoopai_runtime::setters! {
        GetContact {
            path contact_id: String = "contactId",
            header reason: Vec<String> = "x-reason",
        }
    }

    hoopai_runtime::operation! { pub ListContacts(LIST_CONTACTS) -> json Value }
    impl ListContacts {
        pub fn location_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.query("locationId", value.into_field());
            self
        }
        pub fn limit(mut self, value: impl IntoField<i64>) -> Self {
            self.call.query("limit", value.into_field());
            self
        }
        pub fn ratio(mut self, value: impl IntoField<f64>) -> Self {
            self.call.query("ratio", value.into_field());
            self
        }
        pub fn ids(mut self, value: impl IntoField<Vec<String>>) -> Self {
            self.call.query("ids", value.into_field());
            self
        }
        pub fn fields(mut self, value: impl IntoField<Vec<String>>) -> Self {
            self.call.query("fields", value.into_field());
            self
        }
        pub fn status(mut self, value: impl IntoField<types::Status>) -> Self {
            self.call.query("status", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! {
        pub PageContacts(PAGE_CONTACTS) -> json types::ContactsReply, paged types::Contact
    }
    hoopai_runtime::setters! {
        PageContacts {
            query limit: i64 = "limit",
        }
    }

    hoopai_runtime::operation! { pub SearchContacts(SEARCH_CONTACTS) -> json Vec<types::Contact> }
    impl SearchContacts {
        pub fn query(mut self, value: impl IntoField<String>) -> Self {
            self.call.query("query", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! { pub CreateContact(CREATE_CONTACT) -> json types::ContactReply }
    impl CreateContact {
        pub fn body(mut self, value: impl Into<types::Contact>) -> Self {
            self.call.json(&value.into());
            self
        }
    }

    hoopai_runtime::operation! { pub UpdateContact(UPDATE_CONTACT) -> json types::Anything }
    impl UpdateContact {
        pub fn contact_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.path("contactId", value.into_field());
            self
        }
        pub fn body(mut self, value: impl Into<types::Contact>) -> Self {
            self.call.json(&value.into());
            self
        }
    }

    hoopai_runtime::operation! { pub DeleteContact(DELETE_CONTACT) -> empty }
    impl DeleteContact {
        pub fn contact_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.path("contactId", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! { pub GetLocation(GET_LOCATION) -> json Value }
    impl GetLocation {
        pub fn location_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.path("locationId", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! { pub ListInvoices(LIST_INVOICES) -> json Value }
    impl ListInvoices {
        pub fn alt_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.query("altId", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! { pub LocationToken(LOCATION_TOKEN) -> json Value }
    impl LocationToken {
        pub fn body(mut self, value: impl Into<types::Contact>) -> Self {
            self.call.form(&value.into());
            self
        }
    }

    hoopai_runtime::operation! { pub UploadFile(UPLOAD_FILE) multipart -> json Value }
    impl UploadFile {
        pub fn file(mut self, value: impl Into<Part>) -> Self {
            self.call.part("file", value);
            self
        }
        pub fn hosted(mut self, value: impl IntoField<bool>) -> Self {
            self.call.text("hosted", value.into_field());
            self
        }
    }

    hoopai_runtime::operation! { pub Download(DOWNLOAD) -> bytes }
    impl Download {
        pub fn file_id(mut self, value: impl IntoField<String>) -> Self {
            self.call.path("fileId", value.into_field());
            self
        }
    }
}
