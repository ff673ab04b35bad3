//! The columns of the tables: collections, their endpoints, filters, paging, and samples.
//! Data only: nothing here reads a store or a request.
//! May depend on `check` and `account`; everything else in `state` depends on it.

mod endpoint;
mod filter;
mod paging;
mod sample;
mod value;

use serde_json::json;

use crate::account::COMPANY;

pub(super) use endpoint::{
    Action, CustomAction, Endpoint, Membership, ReplyField, STATUS, SUCCEDED, SUCCEEDED, SUCCESS,
};
pub(super) use filter::{Filter, FilterKind, SearchFields};
pub(super) use paging::{MaxLimit, PageField, Paging, PagingStyle};
pub(super) use sample::Sample;
pub(super) use value::{FieldValue, Fields};

/// A kind of items that the mock stores.
pub(super) struct Collection {
    /// Unique among all collections; the name that [`Seeder::items`](super::Seeder::items) accepts.
    pub(super) name: &'static str,
    /// The name of an item in error messages.
    pub(super) noun: &'static str,
    /// The field that holds the id.
    pub(super) id: &'static str,
    pub(super) ids: IdFormat,
    pub(super) scope: Scope,
    /// The field that holds the id of the item's location or company; empty if there is none.
    pub(super) scope_field: &'static str,
    /// The field of a company's item that lists the locations that have it; empty if there is none.
    pub(super) shared_with: &'static str,
    pub(super) parent: Option<Parent>,
    /// The fields that hold the time of creation.
    pub(super) created_fields: &'static [&'static str],
    /// The fields that hold the time of the last change.
    pub(super) updated_fields: &'static [&'static str],
    /// Fields of items that are created without them.
    pub(super) defaults: &'static [(&'static str, FieldValue)],
    /// The fields that a text query searches.
    pub(super) search_fields: &'static [&'static str],
    /// The fields of a request that are not stored.
    pub(super) discarded: &'static [&'static str],
    pub(super) unique: Unique,
    pub(super) not_found: NotFound,
    /// Whether a location has one item at most, so that requests do not name its id.
    pub(super) singleton: bool,
    /// Id, singular and plural of items that exist in every location without being created.
    pub(super) builtin: &'static [(&'static str, &'static str, &'static str)],
    /// The field that counts the items of a location, from 1; empty if there is none.
    pub(super) number_field: &'static str,
    /// Fields, and the fields that hold the time of their last change.
    pub(super) change_timestamps: &'static [(&'static str, &'static str)],
    pub(super) embeds: Option<Embed>,
    /// Derives fields when an item is written.
    pub(super) on_write: fn(&mut Fields),
    /// Derives fields when an item is read.
    pub(super) on_read: fn(&mut Fields),
    /// The fields of seeded items, besides the defaults.
    pub(super) sample: &'static [(&'static str, Sample)],
    pub(super) endpoints: &'static [Endpoint],
}

/// The format of ids.
#[derive(Clone, Copy)]
pub(super) enum IdFormat {
    /// 20 letters and digits.
    Alphanumeric,
    /// 24 hexadecimal digits.
    Hex,
    Uuid,
    /// Any text that the request names, with this prefix added if it is missing; unique in its
    /// location only.
    FromRequest {
        prefix: &'static str,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Location,
    Company,
}

/// The collection of the items that own a collection's items.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) collection: &'static str,
    /// The field of an item that holds the parent's id.
    pub(super) field: &'static str,
    /// The parameter of a request that holds the parent's id.
    pub(super) parameter: &'static str,
}

impl Parent {
    /// A parent that the field and the parameter of this name refer to.
    pub(super) const fn new(collection: &'static str, name: &'static str) -> Self {
        Self {
            collection,
            field: name,
            parameter: name,
        }
    }

    /// Sets the parameter, if it has another name than the field.
    pub(super) const fn by(self, parameter: &'static str) -> Self {
        Self { parameter, ..self }
    }
}

/// Fields that must be unique in a location.
#[derive(Clone, Copy)]
pub(super) enum Unique {
    None,
    /// 400 with `meta` that names the item with the same value.
    Contact(&'static [&'static str]),
    /// 400 with this message.
    Message(&'static [&'static str], &'static str),
    /// The combination of all fields is unique: 400 with this message and the value of the first
    /// field.
    Combination(&'static [&'static str], &'static str),
}

impl Unique {
    /// The fields that are unique by themselves.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Unique::None | Unique::Combination(..) => &[],
            Unique::Contact(fields) | Unique::Message(fields, _) => fields,
        }
    }
}

/// The error of a request for an item that does not exist.
#[derive(Clone, Copy)]
pub(super) enum NotFound {
    /// 404 `Noun not found`.
    Standard,
    /// 400 `Noun not found for id:…`.
    ForId,
    /// 400 `{error: "Noun with id … not found"}`.
    WithId,
    /// 400 with this message.
    Message(&'static str),
    /// This status and message, in which `{id}` is replaced by the id.
    Status(u16, &'static str),
    /// 400 with this `canonicalCode`.
    ErrorCode(&'static str),
    /// 404 `{status, message, name}`, the form of the payment modules.
    Exception,
}

/// Fields of a referenced item that replies show with an item.
#[derive(Clone, Copy)]
pub(super) struct Embed {
    pub(super) collection: &'static str,
    /// The field that holds the id of the referenced item.
    pub(super) id_field: &'static str,
    /// The field that holds the embedded fields; empty if they are among the item's own.
    pub(super) field: &'static str,
    /// The name of each field in the reply, and in the referenced item.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

fn derive_nothing(_: &mut Fields) {}

impl Collection {
    /// What most collections have in common.
    pub(super) const DEFAULT: Collection = Collection {
        name: "",
        noun: "Item",
        id: "id",
        ids: IdFormat::Alphanumeric,
        scope: Scope::Location,
        scope_field: "locationId",
        shared_with: "",
        parent: None,
        created_fields: &["dateAdded"],
        updated_fields: &["dateUpdated"],
        defaults: &[],
        search_fields: &["name"],
        discarded: &[],
        unique: Unique::None,
        not_found: NotFound::Standard,
        singleton: false,
        builtin: &[],
        number_field: "",
        change_timestamps: &[],
        embeds: None,
        on_write: derive_nothing,
        on_read: derive_nothing,
        sample: &[("name", Sample::Numbered("Sample"))],
        endpoints: &[],
    };

    /// What collections of the payment modules have in common: `_id`, `createdAt`, `altId`.
    pub(super) const PAYMENT: Collection = Collection {
        scope_field: "altId",
        defaults: &[("altType", FieldValue::Text("location"))],
        ..Collection::HEX_ID
    };

    /// What collections of newer modules have in common: `_id`, `createdAt`, `locationId`.
    pub(super) const HEX_ID: Collection = Collection {
        id: "_id",
        ids: IdFormat::Hex,
        created_fields: &["createdAt"],
        updated_fields: &["updatedAt"],
        ..Collection::DEFAULT
    };

    /// Whether an id names an item that exists in every location without being created.
    pub(super) fn is_builtin(&self, id: &str) -> bool {
        self.builtin.iter().any(|(own, ..)| *own == id)
    }

    /// The id that a new item has because of its fields.
    pub(super) fn named_id(&self, fields: &Fields) -> Option<String> {
        let IdFormat::FromRequest { prefix } = self.ids else {
            return None;
        };
        let name = fields.get(self.id)?.as_str()?;
        if self.is_builtin(name) || name.starts_with(prefix) {
            Some(name.to_owned())
        } else {
            Some(format!("{prefix}{name}"))
        }
    }

    /// The fields of a built-in item.
    pub(super) fn builtin_fields(&self, id: &str) -> Option<Fields> {
        let (id, singular, plural) = self.builtin.iter().find(|(own, ..)| *own == id)?;
        let fields = json!({
            "id": id, (self.id): id, "standard": true,
            "labels": { "singular": singular, "plural": plural },
        });
        fields.as_object().cloned()
    }

    /// The fields that hold times of creation and change.
    pub(super) fn timestamps(&self) -> impl Iterator<Item = &'static str> {
        self.created_fields
            .iter()
            .chain(self.updated_fields)
            .copied()
    }

    /// The key of a location's items in the store: the location, or its company.
    pub(super) fn scope_of<'s>(&self, location: &'s str) -> &'s str {
        match self.scope {
            Scope::Location => location,
            Scope::Company => COMPANY,
        }
    }
}
