//! Values of seeded fields.

use super::value::FieldValue;

/// How the value of a seeded field is made.
#[derive(Clone, Copy)]
pub(crate) enum Sample {
    FirstName,
    LastName,
    /// An email address, unique in the collection.
    Email,
    /// A phone number, unique in the collection.
    Phone,
    /// This text and the item's number.
    Numbered(&'static str),
    /// This text and the item's number, separated by an underscore.
    Key(&'static str),
    OneOf(&'static [&'static str]),
    Number(i64, i64),
    /// The id of an item of another collection of the same location, in turn. One is seeded if the
    /// location has none.
    Reference(&'static str),
    /// A [`Sample::Reference`] to an item whose field equals a field of this item: collection, its
    /// field, this item's field.
    MatchingReference(&'static str, &'static str, &'static str),
    /// A copy of a field of a referenced item: the referencing field and its collection, and the
    /// field to copy.
    ReferencedField((&'static str, &'static str), &'static str),
    /// The id of an element of a list in a referenced item: the referencing field and its
    /// collection, and the list.
    ListMember((&'static str, &'static str), &'static str),
    /// The sample, if a field has this value.
    When(&'static str, &'static str, &'static Sample),
    /// The first sample, or the second one if the first has no value.
    Or(&'static Sample, &'static Sample),
    /// The details of a contact, as in an invoice.
    ContactDetails,
    Text(&'static str),
    Fixed(FieldValue),
    /// A new id that references nothing.
    NewId,
    /// The time so many hours after the item's creation.
    HoursLater(u64),
    /// A list of objects with these names and new ids.
    NamedObjects(&'static [&'static str]),
    /// A function of the item's number.
    FromNumber(fn(usize) -> serde_json::Value),
}

impl Sample {
    /// The collections that the sample names.
    #[cfg(test)]
    pub(crate) fn collections(self) -> Vec<&'static str> {
        match self {
            Sample::Reference(name) | Sample::MatchingReference(name, _, _) => vec![name],
            Sample::ReferencedField((_, name), _) | Sample::ListMember((_, name), _) => vec![name],
            Sample::When(_, _, sample) => sample.collections(),
            Sample::Or(first, second) => [first.collections(), second.collections()].concat(),
            Sample::ContactDetails => vec!["contacts"],
            _ => Vec::new(),
        }
    }
}
