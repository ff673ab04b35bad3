//! Filters in the language of jq.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use serde_json::Value;

use crate::failure::{Failure, Result};

type Compiled = jaq_core::Filter<data::JustLut<Val>>;

/// A compiled filter.
pub(super) struct Filter(Compiled);

impl Filter {
    /// Compiles a filter.
    pub(super) fn parse(code: &str) -> Result<Self> {
        let definitions = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let functions = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code, path: () })
            .map_err(|_| {
                Failure::usage(
                    "the filter of --jq is not valid: check its syntax, and quote it for the shell",
                )
            })?;
        let filter = Compiler::default()
            .with_funs(functions)
            .compile(modules)
            .map_err(|errors| {
                let names = errors
                    .iter()
                    .flat_map(|(_, errors)| errors)
                    .map(|(name, _)| *name);
                let names: Vec<&str> = names.collect();
                Failure::usage(format_args!(
                    "the filter of --jq uses undefined names: {}",
                    names.join(", ")
                ))
            })?;
        Ok(Filter(filter))
    }

    /// Returns the results of the filter for a value.
    pub(super) fn run(&self, value: &Value) -> Result<Vec<Value>> {
        let input = read::parse_single(value.to_string().as_bytes()).map_err(|error| {
            Failure::internal(format_args!("the reply cannot be filtered: {error}"))
        })?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let results = self.0.id.run((context, input)).map(unwrap_valr);
        results
            .map(|result| match result {
                // A value that JSON does not have, such as NaN, is shown as text.
                Ok(value) => {
                    let text = value.to_string();
                    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
                }
                Err(error) => Err(Failure::usage(format_args!(
                    "the filter of --jq failed: {error}"
                ))),
            })
            .collect()
    }
}
