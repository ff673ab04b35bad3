//! Descriptions of operations as text: facts, parameters, fields of body and reply.

use std::fmt;

use serde_json::Value;

use crate::operation::{BodyKind, Operation, PageStrategy, Paging, Parameter, Reply};
use crate::schema::{Kind, Schema};

/// The depth of the fields in a description.
const DEPTH: usize = 4;
/// The longest list of allowed values.
const MOST_VALUES: usize = 30;

/// The description of an operation. [`Display`](fmt::Display) writes it as plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The name with the module: `contacts.get_contact`.
    pub name: String,
    /// Method and path.
    pub request: String,
    /// One sentence that says what the operation does.
    pub summary: String,
    /// Further documentation, Markdown.
    pub description: String,
    /// Facts: title and text, such as effect, version, tokens, paging.
    pub facts: Vec<(&'static str, String)>,
    /// The parameters.
    pub parameters: Vec<Row>,
    /// The fields of the body.
    pub body: Vec<Row>,
    /// The fields of the reply.
    pub reply: Vec<Row>,
}

/// A parameter, or a field of body or reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The name, or the path of the field: `customFields[].id`.
    pub path: String,
    /// The declared kind: `text`, `a list of text`.
    pub type_name: String,
    /// Notes: the part of the request, `required`, the default.
    pub notes: Vec<String>,
    /// The allowed values.
    pub allowed: Vec<String>,
    /// The documentation.
    pub description: String,
}

impl Operation {
    /// Describes the operation.
    pub fn explain(&self) -> Explanation {
        let entry = self.entry;
        let mut body = Vec::new();
        if let Some(own) = &self.body {
            collect(own.schema, "", 0, &mut Vec::new(), &mut body);
            for row in &mut body {
                if own
                    .required_fields
                    .contains(&row.path.replace("[]", "").as_str())
                {
                    row.notes.insert(0, "required".to_owned());
                    row.notes.retain(|note| note != ADVISED);
                }
            }
        }
        let mut reply = Vec::new();
        if let Reply::Json(schema) = self.reply {
            collect(schema, "", 0, &mut Vec::new(), &mut reply);
            for row in &mut reply {
                row.notes.retain(|note| note != ADVISED);
            }
        }
        Explanation {
            name: self.key(),
            request: format!("{} {}", entry.method, entry.path),
            summary: self.summary.unwrap_or_default().to_owned(),
            description: self.description.unwrap_or_default().to_owned(),
            facts: self.facts(),
            parameters: self.parameters.iter().map(parameter).collect(),
            body,
            reply,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        let effect = match self.effect_reason {
            Some(reason) => format!("{}: {reason}", self.entry.effect),
            None => self.entry.effect.to_string(),
        };
        facts.push(("effect", effect));
        let repeats = match (self.idempotent, self.not_idempotent) {
            (true, _) => "yes".to_owned(),
            (false, Some(reason)) => format!("no: {reason}"),
            (false, None) => "not known".to_owned(),
        };
        facts.push(("safe to repeat", repeats));
        let token = match (self.location_token, self.agency_token) {
            (true, true) => "of a location or an agency",
            (true, false) => "of a location",
            (false, true) => "of an agency",
            (false, false) => "not known",
        };
        facts.push(("token", token.to_owned()));
        if !self.scopes.is_empty() {
            facts.push(("scopes", self.scopes.join(", ")));
        }
        if let Some(version) = self.version {
            facts.push(("version", version.to_owned()));
        }
        if let Some(location) = self.location {
            let text = format!(
                "`{}` in the {}, filled in from the default location",
                location.name,
                location.place.name()
            );
            facts.push(("location", text));
        }
        if let Some(body) = &self.body {
            facts.push(("content type", body.media_type.to_owned()));
            if body.kind == BodyKind::Multipart {
                let files = body.parts.iter().filter(|part| part.is_file);
                let files: Vec<&str> = files.map(|part| part.name).collect();
                let files = match files[..] {
                    [] => "files under any name".to_owned(),
                    _ => files.join(", "),
                };
                facts.push(("files", files));
            }
        }
        match (&self.paging, self.unpaged) {
            (Some(rule), _) => facts.push(("pages", paging(rule))),
            (None, Some(reason)) => facts.push(("pages", format!("none: {reason}"))),
            (None, None) => {}
        }
        match self.reply {
            Reply::Empty => facts.push(("reply", "no body".to_owned())),
            Reply::Bytes => facts.push(("reply", "a file".to_owned())),
            Reply::Json(_) => {}
        }
        if self.deprecated {
            facts.push(("deprecated", "yes".to_owned()));
        }
        if self.documented_only {
            let text = "HoopAI documents only method and path; fields are not declared";
            facts.push(("note", text.to_owned()));
        }
        facts
    }
}

/// The note on values that only the interface file requires.
const ADVISED: &str = "declared as required";

fn paging(rule: &Paging) -> String {
    let strategy = match &rule.strategy {
        PageStrategy::Offset(to) => format!("by the offset `{}`", to.name),
        PageStrategy::Page { parameter, first } => {
            format!("by the page number `{}` from {first}", parameter.name)
        }
        PageStrategy::Cursor(cursors) => {
            let names: Vec<String> = cursors
                .iter()
                .map(|cursor| format!("`{}`", cursor.parameter.name))
                .collect();
            format!("by the cursor {}", names.join(" and "))
        }
    };
    let items = match rule.items {
        "" => "the reply is the list".to_owned(),
        items => format!("items in `{items}`"),
    };
    format!("{strategy}; {items}")
}

fn parameter(parameter: &Parameter) -> Row {
    let mut row = row(parameter.name.to_owned(), parameter.schema);
    row.notes.insert(0, parameter.place.name().to_owned());
    if parameter.required {
        row.notes.push("required".to_owned());
    } else if parameter.declared_required {
        row.notes.push(ADVISED.to_owned());
    }
    if let Some(description) = parameter.description {
        row.description = description.to_owned();
    }
    row
}

fn row(path: String, schema: Schema) -> Row {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let of = match schema.kind() {
        Kind::Array => schema.items().unwrap_or(schema),
        _ => schema,
    };
    let default = schema.default();
    Row {
        path,
        type_name: schema.type_name(),
        notes: default
            .map(|value| format!("default {}", text(value)))
            .into_iter()
            .collect(),
        allowed: of.allowed().iter().map(text).collect(),
        description: schema.description().unwrap_or_default().to_owned(),
    }
}

/// Adds the fields of a schema. `within` are the shared schemas around it, to stop at recursion.
fn collect(
    schema: Schema,
    path: &str,
    depth: usize,
    within: &mut Vec<&'static str>,
    rows: &mut Vec<Row>,
) {
    if let Some(name) = schema.reference() {
        if within.contains(&name) {
            return;
        }
        within.push(name);
    }
    let entered = usize::from(schema.reference().is_some());
    let items = schema.items().filter(|_| schema.kind() == Kind::Array);
    match items {
        Some(items) => collect(items, &format!("{path}[]"), depth, within, rows),
        None if depth < DEPTH => {
            for field in schema.fields() {
                let path = match path {
                    "" => field.name.to_owned(),
                    _ => format!("{path}.{}", field.name),
                };
                let mut row = row(path.clone(), field.schema);
                if field.declared_required {
                    row.notes.insert(0, ADVISED.to_owned());
                }
                rows.push(row);
                collect(field.schema, &path, depth + 1, within, rows);
            }
        }
        None => {}
    }
    within.truncate(within.len() - entered);
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.name, self.request)?;
        for text in [&self.summary, &self.description] {
            if !text.is_empty() {
                writeln!(f, "\n{}", text.trim_end())?;
            }
        }
        writeln!(f)?;
        for (title, text) in &self.facts {
            writeln!(f, "{title}: {text}")?;
        }
        for (title, rows) in [
            ("Parameters", &self.parameters),
            ("Body", &self.body),
            ("Reply", &self.reply),
        ] {
            if !rows.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for row in rows {
                writeln!(f, "  {row}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.path, self.type_name)?;
        for note in &self.notes {
            write!(f, ", {note}")?;
        }
        if !self.description.is_empty() {
            let text: Vec<&str> = self.description.split_whitespace().collect();
            write!(f, ". {}", text.join(" "))?;
        }
        if !self.allowed.is_empty() {
            let first: Vec<&str> = self
                .allowed
                .iter()
                .map(String::as_str)
                .take(MOST_VALUES)
                .collect();
            write!(f, " One of: {}", first.join(", "))?;
            if self.allowed.len() > first.len() {
                write!(f, " and {} more", self.allowed.len() - first.len())?;
            }
        }
        Ok(())
    }
}
