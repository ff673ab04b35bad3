//! The tables: the collections of each API module and what its operations do to them.
//! One file per module, named as in `specs/`; nothing here reads a store or a request.
//! May depend on `collection` and `derive`.

mod affiliate_manager;
mod agent_studio;
mod associations;
mod blogs;
mod brand_boards;
mod businesses;
mod calendars;
mod contacts;
mod conversation_ai;
mod conversations;
mod custom_fields;
mod custom_menus;
mod emails;
mod forms;
mod funnels;
mod invoices;
mod knowledge_base;
mod links;
mod locations;
mod marketplace;
mod medias;
mod objects;
mod opportunities;
mod paging;
mod payments;
mod phone_system;
mod prelude;
mod products;
mod proposals;
mod saas;
mod snapshots;
mod social_media_posting;
mod store;
mod surveys;
mod users;
mod voice_ai;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::collection::{Collection, Endpoint};

static MODULES: &[&[Collection]] = &[
    affiliate_manager::COLLECTIONS,
    agent_studio::COLLECTIONS,
    associations::COLLECTIONS,
    blogs::COLLECTIONS,
    brand_boards::COLLECTIONS,
    businesses::COLLECTIONS,
    calendars::COLLECTIONS,
    contacts::COLLECTIONS,
    conversation_ai::COLLECTIONS,
    conversations::COLLECTIONS,
    custom_fields::COLLECTIONS,
    custom_menus::COLLECTIONS,
    emails::COLLECTIONS,
    forms::COLLECTIONS,
    funnels::COLLECTIONS,
    invoices::COLLECTIONS,
    knowledge_base::COLLECTIONS,
    links::COLLECTIONS,
    locations::COLLECTIONS,
    marketplace::COLLECTIONS,
    medias::COLLECTIONS,
    objects::COLLECTIONS,
    opportunities::COLLECTIONS,
    payments::COLLECTIONS,
    phone_system::COLLECTIONS,
    products::COLLECTIONS,
    proposals::COLLECTIONS,
    saas::COLLECTIONS,
    snapshots::COLLECTIONS,
    social_media_posting::COLLECTIONS,
    store::COLLECTIONS,
    surveys::COLLECTIONS,
    users::COLLECTIONS,
    voice_ai::COLLECTIONS,
];

static ENDPOINTS: LazyLock<HashMap<&'static str, (&'static Collection, &'static Endpoint)>> =
    LazyLock::new(|| {
        let endpoints = all().flat_map(|collection| {
            let own = collection.endpoints.iter();
            own.map(move |endpoint| (endpoint.operation, (collection, endpoint)))
        });
        endpoints.collect()
    });

static BY_NAME: LazyLock<HashMap<&'static str, &'static Collection>> = LazyLock::new(|| {
    all()
        .map(|collection| (collection.name, collection))
        .collect()
});

/// All collections.
pub(super) fn all() -> impl Iterator<Item = &'static Collection> {
    MODULES.iter().copied().flatten()
}

/// The endpoint of an operation (`module.operation-id`), and its collection.
pub(super) fn endpoint(operation: &str) -> Option<(&'static Collection, &'static Endpoint)> {
    ENDPOINTS.get(operation).copied()
}

pub(super) fn find(name: &str) -> Option<&'static Collection> {
    BY_NAME.get(name).copied()
}

/// A collection that a table or the code names. A test checks that all of them exist.
pub(super) fn named(name: &str) -> &'static Collection {
    find(name).unwrap_or(&Collection::DEFAULT)
}

/// The collections whose items belong to items of this collection.
pub(super) fn children(name: &str) -> impl Iterator<Item = &'static Collection> {
    all().filter(move |collection| {
        collection
            .parent
            .is_some_and(|parent| parent.collection == name)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{all, find};
    use crate::interface::Interface;
    use crate::state::collection::Action;

    #[test]
    fn named_operations_and_collections_exist() {
        let declared: HashSet<String> = Interface::shared()
            .operations
            .iter()
            .map(|one| one.key())
            .collect();
        let (mut names, mut operations) = (HashSet::new(), HashSet::new());
        for collection in all() {
            assert!(
                names.insert(collection.name),
                "{} is duplicated",
                collection.name
            );
            let samples = collection
                .sample
                .iter()
                .flat_map(|(_, sample)| sample.collections());
            let embedded = collection.embeds.map(|embed| embed.collection);
            let parent = collection.parent.map(|parent| parent.collection);
            for name in samples.chain(embedded).chain(parent) {
                assert!(
                    find(name).is_some(),
                    "{}: no collection {name}",
                    collection.name
                );
            }
            for endpoint in collection.endpoints {
                assert!(
                    declared.contains(endpoint.operation),
                    "no operation {}",
                    endpoint.operation
                );
                assert!(
                    operations.insert(endpoint.operation),
                    "{} is duplicated",
                    endpoint.operation
                );
                assert!(
                    endpoint.fallback.is_empty() || find(endpoint.fallback).is_some(),
                    "{}",
                    endpoint.operation
                );
            }
        }
        assert!(operations.len() >= 200, "{} operations", operations.len());
    }

    #[test]
    fn named_parameters_are_declared() {
        for operation in &Interface::shared().operations {
            let Some((collection, endpoint)) = super::endpoint(&operation.key()) else {
                continue;
            };
            let parameters = operation
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str());
            let body = operation
                .body
                .as_ref()
                .and_then(|body| crate::interface::schema_view::keys(operation, &body.schema));
            let open = operation.body.is_some() && body.is_none();
            let names: HashSet<&str> = parameters.chain(body.into_iter().flatten()).collect();
            let has = |name: &str| {
                name.is_empty()
                    || open
                    || names.contains(name)
                    || endpoint.undeclared.contains(&name)
            };
            assert!(
                has(endpoint.id_parameter),
                "{}: no {}",
                endpoint.operation,
                endpoint.id_parameter
            );
            for filter in endpoint.filters {
                assert!(
                    has(filter.parameter),
                    "{}: no {}",
                    endpoint.operation,
                    filter.parameter
                );
            }
            if matches!(
                endpoint.action,
                Action::Get | Action::Update | Action::Delete
            ) && !collection.singleton
            {
                assert!(
                    !endpoint.id_parameter.is_empty(),
                    "{} names no item",
                    endpoint.operation
                );
            }
        }
    }
}
