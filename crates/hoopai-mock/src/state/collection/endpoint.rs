//! What an operation does to a collection.

use super::filter::Filter;
use super::paging::Paging;
use super::value::FieldValue;

/// An operation of a collection.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    /// The operation id; `module.operation-id` if the operation belongs to another module than the
    /// table.
    pub(crate) operation: &'static str,
    pub(crate) action: Action,
    /// The path of the item or the items in the reply; empty for the reply itself, `None` if the
    /// reply does not have them.
    pub(crate) reply_path: Option<&'static str>,
    /// The parameter or the field of the body that names the item, or the items.
    pub(crate) id_parameter: &'static str,
    pub(crate) paging: &'static Paging,
    pub(crate) filters: &'static [Filter],
    /// Further fields of the reply, by path.
    pub(crate) reply_fields: &'static [(&'static str, ReplyField)],
    /// Fields that the operation sets, whatever the request.
    pub(crate) sets: &'static [(&'static str, FieldValue)],
    /// Parameters that are stored as fields of created items.
    pub(crate) stored_parameters: &'static [&'static str],
    /// The collection that is searched if this one does not have the item; empty if there is none.
    pub(crate) fallback: &'static str,
    /// A field and the value that it must have in the item.
    pub(crate) requires: Option<(&'static str, &'static str)>,
    /// Keys of the body that the platform accepts although the interface does not declare them.
    pub(crate) undeclared: &'static [&'static str],
    /// Whether the request must name its location, even if the token has one.
    pub(crate) location_required: bool,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    /// Lists, searches, counts.
    List,
    Get,
    /// Returns the first item that has the value of the `id_parameter` in one of these fields.
    GetByField(&'static [&'static str]),
    /// Checks that the item exists; the reply is made from the schema.
    CheckExists,
    Create,
    /// Creates an item for each element of the body.
    CreateMany,
    Update,
    /// Changes nothing but the fields that the endpoint sets.
    Touch,
    /// Removes a field.
    ClearField(&'static str),
    /// Updates the item with the same unique field or id, or creates one.
    Upsert,
    Delete,
    /// Deletes the items of a list of ids.
    DeleteMany,
    /// Updates the items of a list of ids: fields of the body, and the fields of the items that
    /// they change.
    UpdateMany(&'static [(&'static str, &'static str)]),
    /// Updates the items that a list describes, and their children that are listed under the name
    /// of the child collection. This field of an element holds the id.
    UpdateEach(&'static str),
    /// Adds elements to a list in an item: its field, and the field of the reply for the added
    /// ones.
    AddMembers(&'static str, &'static str),
    /// Removes elements from a list in an item: its field, and the field of the reply for the
    /// removed ones.
    RemoveMembers(&'static str, &'static str),
    SetMembership(Membership),
    /// Returns the number that the next item will have.
    NextNumber,
    /// Selects the action by the value of a parameter.
    Switch(&'static str, &'static [(&'static str, Action)]),
    /// Returns the first item that has one of these query parameters in the field beside it, or
    /// null.
    FindBy(&'static [(&'static str, &'static str)]),
    Custom(CustomAction),
}

/// Adds the value of a parameter to a list in the items, or removes it.
#[derive(Clone, Copy)]
pub(crate) struct Membership {
    /// The list in an item.
    pub(crate) field: &'static str,
    pub(crate) parameter: &'static str,
    /// The collection that must have the parameter's value as an id; empty for any.
    pub(crate) collection: &'static str,
    pub(crate) add: bool,
}

/// Actions that tables cannot express.
#[derive(Clone, Copy)]
pub(crate) enum CustomAction {
    TagContacts,
    SendMessage,
    AddMessage,
    FreeSlots,
    Upload,
    UploadToCustomFields,
    RecordPayment,
    RecordOrderPayment,
    InvoiceEstimate,
    Reprice,
    StoreStats,
}

/// A field of a reply beside the items.
#[derive(Clone, Copy)]
pub(crate) enum ReplyField {
    True,
    Text(&'static str),
    Number(i64),
    /// The item's id.
    Id,
    /// Whether the item was created.
    IsNew,
    /// The number of items that were changed, or that a list has in all.
    Count,
    HasItems,
    HasNoItems,
    /// A field of the item.
    Field(&'static str),
    /// The items of another collection whose field equals a parameter: collection, field,
    /// parameter.
    ItemsOf(&'static str, &'static str, &'static str),
}

/// `succeded`, the platform's spelling in most replies.
pub(crate) const SUCCEDED: &[(&str, ReplyField)] = &[("succeded", ReplyField::True)];
pub(crate) const SUCCEEDED: &[(&str, ReplyField)] = &[("succeeded", ReplyField::True)];
pub(crate) const SUCCESS: &[(&str, ReplyField)] = &[("success", ReplyField::True)];
pub(crate) const STATUS: &[(&str, ReplyField)] = &[("status", ReplyField::True)];

impl Endpoint {
    pub(crate) const fn new(operation: &'static str, action: Action) -> Self {
        Self {
            operation,
            action,
            reply_path: Some(""),
            id_parameter: "",
            paging: &Paging::ALL,
            filters: &[],
            reply_fields: &[],
            sets: &[],
            stored_parameters: &[],
            fallback: "",
            requires: None,
            undeclared: &[],
            location_required: false,
        }
    }

    pub(crate) const fn list(
        operation: &'static str,
        reply_path: &'static str,
        paging: &'static Paging,
    ) -> Self {
        let endpoint = Self::new(operation, Action::List).reply_path(reply_path);
        Self { paging, ..endpoint }
    }

    pub(crate) const fn get(
        operation: &'static str,
        id_parameter: &'static str,
        reply_path: &'static str,
    ) -> Self {
        let endpoint = Self::new(operation, Action::Get);
        endpoint.by(id_parameter).reply_path(reply_path)
    }

    pub(crate) const fn create(operation: &'static str, reply_path: &'static str) -> Self {
        Self::new(operation, Action::Create).reply_path(reply_path)
    }

    pub(crate) const fn update(
        operation: &'static str,
        id_parameter: &'static str,
        reply_path: &'static str,
    ) -> Self {
        let endpoint = Self::new(operation, Action::Update);
        endpoint.by(id_parameter).reply_path(reply_path)
    }

    pub(crate) const fn delete(operation: &'static str, id_parameter: &'static str) -> Self {
        let endpoint = Self::new(operation, Action::Delete);
        endpoint.by(id_parameter).without_item()
    }

    pub(crate) const fn check_exists(operation: &'static str, id_parameter: &'static str) -> Self {
        Self::new(operation, Action::CheckExists).by(id_parameter)
    }

    pub(crate) const fn custom(operation: &'static str, action: CustomAction) -> Self {
        Self::new(operation, Action::Custom(action))
    }

    /// Sets the parameter that names the item.
    pub(crate) const fn by(mut self, id_parameter: &'static str) -> Self {
        self.id_parameter = id_parameter;
        self
    }

    pub(crate) const fn reply_path(mut self, reply_path: &'static str) -> Self {
        self.reply_path = Some(reply_path);
        self
    }

    /// Leaves the item out of the reply.
    pub(crate) const fn without_item(mut self) -> Self {
        self.reply_path = None;
        self
    }

    pub(crate) const fn filters(mut self, filters: &'static [Filter]) -> Self {
        self.filters = filters;
        self
    }

    /// Adds fields to the reply.
    pub(crate) const fn with(
        mut self,
        reply_fields: &'static [(&'static str, ReplyField)],
    ) -> Self {
        self.reply_fields = reply_fields;
        self
    }

    pub(crate) const fn sets(mut self, sets: &'static [(&'static str, FieldValue)]) -> Self {
        self.sets = sets;
        self
    }

    pub(crate) const fn stored_parameters(mut self, names: &'static [&'static str]) -> Self {
        self.stored_parameters = names;
        self
    }

    pub(crate) const fn fallback(mut self, collection: &'static str) -> Self {
        self.fallback = collection;
        self
    }

    pub(crate) const fn requires(mut self, field: &'static str, value: &'static str) -> Self {
        self.requires = Some((field, value));
        self
    }

    pub(crate) const fn location_required(mut self) -> Self {
        self.location_required = true;
        self
    }

    pub(crate) const fn undeclared(mut self, undeclared: &'static [&'static str]) -> Self {
        self.undeclared = undeclared;
        self
    }
}
