//! From a path to its operation. A segment that is written out goes before one that is a parameter, and a trailing slash
//! counts, as on the platform.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;

use super::Operation;

/// Where a request goes.
pub(crate) struct Route<'a> {
    pub(crate) operation: &'a Arc<Operation>,
    /// The path parameters in the order of the path, decoded.
    pub(crate) path: Vec<(String, String)>,
}

/// A tree of segments.
#[derive(Default)]
pub(super) struct Routes {
    root: Node,
}

#[derive(Default)]
struct Node {
    fixed: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// By method, where a path ends here.
    ends: Vec<(Method, usize)>,
}

impl Routes {
    pub(super) fn of(operations: &[Arc<Operation>]) -> Self {
        let mut routes = Self::default();
        for (index, operation) in operations.iter().enumerate() {
            let mut node = &mut routes.root;
            for segment in operation.path.split('/').skip(1) {
                node = if segment.starts_with('{') {
                    node.parameter.get_or_insert_with(Box::default)
                } else {
                    node.fixed.entry(segment.to_owned()).or_default()
                };
            }
            node.ends.push((operation.method.clone(), index));
        }
        routes
    }

    pub(super) fn find<'a>(
        &self,
        operations: &'a [Arc<Operation>],
        method: &Method,
        path: &str,
    ) -> Option<Route<'a>> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let operation = operations.get(self.root.find(&segments, method)?)?;
        let path = operation
            .path
            .split('/')
            .skip(1)
            .zip(&segments)
            .filter(|(name, _)| name.starts_with('{'))
            .map(|(name, value)| {
                let name = name.trim_matches(['{', '}']).to_owned();
                (
                    name,
                    percent_decode_str(value).decode_utf8_lossy().into_owned(),
                )
            })
            .collect();
        Some(Route { operation, path })
    }
}

impl Node {
    fn find(&self, segments: &[&str], method: &Method) -> Option<usize> {
        let Some((first, rest)) = segments.split_first() else {
            return self
                .ends
                .iter()
                .find(|(other, _)| other == method)
                .map(|(_, index)| *index);
        };
        let fixed = self
            .fixed
            .get(*first)
            .and_then(|node| node.find(rest, method));
        fixed.or_else(|| {
            self.parameter
                .as_ref()
                .filter(|_| !first.is_empty())?
                .find(rest, method)
        })
    }
}
