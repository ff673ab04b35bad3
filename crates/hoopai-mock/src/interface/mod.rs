//! The interface of the platform: operations, routes, schemas, and patterns that name operations.
//!
//! Everything here is read once from the effective documents and never changes. It depends on
//! nothing but the generated list of modules and [`crate::closest`].

mod operation;
mod pattern;
mod read;
mod route;
pub(crate) mod schema_view;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use http::Method;

pub(crate) use operation::{BodySpec, Operation, Parameter};
pub(crate) use pattern::OperationPattern;
pub(crate) use route::Route;
use route::Router;

/// The paths of the authorization page, which the documents do not contain.
pub(crate) const AUTHORIZATION_PAGES: [&str; 2] =
    ["/oauth/chooselocation", "/v2/oauth/chooselocation"];

/// All operations of all modules.
pub(crate) struct Interface {
    pub(crate) operations: Vec<Arc<Operation>>,
    router: Router,
    /// Index into `operations` by key.
    keys: HashMap<String, usize>,
    /// The API versions that operations declare, sorted.
    pub(crate) versions: Vec<String>,
}

impl Interface {
    /// Returns the interface of all modules, which is read at the first call.
    pub(crate) fn shared() -> &'static Interface {
        static SHARED: LazyLock<Interface> = LazyLock::new(Interface::read);
        &SHARED
    }

    /// Returns the operation of a key.
    pub(crate) fn operation(&self, key: &str) -> Option<&Operation> {
        let index = self.keys.get(key)?;
        self.operations.get(*index).map(Arc::as_ref)
    }

    /// Returns the operation of a request, and the decoded path parameters.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Option<Route<'_>> {
        self.router.find(&self.operations, method, path)
    }

    fn read() -> Self {
        let operations = read::operations();
        let mut versions: Vec<String> = operations
            .iter()
            .filter_map(|operation| operation.version.clone())
            .collect();
        versions.sort();
        versions.dedup();
        Self {
            router: Router::new(&operations),
            keys: operations
                .iter()
                .enumerate()
                .map(|(index, operation)| (operation.key(), index))
                .collect(),
            operations,
            versions,
        }
    }
}
