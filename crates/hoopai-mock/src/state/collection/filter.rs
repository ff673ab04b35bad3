//! Filters of lists.

/// A parameter that filters or sorts a list.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) parameter: &'static str,
    pub(crate) kind: FilterKind,
}

#[derive(Clone, Copy)]
pub(crate) enum FilterKind {
    /// The field equals the value, one of a list, or one of a comma-separated text. A list contains
    /// one of them.
    Equals(&'static str),
    /// One of the fields equals the value.
    AnyEquals(&'static [&'static str]),
    /// Whether the list in the field contains the value of another parameter.
    Contains(&'static str, &'static str),
    /// One of the collection's search fields contains the text.
    Text,
    /// The time in the field is this or later.
    Since(&'static str),
    /// The time in the field is this or earlier.
    Until(&'static str),
    /// The `filters` of a search: `{field, operator, value}` and groups of them.
    Conditions(&'static SearchFields),
    /// The `sort` of a search: `{field, direction}`.
    SortOrders(&'static SearchFields),
}

/// The fields by which a search filters and sorts, as the vendor's pages list them.
pub(crate) struct SearchFields {
    /// The name of a field in a filter, and its path in an item of a reply. The path is empty for
    /// fields that the mock does not store; no item has a value for them.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// The prefixes of custom field ids, as in `customFields.ID`.
    pub(crate) custom_prefixes: &'static [&'static str],
    /// Whether `properties.KEY` names a field of a custom object.
    pub(crate) properties: bool,
}

impl Filter {
    const fn new(parameter: &'static str, kind: FilterKind) -> Self {
        Self { parameter, kind }
    }

    pub(crate) const fn equals(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, FilterKind::Equals(field))
    }

    pub(crate) const fn any_equals(
        parameter: &'static str,
        fields: &'static [&'static str],
    ) -> Self {
        Self::new(parameter, FilterKind::AnyEquals(fields))
    }

    pub(crate) const fn contains(
        parameter: &'static str,
        field: &'static str,
        element_parameter: &'static str,
    ) -> Self {
        Self::new(parameter, FilterKind::Contains(field, element_parameter))
    }

    pub(crate) const fn text(parameter: &'static str) -> Self {
        Self::new(parameter, FilterKind::Text)
    }

    pub(crate) const fn since(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, FilterKind::Since(field))
    }

    pub(crate) const fn until(parameter: &'static str, field: &'static str) -> Self {
        Self::new(parameter, FilterKind::Until(field))
    }

    pub(crate) const fn conditions(parameter: &'static str, fields: &'static SearchFields) -> Self {
        Self::new(parameter, FilterKind::Conditions(fields))
    }

    pub(crate) const fn sort_orders(
        parameter: &'static str,
        fields: &'static SearchFields,
    ) -> Self {
        Self::new(parameter, FilterKind::SortOrders(fields))
    }
}
