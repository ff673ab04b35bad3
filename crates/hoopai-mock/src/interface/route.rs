//! The router. Literal segments take precedence over parameters, and a trailing slash is
//! significant, as on the platform.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;

use super::operation::Operation;

/// The operation of a request, and its path parameters.
pub(crate) struct Route<'a> {
    pub(crate) operation: &'a Arc<Operation>,
    /// The path parameters in the order of the path, decoded.
    pub(crate) path: Vec<(String, String)>,
}

/// A tree of path segments.
#[derive(Default)]
pub(super) struct Router {
    root: Node,
}

#[derive(Default)]
struct Node {
    literals: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// The operations of the path that ends here, by method.
    operations: Vec<(Method, usize)>,
}

impl Router {
    pub(super) fn new(operations: &[Arc<Operation>]) -> Self {
        let mut router = Self::default();
        for (index, operation) in operations.iter().enumerate() {
            let mut node = &mut router.root;
            for segment in operation.path.split('/').skip(1) {
                node = if segment.starts_with('{') {
                    node.parameter.get_or_insert_with(Box::default)
                } else {
                    node.literals.entry(segment.to_owned()).or_default()
                };
            }
            node.operations.push((operation.method.clone(), index));
        }
        router
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
                .operations
                .iter()
                .find(|(other, _)| other == method)
                .map(|(_, index)| *index);
        };
        let literal = self
            .literals
            .get(*first)
            .and_then(|node| node.find(rest, method));
        literal.or_else(|| {
            self.parameter
                .as_ref()
                .filter(|_| !first.is_empty())?
                .find(rest, method)
        })
    }
}
