//! Look-ups over all modules. Only the module of the result is decompressed.

use std::fmt;

use crate::closest::{closest, normal};
use crate::entry::Method;
use crate::module::Module;
use crate::modules::MODULES;
use crate::operation::Operation;

/// All modules, by name.
pub fn modules() -> &'static [Module] {
    &MODULES
}

/// The module of this name. Case, `-` and `_` do not matter.
pub fn module(name: &str) -> Option<&'static Module> {
    let name = normal(name);
    MODULES.iter().find(|module| normal(module.name()) == name)
}

/// No operation has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownOperation {
    /// The name.
    pub name: String,
    /// The known name that is most similar: of a module, or of an operation with its module.
    pub closest: Option<String>,
}

impl fmt::Display for UnknownOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no operation has the name `{}`", self.name)?;
        match &self.closest {
            Some(closest) => write!(f, "; did you mean `{closest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownOperation {}

/// The operation of this name, with its module: `contacts.get_contact`, `contacts.get-contact`,
/// `contacts.get`. A space or a slash may stand for the dot.
///
/// # Errors
/// If there is no such operation.
pub fn find(name: &str) -> Result<&'static Operation, UnknownOperation> {
    let name = name.trim();
    let unknown = |closest: Option<String>| UnknownOperation {
        name: name.chars().take(200).collect(),
        closest,
    };
    let Some((module_name, own_name)) = name.split_once(['.', ' ', '/']) else {
        return Err(unknown(closest_name(name)));
    };
    let Some(module) = module(module_name) else {
        let names = MODULES.iter().map(Module::name);
        let closest = closest(module_name, names);
        return Err(unknown(
            closest.map(|module| format!("{module}.{own_name}")),
        ));
    };
    module.operation(own_name).ok_or_else(|| {
        let names = module.entries().iter();
        let names = names.flat_map(|entry| [Some(entry.name), entry.short_name]);
        let closest = closest(own_name, names.flatten());
        unknown(closest.map(|closest| format!("{}.{closest}", module.name())))
    })
}

/// The operation or module that a name without module may mean.
fn closest_name(name: &str) -> Option<String> {
    let expected = normal(name);
    let entries = || {
        MODULES.iter().flat_map(|module| {
            let entries = module.entries().iter();
            entries.map(move |entry| (module.name(), entry.name))
        })
    };
    let same = entries().find(|(_, own)| normal(own) == expected);
    let same = same.map(|(module, own)| format!("{module}.{own}"));
    same.or_else(|| closest(name, MODULES.iter().map(Module::name)).map(str::to_owned))
}

/// The operations with this operation id of the platform. Several modules use the same ids.
pub fn by_id(id: &str) -> Vec<&'static Operation> {
    let modules = MODULES.iter();
    modules
        .flat_map(|module| {
            let entries = module.entries().iter().enumerate();
            entries
                .filter(|(_, entry)| entry.id == id)
                .filter_map(|(index, _)| module.operations().get(index))
        })
        .collect()
}

/// The names and values of path parameters.
type PathValues = Vec<(&'static str, String)>;

/// The operation of a method and a path, and the values of its path parameters as they stand in the
/// path. The path is a template (`/contacts/{contactId}`) or has values; a query is ignored. A
/// trailing slash matters. Of several operations, the one with the most literal path is returned.
pub fn route(
    method: &str,
    path: &str,
) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let mut best: Option<(&'static Module, usize, PathValues)> = None;
    for module in &MODULES {
        for (index, entry) in module.entries().iter().enumerate() {
            if !entry.method.as_str().eq_ignore_ascii_case(method) {
                continue;
            }
            let Some(values) = path_values(entry.path, &segments) else {
                continue;
            };
            let is_better = |(_, _, other): &(_, _, PathValues)| values.len() < other.len();
            if best.as_ref().is_none_or(is_better) {
                best = Some((module, index, values));
            }
        }
    }
    let (module, index, values) = best?;
    Some((module.operations().get(index)?, values))
}

/// The methods that operations of a path have.
pub fn methods(path: &str) -> Vec<Method> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let entries = MODULES.iter().flat_map(|module| module.entries());
    let mut methods: Vec<Method> = entries
        .filter(|entry| path_values(entry.path, &segments).is_some())
        .map(|entry| entry.method)
        .collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

fn path_values(template: &'static str, segments: &[&str]) -> Option<PathValues> {
    let template: Vec<&'static str> = template.split('/').collect();
    if template.len() != segments.len() {
        return None;
    }
    let mut values = Vec::new();
    for (own, segment) in template.into_iter().zip(segments) {
        match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => values.push((name, (*segment).to_owned())),
            None if own == *segment => {}
            _ => return None,
        }
    }
    Some(values)
}
