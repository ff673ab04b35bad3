//! Stage: reads `x-hoopai-paging` and `x-hoopai-unpaged`, and checks them against the operation.
//! Belongs here: declarations, the inference of undeclared paging, and paths within schemas.
//! May depend on the model and the leaf modules; `read` calls it.

mod declaration;
mod inference;
mod schema_path;

use serde_json::{Value, json};

use crate::attention::{Attention, Edit};
use crate::error::{FileError, SourcePointer};
use crate::json::Object;
use crate::model::Operation;
pub(crate) use declaration::Declaration;
use declaration::{PAGED, Reader, UNPAGED};

/// The paging of an operation.
pub(crate) struct Rule {
    pub(crate) declaration: Declaration,
    /// The extension that nothing declares and that was decided: name, value, and the entry of the
    /// attention list.
    pub(crate) decided: Option<(&'static str, Value, Attention)>,
}

/// The reason of an operation that pages in an unknown way.
const UNDECIDED: &str = "The way in which it pages is unknown; it is read as a single page.";

/// Reads the declaration of an operation. An operation with paging parameters and no declaration
/// pages by the inferred one, or does not page.
pub(crate) fn read(
    document: &Value,
    operation: &Operation,
    declared: &Object,
    at: &SourcePointer<'_>,
) -> Result<Rule, FileError> {
    let reader = Reader {
        document,
        operation,
    };
    let undeclared = match declaration::read(&reader, declared, at)? {
        Ok(declaration) => {
            return Ok(Rule {
                declaration,
                decided: None,
            });
        }
        Err(undeclared) => undeclared,
    };
    let (declaration, extension, value, done, reason) = match inference::infer(&reader, at) {
        Some((rule, paging)) => {
            let done = format!("it pages by the inferred rule {rule}");
            let reason = "The rule is inferred from its parameters and its reply.";
            (Declaration::Paged(paging), PAGED, rule, done, reason)
        }
        None => {
            let done = "it does not page, since no rule is certain".to_owned();
            let unpaged = Declaration::Unpaged(UNDECIDED.to_owned());
            let reason = "Its parameters and its reply fit no rule.";
            (unpaged, UNPAGED, UNDECIDED.into(), done, reason)
        }
    };
    let update = json!({ extension: value });
    let edit = Edit::update_operation(&operation.path, &operation.method, reason, &update);
    let item = Attention::new(undeclared, done, Some(edit));
    Ok(Rule {
        declaration,
        decided: Some((extension, value, item)),
    })
}
