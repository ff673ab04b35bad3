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

/// The modules, each with its collections.
static MODULES: &[(&str, &[Collection])] = &[
    ("affiliate-manager", affiliate_manager::COLLECTIONS),
    ("agent-studio", agent_studio::COLLECTIONS),
    ("associations", associations::COLLECTIONS),
    ("blogs", blogs::COLLECTIONS),
    ("brand-boards", brand_boards::COLLECTIONS),
    ("businesses", businesses::COLLECTIONS),
    ("calendars", calendars::COLLECTIONS),
    ("contacts", contacts::COLLECTIONS),
    ("conversation-ai", conversation_ai::COLLECTIONS),
    ("conversations", conversations::COLLECTIONS),
    ("custom-fields", custom_fields::COLLECTIONS),
    ("custom-menus", custom_menus::COLLECTIONS),
    ("emails", emails::COLLECTIONS),
    ("forms", forms::COLLECTIONS),
    ("funnels", funnels::COLLECTIONS),
    ("invoices", invoices::COLLECTIONS),
    ("knowledge-base", knowledge_base::COLLECTIONS),
    ("links", links::COLLECTIONS),
    ("locations", locations::COLLECTIONS),
    ("marketplace", marketplace::COLLECTIONS),
    ("medias", medias::COLLECTIONS),
    ("objects", objects::COLLECTIONS),
    ("opportunities", opportunities::COLLECTIONS),
    ("payments", payments::COLLECTIONS),
    ("phone-system", phone_system::COLLECTIONS),
    ("products", products::COLLECTIONS),
    ("proposals", proposals::COLLECTIONS),
    ("saas", saas::COLLECTIONS),
    ("snapshots", snapshots::COLLECTIONS),
    ("social-media-posting", social_media_posting::COLLECTIONS),
    ("store", store::COLLECTIONS),
    ("surveys", surveys::COLLECTIONS),
    ("users", users::COLLECTIONS),
    ("voice-ai", voice_ai::COLLECTIONS),
];

type CollectionEndpoint = (&'static Collection, &'static Endpoint);

static ENDPOINTS: LazyLock<HashMap<String, CollectionEndpoint>> =
    LazyLock::new(|| endpoints().collect());

static BY_NAME: LazyLock<HashMap<&'static str, &'static Collection>> = LazyLock::new(|| {
    all()
        .map(|collection| (collection.name, collection))
        .collect()
});

/// All collections.
pub(super) fn all() -> impl Iterator<Item = &'static Collection> {
    MODULES.iter().flat_map(|(_, collections)| *collections)
}

/// All endpoints with their collections, by operation (`module.operation-id`).
pub(super) fn endpoints() -> impl Iterator<Item = (String, CollectionEndpoint)> {
    MODULES.iter().flat_map(|(module, collections)| {
        let endpoints = collections.iter().flat_map(|collection| {
            let endpoints = collection.endpoints.iter();
            endpoints.map(move |endpoint| (collection, endpoint))
        });
        endpoints.map(move |(collection, endpoint)| {
            let operation = match endpoint.operation.contains('.') {
                true => endpoint.operation.to_owned(),
                false => format!("{module}.{}", endpoint.operation),
            };
            (operation, (collection, endpoint))
        })
    })
}

/// The endpoint of an operation (`module.operation-id`), and its collection.
pub(super) fn endpoint(operation: &str) -> Option<CollectionEndpoint> {
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

    use hoopai_test_support::interface::is_settled;

    use super::{all, endpoints, find};
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
        }
        for (operation, (_, endpoint)) in endpoints() {
            let is_declared = declared.contains(&operation);
            assert!(is_declared || !is_settled(), "no operation {operation}");
            let fallback = endpoint.fallback;
            assert!(
                fallback.is_empty() || find(fallback).is_some(),
                "{operation}"
            );
            assert!(
                !operations.contains(&operation),
                "{operation} is duplicated"
            );
            operations.insert(operation);
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
                    || !is_settled()
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
