//! What a collection is: the columns of the tables. What the tables say, the engine does; neither knows of the other's business.

use super::conditions::Search;
use super::paging::Paging;
use super::store::Fields;

/// A kind of thing that the platform remembers.
pub(super) struct Collection {
    /// Unique over all collections; also what [`Seeder::items`](super::Seeder::items) takes.
    pub(super) name: &'static str,
    /// What one is called when it is not there.
    pub(super) noun: &'static str,
    /// The field that holds the id.
    pub(super) id: &'static str,
    pub(super) ids: Ids,
    pub(super) scope: Scope,
    /// The field that says where an item is; empty where none does.
    pub(super) place: &'static str,
    /// The field of a company's item that lists the locations that have it; empty if there is none.
    pub(super) shared_with: &'static str,
    pub(super) parent: Option<Parent>,
    /// The fields that hold when an item was made.
    pub(super) created: &'static [&'static str],
    /// The fields that hold when it was last changed.
    pub(super) changed: &'static [&'static str],
    /// What an item has if nobody says otherwise.
    pub(super) defaults: &'static [(&'static str, Value)],
    /// The fields that a query looks through.
    pub(super) text: &'static [&'static str],
    /// The fields of a request that are not kept.
    pub(super) secret: &'static [&'static str],
    pub(super) unique: Unique,
    pub(super) missing: Missing,
    /// Whether a location has one at most, which needs no id to be named.
    pub(super) single: bool,
    /// Ids and names of what exists everywhere without having been made.
    pub(super) standard: &'static [(&'static str, &'static str, &'static str)],
    /// The field that counts the items of a location, from 1; empty where none does.
    pub(super) numbered: &'static str,
    /// Fields that hold when another field was last changed.
    pub(super) stamps: &'static [(&'static str, &'static str)],
    /// What of another item is shown with one of these.
    pub(super) shows: Option<Shows>,
    /// What is worked out when an item is written.
    pub(super) written: fn(&mut Fields),
    /// What is worked out when it is read.
    pub(super) read: fn(&mut Fields),
    /// What a seeded item has, besides the defaults.
    pub(super) sample: &'static [(&'static str, Sample)],
    /// The operations that are about it.
    pub(super) rows: &'static [Row],
}

/// How ids look.
#[derive(Clone, Copy)]
pub(super) enum Ids {
    /// 20 letters and digits.
    Letters,
    /// 24 hexadecimal digits.
    Hex,
    Uuid,
    /// Whatever the request says.
    Given,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Location,
    Company,
}

/// What an item belongs to.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) collection: &'static str,
    /// The item's field that holds the parent's id; the request's parameter is called so too unless `parameter` differs.
    pub(super) field: &'static str,
    pub(super) parameter: &'static str,
}

/// A value that a table can hold.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Text(&'static str),
    Number(i64),
    True,
    False,
    /// An empty list.
    List,
    /// An empty object.
    Object,
    /// An id of its own.
    NewId,
    /// The user of [`USER`](crate::USER).
    User,
    /// The moment.
    Now,
}

/// What a seeded field is.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    FirstName,
    LastName,
    /// Unlike any other of its collection.
    Email,
    /// Unlike any other of its collection.
    Phone,
    /// This text and the item's number.
    Numbered(&'static str),
    /// This text and the item's number, as a key: lower case, underscores.
    Key(&'static str),
    OneOf(&'static [&'static str]),
    Number(i64, i64),
    /// The id of an item of another collection of the same location, in turn. If there is none, one is seeded first.
    Of(&'static str),
    /// As `Of`, restricted to items whose field equals a field of this item: the collection, its field, this item's field.
    OfSame(&'static str, &'static str, &'static str),
    /// A copy of a field of a referenced item: the reference and its collection, and the field to copy.
    Via((&'static str, &'static str), &'static str),
    /// The id of a member of a list in a referenced item: the reference and its collection, and the list.
    Member((&'static str, &'static str), &'static str),
    /// The sample, if a field has this value.
    When(&'static str, &'static str, &'static Sample),
    /// The first sample, or else the second.
    Else(&'static Sample, &'static Sample),
    /// The details of a contact, as in an invoice.
    Payer,
    Fixed(Value),
    /// An id that names nothing.
    AnyId,
    /// So many hours after the item was made.
    HoursLater(u64),
    /// A list of objects with these names and new ids.
    Listed(&'static [&'static str]),
    /// Made of the item's number.
    Made(fn(usize) -> serde_json::Value),
}

impl Sample {
    /// The collections that it names.
    #[cfg(test)]
    pub(super) fn names(self) -> Vec<&'static str> {
        match self {
            Sample::Of(name) | Sample::OfSame(name, _, _) => vec![name],
            Sample::Via((_, name), _) | Sample::Member((_, name), _) => vec![name],
            Sample::When(_, _, sample) => sample.names(),
            Sample::Else(first, second) => [first.names(), second.names()].concat(),
            Sample::Payer => vec!["contacts"],
            _ => Vec::new(),
        }
    }
}

/// What only one item of a location may have.
#[derive(Clone, Copy)]
pub(super) enum Unique {
    Nothing,
    /// 400 with `meta` that names who has it.
    Contact(&'static [&'static str]),
    /// 400 with these words.
    Words(&'static [&'static str], &'static str),
    /// All of these fields together: 400 with these words and the first of the fields.
    Together(&'static [&'static str], &'static str),
}

impl Unique {
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Unique::Nothing | Unique::Together(..) => &[],
            Unique::Contact(fields) | Unique::Words(fields, _) => fields,
        }
    }
}

/// How the platform says that there is no such item.
#[derive(Clone, Copy)]
pub(super) enum Missing {
    /// 404 `Noun not found`.
    NotFound,
    /// 400 `Noun not found for id:…`.
    ForId,
    /// 400 `{error: "Noun with id … not found"}`.
    WithId,
    /// 400 with these words.
    Words(&'static str),
    /// This status with these words, in which `{id}` stands for the id.
    Status(u16, &'static str),
    /// 400 with a code that names the case.
    Code(&'static str),
    /// 404 `{status, message, name}`, as the payment side has it.
    Exception,
}

/// Fields of another item that are shown with an item.
#[derive(Clone, Copy)]
pub(super) struct Shows {
    pub(super) collection: &'static str,
    /// The field that holds the other's id.
    pub(super) by: &'static str,
    /// The field that they are shown in; empty for among the item's own.
    pub(super) under: &'static str,
    /// Its name here, and there.
    pub(super) fields: &'static [(&'static str, &'static str)],
}

fn nothing(_: &mut Fields) {}

impl Collection {
    /// What collections have in common.
    pub(super) const PLAIN: Collection = Collection {
        name: "",
        noun: "Item",
        id: "id",
        ids: Ids::Letters,
        scope: Scope::Location,
        place: "locationId",
        shared_with: "",
        parent: None,
        created: &["dateAdded"],
        changed: &["dateUpdated"],
        defaults: &[],
        text: &["name"],
        secret: &[],
        unique: Unique::Nothing,
        missing: Missing::NotFound,
        single: false,
        standard: &[],
        numbered: "",
        stamps: &[],
        shows: None,
        written: nothing,
        read: nothing,
        sample: &[("name", Sample::Numbered("Sample"))],
        rows: &[],
    };

    /// The ways of the payment side: `_id`, `createdAt`, and `altId` for where it is.
    pub(super) const PAID: Collection = Collection {
        id: "_id",
        ids: Ids::Hex,
        place: "altId",
        created: &["createdAt"],
        changed: &["updatedAt"],
        defaults: &[("altType", Value::Text("location"))],
        ..Collection::PLAIN
    };

    /// Whether an id names what exists everywhere without having been made.
    pub(super) fn has_standard(&self, id: &str) -> bool {
        self.standard.iter().any(|(own, ..)| *own == id)
    }

    /// The ways of the newer parts: `_id`, `createdAt` and `locationId`.
    pub(super) const HEX: Collection = Collection {
        id: "_id",
        ids: Ids::Hex,
        created: &["createdAt"],
        changed: &["updatedAt"],
        ..Collection::PLAIN
    };
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Lists, searches, counts.
    List,
    Get,
    /// The first that has what the parameter of [`Row::by`] says in one of these fields.
    GetBy(&'static [&'static str]),
    /// Makes sure that the item is there; the reply is made of the schema.
    Exists,
    Create,
    /// Creates one for each that the body lists.
    CreateAll,
    Update,
    /// Changes an item in nothing but what the row sets.
    Touch,
    /// Takes this field away.
    Clear(&'static str),
    /// Updates what has the same unique field or the id, and else creates.
    Upsert,
    Delete,
    /// Deletes all that a list of ids names.
    DeleteAll,
    /// Changes all that a list of ids names: fields of the body, and what each is called in the items.
    UpdateAll(&'static [(&'static str, &'static str)]),
    /// Changes each item that a list describes, and what belongs to it and is listed under its collection's name. The field
    /// holds the id.
    UpdateEach(&'static str),
    /// Adds to a list within an item.
    Add {
        field: &'static str,
        told: &'static str,
    },
    /// Takes out of a list within an item.
    Remove {
        field: &'static str,
        told: &'static str,
    },
    /// Puts a parameter's value into a list within the items, or takes it out.
    Join(Join),
    /// The number that the next item will have.
    NextNumber,
    /// What a parameter's value says.
    By(&'static str, &'static [(&'static str, Act)]),
    /// The first that has one of these query parameters in one of these fields; null where none has.
    FindBy(&'static [(&'static str, &'static str)]),
    /// One that is like no other.
    Special(Special),
}

/// How items come to have something in a list, or lose it.
#[derive(Clone, Copy)]
pub(super) struct Join {
    /// The list within an item.
    pub(super) field: &'static str,
    /// The parameter.
    pub(super) member: &'static str,
    /// The collection that the member must be in; empty for any.
    pub(super) of: &'static str,
    pub(super) add: bool,
}

/// Behaviour that no table can say.
#[derive(Clone, Copy)]
pub(super) enum Special {
    TagContacts,
    SendMessage,
    TakeInMessage,
    FreeSlots,
    Upload,
    UploadToFields,
    RecordPayment,
    RecordOrderPayment,
    InvoiceEstimate,
    Reprice,
    StoreStats,
}

/// An operation of a collection.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// `module.operation-id`.
    pub(super) operation: &'static str,
    pub(super) act: Act,
    /// Where in the reply the item or the items stand; empty for the reply itself.
    pub(super) at: &'static str,
    /// The parameter or the body's field that names the item, or the items.
    pub(super) by: &'static str,
    pub(super) paging: &'static Paging,
    pub(super) filters: &'static [Filter],
    /// What the reply says besides.
    pub(super) says: &'static [(&'static str, Say)],
    /// Fields that the operation sets, whatever the request.
    pub(super) sets: &'static [(&'static str, Value)],
    /// Parameters that are fields of what is created, too.
    pub(super) takes: &'static [&'static str],
    /// Another collection to look in, should the item not be in this one.
    pub(super) or_in: &'static str,
    /// What an item must have to be acted on.
    pub(super) only: Option<(&'static str, &'static str)>,
    /// Keys of the body that the platform takes although the interface does not declare them.
    pub(super) undeclared: &'static [&'static str],
    /// Whether the request must name its location, even if the token has one.
    pub(super) placed: bool,
}

/// What a reply says besides items.
#[derive(Clone, Copy)]
pub(super) enum Say {
    Is(Value),
    /// The item's id.
    Id,
    /// Whether the item is new.
    New,
    /// How many items an operation on several changed, or a list has in all.
    Changed,
    /// Whether there are any.
    Some,
    /// Whether there are none.
    None,
    /// A field of the item.
    Field(&'static str),
    /// The items of another collection that have in that field what the parameter says.
    Beside(&'static str, &'static str, &'static str),
}

/// Which items a list is about.
#[derive(Clone, Copy)]
pub(super) struct Filter {
    pub(super) parameter: &'static str,
    pub(super) how: How,
}

#[derive(Clone, Copy)]
pub(super) enum How {
    /// The field is that, one of those, or one of those between commas; in a list, it holds it.
    Is(&'static str),
    /// One of the fields is exactly that.
    OneOf(&'static [&'static str]),
    /// Whether the list in the field holds what that parameter says.
    Holds(&'static str, &'static str),
    /// The text fields hold it.
    Text,
    /// The field's moment is that or later.
    From(&'static str),
    /// The field's moment is that or earlier.
    To(&'static str),
    /// The `filters` of a search: `{field, operator, value}` and groups of them.
    Conditions(&'static Search),
    /// The `sort` of a search: `{field, direction}`.
    Orders(&'static Search),
}

impl Filter {
    const fn new(parameter: &'static str, how: How) -> Self {
        Self { parameter, how }
    }

    pub(super) const fn is(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, How::Is(field))
    }

    pub(super) const fn one_of(parameter: &'static str, fields: &'static [&'static str]) -> Self {
        Self::new(parameter, How::OneOf(fields))
    }

    pub(super) const fn holds(
        parameter: &'static str,
        field: &'static str,
        member: &'static str,
    ) -> Self {
        Self::new(parameter, How::Holds(field, member))
    }

    pub(super) const fn text(parameter: &'static str) -> Self {
        Self::new(parameter, How::Text)
    }

    pub(super) const fn from(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, How::From(field))
    }

    pub(super) const fn to(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, How::To(field))
    }

    pub(super) const fn conditions(parameter: &'static str, search: &'static Search) -> Self {
        Self::new(parameter, How::Conditions(search))
    }

    pub(super) const fn orders(parameter: &'static str, search: &'static Search) -> Self {
        Self::new(parameter, How::Orders(search))
    }
}

impl Row {
    pub(super) const fn new(operation: &'static str, act: Act) -> Self {
        Self {
            operation,
            act,
            at: "",
            by: "",
            paging: &Paging::ALL,
            filters: &[],
            says: &[],
            sets: &[],
            takes: &[],
            or_in: "",
            only: None,
            undeclared: &[],
            placed: false,
        }
    }

    pub(super) const fn list(
        operation: &'static str,
        at: &'static str,
        paging: &'static Paging,
    ) -> Self {
        let row = Self::new(operation, Act::List);
        Self { at, paging, ..row }
    }

    pub(super) const fn get(operation: &'static str, by: &'static str, at: &'static str) -> Self {
        let row = Self::new(operation, Act::Get);
        Self { by, at, ..row }
    }

    pub(super) const fn create(operation: &'static str, at: &'static str) -> Self {
        let row = Self::new(operation, Act::Create);
        Self { at, ..row }
    }

    pub(super) const fn update(
        operation: &'static str,
        by: &'static str,
        at: &'static str,
    ) -> Self {
        let row = Self::new(operation, Act::Update);
        Self { by, at, ..row }
    }

    pub(super) const fn delete(operation: &'static str, by: &'static str) -> Self {
        let row = Self::new(operation, Act::Delete);
        Self {
            by,
            at: SILENT,
            ..row
        }
    }

    pub(super) const fn exists(operation: &'static str, by: &'static str) -> Self {
        Self::new(operation, Act::Exists).by(by)
    }

    pub(super) const fn special(operation: &'static str, special: Special) -> Self {
        Self::new(operation, Act::Special(special))
    }

    pub(super) const fn by(self, by: &'static str) -> Self {
        Self { by, ..self }
    }

    pub(super) const fn at(self, at: &'static str) -> Self {
        Self { at, ..self }
    }

    /// The item is not in the reply.
    pub(super) const fn silent(self) -> Self {
        self.at(SILENT)
    }

    pub(super) const fn filters(self, filters: &'static [Filter]) -> Self {
        Self { filters, ..self }
    }

    pub(super) const fn says(self, says: &'static [(&'static str, Say)]) -> Self {
        Self { says, ..self }
    }

    pub(super) const fn sets(self, sets: &'static [(&'static str, Value)]) -> Self {
        Self { sets, ..self }
    }

    pub(super) const fn takes(self, takes: &'static [&'static str]) -> Self {
        Self { takes, ..self }
    }

    pub(super) const fn or_in(self, or_in: &'static str) -> Self {
        Self { or_in, ..self }
    }

    pub(super) const fn only(self, field: &'static str, value: &'static str) -> Self {
        Self {
            only: Some((field, value)),
            ..self
        }
    }

    pub(super) const fn placed(self) -> Self {
        Self {
            placed: true,
            ..self
        }
    }

    pub(super) const fn undeclared(self, undeclared: &'static [&'static str]) -> Self {
        Self { undeclared, ..self }
    }
}

/// The place of an item that is not in the reply.
pub(super) const SILENT: &str = "-";

/// The platform's own spelling, in most places.
pub(super) const SUCCEDED: &[(&str, Say)] = &[("succeded", Say::Is(Value::True))];
/// Its spelling in others.
pub(super) const SUCCEEDED: &[(&str, Say)] = &[("succeeded", Say::Is(Value::True))];
/// And in the rest.
pub(super) const SUCCESS: &[(&str, Say)] = &[("success", Say::Is(Value::True))];
/// Or so.
pub(super) const STATUS: &[(&str, Say)] = &[("status", Say::Is(Value::True))];
