//! The platform's interface, read once from the effective documents.

mod route;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use http::Method;
use serde_json::{Map, Value};

pub(crate) use route::Route;

use crate::modules::MODULES;

/// All operations of all modules.
pub(crate) struct Interface {
    pub(crate) operations: Vec<Arc<Operation>>,
    routes: route::Routes,
    /// Index into `operations` by key.
    keys: HashMap<String, usize>,
    /// The API versions that any operation declares.
    pub(crate) versions: Vec<String>,
}

/// A module's document; schemas refer into it.
pub(crate) struct Document {
    pub(crate) schemas: Map<String, Value>,
}

/// One operation of the platform.
pub(crate) struct Operation {
    pub(crate) module: &'static str,
    /// The platform's operation id.
    pub(crate) id: String,
    /// The name of the client's method for it.
    pub(crate) name: String,
    pub(crate) method: Method,
    /// The path with its parameters in braces.
    pub(crate) path: String,
    /// The version that it declares.
    pub(crate) version: Option<String>,
    /// Each way to be allowed in: the security scheme and the scopes that it demands.
    pub(crate) security: Vec<(String, Vec<String>)>,
    pub(crate) parameters: Vec<Parameter>,
    /// The headers that a request must have beyond those of every request.
    pub(crate) headers: Vec<String>,
    pub(crate) body: Option<Body>,
    pub(crate) reply: Reply,
    /// Its query is described nowhere, so any will do.
    pub(crate) any_query: bool,
    document: Arc<Document>,
}

/// A parameter of a path or a query.
pub(crate) struct Parameter {
    pub(crate) in_path: bool,
    pub(crate) name: String,
    pub(crate) required: bool,
    /// Whether a list comes as one value, joined by commas.
    pub(crate) comma: bool,
    pub(crate) schema: Value,
}

/// What a request carries.
pub(crate) struct Body {
    pub(crate) media_type: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// What comes back when all went well.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Media type and schema; nothing where the status is all there is.
    pub(crate) content: Option<(String, Value)>,
}

impl Operation {
    /// `contacts.get-contact`, unique over all modules.
    pub(crate) fn key(&self) -> String {
        format!("{}.{}", self.module, self.id)
    }

    /// `contacts.get_contact`, unique over all modules.
    pub(crate) fn method_key(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// Whether only an agency's token may call it.
    pub(crate) fn is_for_agencies(&self) -> bool {
        let mut schemes = self.security.iter().map(|(scheme, _)| scheme);
        !self.security.is_empty() && schemes.all(|scheme| scheme.starts_with("Agency-Access"))
    }

    /// Whether `altId` names a location or a company. In the bodies of messages, which have no `altType`, it is an id of the
    /// provider.
    pub(crate) fn has_place_in_alt_id(&self) -> bool {
        let body = self.body.as_ref();
        let keys = body.and_then(|body| crate::check::schema::keys(self, &body.schema));
        self.parameters
            .iter()
            .any(|parameter| parameter.name == "altId")
            || keys.is_some_and(|keys| keys.contains(&"altType"))
    }

    /// Follows references, to the schema that they stand for.
    pub(crate) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..32 {
            let name = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|r| r.rsplit('/').next());
            match name.and_then(|name| self.document.schemas.get(name)) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }
}

impl Interface {
    /// The interface of all modules; read at the first call, shared by all servers of the process.
    pub(crate) fn shared() -> &'static Interface {
        static SHARED: LazyLock<Interface> = LazyLock::new(Interface::read);
        &SHARED
    }

    /// The operation of this key.
    pub(crate) fn operation(&self, key: &str) -> Option<&Operation> {
        let index = self.keys.get(key)?;
        self.operations.get(*index).map(Arc::as_ref)
    }

    /// The operation that a request is meant for, and its path parameters, decoded.
    pub(crate) fn route(&self, method: &Method, path: &str) -> Option<Route<'_>> {
        self.routes.find(&self.operations, method, path)
    }

    fn read() -> Self {
        let mut operations = Vec::new();
        for (module, text) in MODULES {
            // What codegen wrote is JSON; a tree in which it is not has no operations, which the tests see.
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            let schemas = document
                .pointer("/components/schemas")
                .and_then(Value::as_object)
                .cloned();
            let shared = Arc::new(Document {
                schemas: schemas.unwrap_or_default(),
            });
            for (path, item) in document
                .get("paths")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                for (method, operation) in item.as_object().into_iter().flatten() {
                    if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) {
                        operations.push(Arc::new(read_operation(
                            module, &method, path, operation, &shared,
                        )));
                    }
                }
            }
        }
        let mut versions: Vec<String> = operations
            .iter()
            .filter_map(|operation| operation.version.clone())
            .collect();
        versions.sort();
        versions.dedup();
        Self {
            routes: route::Routes::of(&operations),
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

fn read_operation(
    module: &'static str,
    method: &Method,
    path: &str,
    operation: &Value,
    document: &Arc<Document>,
) -> Operation {
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |key: &str| {
        operation
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut version = None;
    let mut parameters = Vec::new();
    let mut headers = Vec::new();
    for parameter in list("parameters") {
        let schema = parameter.get("schema").cloned().unwrap_or_default();
        let required = parameter
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        match text(parameter, "in").as_str() {
            "header" if text(parameter, "name").eq_ignore_ascii_case("version") => {
                version = schema
                    .pointer("/enum/0")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
            }
            place @ ("path" | "query") => parameters.push(Parameter {
                in_path: place == "path",
                name: text(parameter, "name"),
                required,
                comma: parameter.get("explode") == Some(&Value::Bool(false)),
                schema,
            }),
            "header" if required => headers.push(text(parameter, "name")),
            _ => {}
        }
    }
    let security = list("security")
        .filter_map(Value::as_object)
        .flatten()
        .map(|(scheme, scopes)| {
            let scopes = scopes
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned);
            (scheme.clone(), scopes.collect())
        })
        .collect();
    let content = |holder: &Value| {
        let content = holder.get("content").and_then(Value::as_object)?;
        let (media_type, media) = content.iter().next()?;
        Some((
            media_type.clone(),
            media.get("schema").cloned().unwrap_or_default(),
        ))
    };
    let body = operation.get("requestBody").and_then(|body| {
        let (media_type, schema) = content(body)?;
        let required = body
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Some(Body {
            media_type,
            required,
            schema,
        })
    });
    let responses = operation.get("responses").and_then(Value::as_object);
    let success = responses
        .into_iter()
        .flatten()
        .find(|(status, _)| status.starts_with('2'));
    let reply = Reply {
        status: success
            .and_then(|(status, _)| status.parse().ok())
            .unwrap_or(200),
        content: success.and_then(|(_, response)| content(response)),
    };
    Operation {
        module,
        id: text(operation, "operationId"),
        name: text(operation, "x-hoopai-name"),
        method: method.clone(),
        path: path.to_owned(),
        version,
        security,
        parameters,
        headers,
        body,
        reply,
        any_query: operation.get("x-hoopai-documented-only") == Some(&Value::Bool(true)),
        document: Arc::clone(document),
    }
}
