//! Figures of a module.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::error::{FileError, SourcePointer};
use crate::formats::fraction_reason;
use crate::model::{Idempotency, Operation, PageStrategy, Paging, ParamLocation, Reply};
use crate::modules::Module;
use crate::read::Moments;
use crate::rust_types::{OperationTypes, RustType, RustTypes};
use crate::schema::{RejectedName, ResolvedTypes, Schema, rejected_names};
use crate::sibling_texts::misplaced_texts;

/// Figures of one module, as `cargo xtask report` prints them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModuleReport {
    /// The module's name.
    pub module: String,
    /// The number of operations.
    pub operations: usize,
    /// The number of operations with a typed reply, an empty one, or a file.
    pub typed: usize,
    /// The names of operations whose reply may be any JSON without a decision: gaps.
    pub untyped: Vec<String>,
    /// The operations whose reply may be any JSON by decision: name and reason.
    pub untyped_by_decision: BTreeMap<String, String>,
    /// The names of operations that HoopAI documents and no interface file contains.
    pub documented_only: Vec<String>,
    /// The names of operations with a multipart body.
    pub multipart: Vec<String>,
    /// The operations that page: name, and the parameters that change from page to page.
    pub paged: BTreeMap<String, String>,
    /// The operations that have paging parameters and do not page: name and reason.
    pub unpaged: BTreeMap<String, String>,
    /// The operations into which the client fills its default location: name, and the parameter
    /// with the evidence. The client fills in nothing else.
    pub default_location: BTreeMap<String, String>,
    /// The operations that are rejected before they are sent if a value is missing: name, and the
    /// values with the evidence. Path parameters are always required and not listed.
    pub required: BTreeMap<String, String>,
    /// The operations that are not idempotent: name and reason.
    pub not_idempotent: BTreeMap<String, String>,
    /// The names of operations whose idempotency is not declared: gaps. They count as not
    /// idempotent.
    pub idempotency_undeclared: Vec<String>,
    /// The number of operations by effect: read, write, destroy, outward.
    pub effects: BTreeMap<String, usize>,
    /// The operations whose effect an overlay declares: name, effect and reason.
    pub effects_declared: BTreeMap<String, String>,
    /// The parameters and fields that are floats: name and reason.
    pub fractions: BTreeMap<String, String>,
    /// The names of parameters and fields that are floats without a reason: gaps.
    pub fractions_without_reason: Vec<String>,
    /// The moments and days.
    pub moments: Moments,
    /// The number of the overlay's actions.
    pub overlay_actions: usize,
    /// The number of changes of each pass, in the order of the passes, including 0.
    pub passes: Vec<(String, usize)>,
    /// The type names that break a rule. `cargo xtask check` rejects them.
    pub rejected_names: Vec<RejectedName>,
    /// How much of it is documented.
    pub documented: Documented,
    /// Texts of fields that name a field which their model lacks.
    pub misplaced_texts: Vec<String>,
    /// Models that no text describes.
    pub undescribed_models: Vec<String>,
    /// The number of models.
    pub models: usize,
    /// The number of enums.
    pub enums: usize,
    /// Lines of generated Rust.
    pub lines: usize,
}

/// How much of a module is documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Documented {
    /// Operations.
    pub operations: Share,
    /// Parameters in path, query and header.
    pub parameters: Share,
    /// Fields of the models that requests send.
    pub request_fields: Share,
    /// Fields of the models in replies.
    pub reply_fields: Share,
}

/// A share of items that are documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The number of documented items.
    pub done: usize,
    /// The number of items.
    pub all: usize,
    /// The names of the undocumented items.
    pub lacking: Vec<String>,
}

impl Share {
    fn count(&mut self, name: impl FnOnce() -> String, text: Option<&String>) {
        self.all += 1;
        match text {
            Some(_) => self.done += 1,
            None => self.lacking.push(name()),
        }
    }

    /// Counts the fields of these models and of all models within them.
    fn count_fields(&mut self, resolved: &ResolvedTypes, models: Vec<&String>) {
        for name in resolved.reachable(models) {
            let item = resolved.structs.get(&name);
            for field in item.into_iter().flat_map(|item| &item.fields) {
                let name = || format!("{name}.{}", field.wire_name);
                self.count(name, field.description.as_ref());
            }
        }
        self.lacking.sort();
    }
}

/// Why a location is required that the file or an overlay declares as required.
const LOCATION_EVIDENCE: &str =
    "the platform answers 401 to a call whose location is missing (public reports)";

/// Whether an operation may return any JSON.
fn is_untyped(operation: &Operation, types: &OperationTypes) -> bool {
    let typed = types.reply.as_ref().is_some_and(RustType::is_typed);
    matches!(operation.reply, Reply::Json(_)) && !typed
}

/// Checks that no operation with a typed reply has a reason to be untyped.
pub(crate) fn check_untyped(
    operations: &[Operation],
    types: &RustTypes,
    at: &SourcePointer<'_>,
) -> Result<(), FileError> {
    for (operation, types) in operations.iter().zip(&types.operations) {
        if operation.untyped.is_some() && !is_untyped(operation, types) {
            let paths_at = at.key("paths");
            return Err(paths_at.key(&operation.path).key(&operation.method).error(
                "`x-hoopai-untyped` is declared, but its reply has a type",
                "delete that action of the module's overlay",
            ));
        }
    }
    Ok(())
}

/// Figures of a module. The figures of other stages are left at their defaults.
pub(crate) fn of_module(
    module: &Module,
    operations: &[Operation],
    resolved: &ResolvedTypes,
    types: &RustTypes,
) -> ModuleReport {
    let names = |matches: &dyn Fn(&Operation) -> bool| -> Vec<String> {
        let matching = operations.iter().filter(|operation| matches(operation));
        matching.map(|operation| operation.name.clone()).collect()
    };
    let reasons = |of: &dyn Fn(&Operation) -> Option<String>| -> BTreeMap<String, String> {
        let rows = operations.iter();
        rows.filter_map(|operation| Some((operation.name.clone(), of(operation)?)))
            .collect()
    };
    let untyped: Vec<&Operation> = operations
        .iter()
        .zip(&types.operations)
        .filter(|(operation, types)| is_untyped(operation, types))
        .map(|(operation, _)| operation)
        .collect();
    let (fractions, fractions_without_reason) = fractions(operations, resolved);
    let gaps = untyped
        .iter()
        .filter(|operation| operation.untyped.is_none());
    ModuleReport {
        module: module.name.clone(),
        operations: operations.len(),
        typed: operations.len() - untyped.len(),
        untyped: gaps.map(|operation| operation.name.clone()).collect(),
        untyped_by_decision: reasons(&|operation| operation.untyped.clone()),
        documented_only: names(&|operation| operation.documented_only),
        multipart: names(&Operation::is_multipart),
        paged: reasons(&|operation| operation.paging.as_ref().map(paging_style)),
        unpaged: reasons(&|operation| operation.unpaged.clone()),
        default_location: reasons(&default_location),
        required: reasons(&required),
        not_idempotent: reasons(&|operation| match &operation.idempotency {
            Idempotency::Not(reason) => Some(reason.clone()),
            _ => None,
        }),
        idempotency_undeclared: names(&|operation| {
            operation.idempotency == Idempotency::Undeclared
        }),
        effects: effects(operations),
        effects_declared: reasons(&|operation| {
            let reason = operation.effect_reason.as_ref()?;
            Some(format!("{}: {reason}", operation.effect.name()))
        }),
        fractions,
        fractions_without_reason,
        rejected_names: rejected_names(resolved, operations),
        documented: Documented::count(operations, resolved),
        misplaced_texts: misplaced_texts(resolved),
        undescribed_models: undescribed_models(resolved),
        models: resolved.structs.len(),
        enums: resolved.enums.len(),
        ..ModuleReport::default()
    }
}

/// The models without a text of their own.
fn undescribed_models(types: &ResolvedTypes) -> Vec<String> {
    let models = types.structs.iter();
    models
        .filter(|(_, model)| model.description.is_none())
        .map(|(name, _)| name.clone())
        .collect()
}

/// The number of operations by effect.
fn effects(operations: &[Operation]) -> BTreeMap<String, usize> {
    let mut effects = BTreeMap::new();
    for operation in operations {
        *effects
            .entry(operation.effect.name().to_owned())
            .or_default() += 1;
    }
    effects
}

fn paging_style(paging: &Paging) -> String {
    let names = paging.param_names().join(", ");
    match &paging.strategy {
        PageStrategy::Offset(_) => format!("offset {names}"),
        PageStrategy::Page { first, .. } => format!("page {names} from {first}"),
        PageStrategy::Cursor(_) => format!("cursor {names}"),
    }
}

/// The value that takes the default location, and the evidence.
fn default_location(operation: &Operation) -> Option<String> {
    let location = operation.location.as_ref()?;
    let alt_type = if location.alt_type {
        " and `altType`"
    } else {
        ""
    };
    Some(format!(
        "`{}`{alt_type} in the {}; {}",
        location.name,
        location.part.name(),
        location.evidence
    ))
}

/// The required values of a call, and the evidence.
fn required(operation: &Operation) -> Option<String> {
    let location = operation.location.as_ref();
    let location = location
        .filter(|location| location.required && location.part != ParamLocation::Path)
        .map(|location| format!("`{}`: {LOCATION_EVIDENCE}", location.name));
    let others = operation.required.iter();
    let others = others.map(|value| format!("`{}`: {}", value.path, value.evidence));
    let all: Vec<String> = location.into_iter().chain(others).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The floats of parameters, parts and fields: those with a reason, and the names of the others.
fn fractions(
    operations: &[Operation],
    resolved: &ResolvedTypes,
) -> (BTreeMap<String, String>, Vec<String>) {
    let mut reasons = BTreeMap::new();
    let mut gaps = BTreeSet::new();
    let mut add = |owner: &str, wire_name: &str, reason: Option<String>| {
        let name = format!("{owner}.{wire_name}");
        match reason {
            Some(reason) => {
                reasons.insert(name, reason);
            }
            None => {
                gaps.insert(name);
            }
        }
    };
    for (operation, schemas) in operations.iter().zip(&resolved.operations) {
        let parameters = operation
            .parameters
            .iter()
            .map(|parameter| (&parameter.wire_name, &parameter.schema))
            .zip(&schemas.parameters);
        let parts = operation.body.iter().flat_map(|body| &body.parts);
        let parts = parts
            .map(|part| (&part.wire_name, &part.schema))
            .zip(&schemas.parts);
        for ((wire_name, source), schema) in parameters.chain(parts) {
            if schema.has_fraction() {
                add(&operation.name, wire_name, fraction_reason(source));
            }
        }
        let contents = [("body", &schemas.body), ("reply", &schemas.reply)];
        for (part, schema) in contents {
            if schema.as_ref().is_some_and(Schema::has_fraction) {
                add(&operation.name, part, None);
            }
        }
    }
    for (name, item) in &resolved.structs {
        for field in item
            .fields
            .iter()
            .filter(|field| field.schema.has_fraction())
        {
            add(name, &field.wire_name, field.fraction.clone());
        }
        if item.additional.as_ref().is_some_and(Schema::has_fraction) {
            add(name, "additionalProperties", None);
        }
    }
    (reasons, gaps.into_iter().collect())
}

impl Documented {
    fn count(operations: &[Operation], resolved: &ResolvedTypes) -> Self {
        let mut of = Documented::default();
        for operation in operations {
            let name = &operation.name;
            of.operations
                .count(|| name.clone(), operation.summary.as_ref());
            for parameter in &operation.parameters {
                let name = || format!("{name}.{}", parameter.wire_name);
                of.parameters.count(name, parameter.description.as_ref());
            }
            for part in operation.body.iter().flat_map(|body| &body.parts) {
                let name = || format!("{name}.{}", part.wire_name);
                of.request_fields.count(name, part.description.as_ref());
            }
        }
        let schemas = || resolved.operations.iter();
        let requests = schemas().filter_map(|schemas| schemas.request());
        of.request_fields.count_fields(resolved, requests.collect());
        let replies = schemas().filter_map(|schemas| schemas.reply.as_ref()?.named());
        of.reply_fields.count_fields(resolved, replies.collect());
        of
    }
}
