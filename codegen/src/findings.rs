//! Decisions that a file leaves open, and names and texts that break a rule, as entries of the
//! attention list. None of them stops generation: the interface follows from the general rules.

use serde_json::{Value, json};

use crate::attention::{Attention, Edit};
use crate::documentation::TextSources;
use crate::error::{FileError, SourcePointer};
use crate::floats::Float;
use crate::formats::FRACTION;
use crate::overlay;
use crate::schema::{RejectedName, ResolvedTypes};
use crate::sibling_texts::MisplacedText;

/// The value of `x-hoopai-fraction` in proposed actions. A float holds any number of the platform.
const UNDECIDED: &str = "the platform's file declares a number, and nothing shows that it is whole";

/// An entry, and the action that may settle it.
pub(crate) struct Finding {
    pub(crate) entry: Attention,
    action: Option<OverlayAction>,
}

/// An action of an overlay that merges a value into a schema.
struct OverlayAction {
    target: String,
    description: String,
    update: Value,
}

impl OverlayAction {
    fn edit(&self) -> Edit {
        let Self {
            target,
            description,
            update,
        } = self;
        let action = json!([{ "target": target, "description": description, "update": update }]);
        Edit::AppendAction(action.to_string())
    }
}

impl Finding {
    /// A number that nothing decides.
    pub(crate) fn of_float(float: &Float, document: &Value, at: &SourcePointer<'_>) -> Self {
        let Float { name, path, .. } = float;
        let target = mark_target(document, path);
        let error = error_at(
            document,
            path,
            at,
            format!("nothing decides what kind of number `{name}` is"),
            format!(
                "add an action to the module's overlay with `target: \"{}\"`: `type: integer` for whole numbers, `format: decimal` for amounts of money, or `{FRACTION}` with the reason why it may have a fractional part",
                target.as_ref().unwrap_or(path)
            ),
        );
        Self {
            entry: Attention::new(error, "it is a float, which holds any number", None),
            action: target.map(|target| OverlayAction {
                target,
                description: format!("`{name}` may have a fractional part."),
                update: json!({ FRACTION: UNDECIDED }),
            }),
        }
    }

    /// A field or parameter at a JSON pointer that has the name of a moment or a day, and no format.
    pub(crate) fn of_moment(pointer: &str, at: &SourcePointer<'_>) -> Self {
        let target = overlay::path_of(pointer);
        let error = at.error(
            format!("{pointer} has the name of a moment or a day, and no format of one"),
            format!(
                "add an action to the module's overlay with `target: \"{target}\"` that sets its `format`, or `x-hoopai-not-a-moment` with the reason"
            ),
        );
        let error = FileError {
            pointer: pointer.to_owned(),
            ..error
        };
        Self {
            entry: Attention::new(error, "its type is the declared one", None),
            action: None,
        }
    }

    /// A type name that breaks a rule.
    pub(crate) fn of_name(
        rejected: &RejectedName,
        document: &Value,
        at: &SourcePointer<'_>,
    ) -> Self {
        let RejectedName { name, path, reason } = rejected;
        let error = error_at(
            document,
            path,
            at,
            format!("the type name `{name}` {reason}"),
            format!(
                "add an action to the module's overlay with `target: \"{path}\"` and `update: {{ x-hoopai-name: … }}`, whose value is the name that a user would search for; schemas of one name become one type"
            ),
        );
        Self {
            entry: Attention::new(error, "the type has this name", None),
            action: None,
        }
    }

    /// A text that names a field of another type.
    pub(crate) fn of_text(
        text: &MisplacedText<'_>,
        types: &ResolvedTypes,
        documented: &Value,
        sources: &TextSources,
        at: &SourcePointer<'_>,
    ) -> Self {
        let origin = &types.structs[text.model].origin;
        let path = origin.field_path(&text.field.wire_name);
        let pointers = overlay::locations(documented, &path);
        let description = text.field.description.as_deref().unwrap_or_default();
        let source = sources.find(&pointers, &text.field.wire_name, description);
        let remedy =
            "describe the field of this type, or move the text to the type that it describes";
        let error = match source {
            Some(source) => FileError {
                file: source.file.clone(),
                pointer: source.pointer.clone(),
                problem: text.problem(),
                remedy: remedy.to_owned(),
            },
            None => error_at(documented, &path, at, text.problem(), remedy.to_owned()),
        };
        // A text for all fields of a name describes others well.
        let edit = source
            .filter(|source| source.is_of_one_field)
            .map(|source| Edit::RemoveText(source.pointer.clone()));
        Self {
            entry: Attention::new(error, "the text is kept", edit),
            action: None,
        }
    }
}

/// An error at the first schema with a JSONPath.
fn error_at(
    document: &Value,
    path: &str,
    at: &SourcePointer<'_>,
    problem: String,
    remedy: String,
) -> FileError {
    let pointers = overlay::locations(document, path);
    FileError {
        pointer: pointers.into_iter().next().unwrap_or_default(),
        ..at.error(problem, remedy)
    }
}

/// The JSONPath of the number within a schema: of a list its items, of a map its values.
fn mark_target(document: &Value, path: &str) -> Option<String> {
    let pointers = overlay::locations(document, path);
    let mut schema = document.pointer(pointers.first()?)?;
    let mut target = path.to_owned();
    while schema.get("type").and_then(Value::as_str) != Some("number") {
        let key = ["items", "additionalProperties"]
            .into_iter()
            .find(|key| schema.get(key).is_some_and(Value::is_object))?;
        target = format!("{target}.{key}");
        schema = &schema[key];
    }
    Some(target)
}

/// Merges the actions that may settle findings into a document: those whose targets are numbers of
/// it. `problems_left` returns the problems that are left in the changed document. Findings whose problem
/// is not left have the action as their edit.
pub(crate) fn propose(
    findings: &mut [Finding],
    document: &Value,
    problems_left: impl FnOnce(Value) -> Option<Vec<String>>,
) {
    let is_applicable = |action: &OverlayAction| {
        let pointers = overlay::locations(document, &action.target);
        let mut schemas = pointers.iter().map(|pointer| document.pointer(pointer));
        let is_number = |schema: Option<&Value>| schema.is_some_and(|one| one["type"] == "number");
        !pointers.is_empty() && schemas.all(is_number)
    };
    let mut changed = document.clone();
    let mut tried = Vec::new();
    for finding in findings {
        let Some(action) = finding.action.take().filter(is_applicable) else {
            continue;
        };
        overlay::merge_at(&mut changed, &action.target, &action.update);
        tried.push((&mut finding.entry, action));
    }
    if tried.is_empty() {
        return;
    }
    let Some(left) = problems_left(changed) else {
        return;
    };
    for (entry, action) in tried {
        if !left.contains(&entry.problem) {
            entry.edit = Some(action.edit());
        }
    }
}

/// Moves an entry about a part that the platform's file lacks: an overlay adds the part, or a
/// correction moves it.
pub(crate) fn place(
    entry: &mut Attention,
    spec: &Value,
    corrected: &Value,
    overlay_file: Option<&str>,
) {
    if spec.pointer(&entry.pointer).is_some() {
        return;
    }
    match overlay_file {
        Some(file) if corrected.pointer(&entry.pointer).is_some() => {
            file.clone_into(&mut entry.file);
            entry.pointer.clear();
        }
        _ => {
            while spec.pointer(&entry.pointer).is_none() {
                let end = entry.pointer.rfind('/').unwrap_or_default();
                entry.pointer.truncate(end);
            }
        }
    }
}
