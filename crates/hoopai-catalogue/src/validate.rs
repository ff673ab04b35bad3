//! Validation of a request before it is sent.
//!
//! The platform rejects fields that an operation does not declare, so objects are closed. Fields
//! that only the interface file declares as required are advice, as in the client.

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::closest::{closest, normal};
use crate::formats::broken_rule;
use crate::operation::{Body, BodyKind, Operation, PageSize, Parameter, Place};
use crate::problem::{Problem, ProblemKind};
use crate::schema::{Kind, Schema};

/// The largest number of problems.
const MOST_PROBLEMS: usize = 64;
/// The largest depth of value and schema together.
const MOST_DEPTH: usize = 200;
/// The largest number of pairs of value and schema.
const MOST_STEPS: usize = 1_000_000;

/// The values of a request.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Parameters in path, query and header, by name in the request or name of the setter. Lists
    /// are arrays.
    pub parameters: Vec<(String, Value)>,
    /// The body. Of a form, an object of its fields; of a multipart form, without the files.
    pub body: Option<Value>,
    /// The names of the fields that are files.
    pub files: Vec<String>,
    /// Whether the client has a default location, which it fills in.
    pub has_location: bool,
}

impl Operation {
    /// The parameter of this name: that of the request or of the setter. Case, `-` and `_` do not
    /// matter; an exact name has precedence.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let exact = |one: &&Parameter| one.name == name || one.rust_name == name;
        let similar = || {
            let name = normal(name);
            let is_similar =
                |one: &&Parameter| normal(one.name) == name || normal(one.rust_name) == name;
            self.parameters.iter().find(is_similar)
        };
        self.parameters.iter().find(exact).or_else(similar)
    }

    /// Validates a request. The problems name parameters and fields, and contain no values; those
    /// that are not [advice](Problem::is_advice) are errors.
    pub fn validate(&self, values: &Values) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut set: Vec<&Parameter> = Vec::new();
        for (name, value) in &values.parameters {
            match self.parameter(name) {
                Some(parameter) => {
                    set.push(parameter);
                    problems.extend(parameter_problems(parameter, value));
                }
                None if self.documented_only => {}
                None => problems.push(self.unknown(name)),
            }
        }
        let is_set = |name: &str, place: Place| {
            let mut set = set.iter();
            set.any(|one| one.name == name && one.place == place)
        };
        let location = self.location;
        let is_location = |one: &Parameter| {
            location.is_some_and(|location| {
                location.place == one.place
                    && (location.name == one.name || location.alt_type && one.name == "altType")
            })
        };
        for parameter in &self.parameters {
            let is_location = is_location(parameter);
            let must = match location {
                Some(location) if is_location => location.required && parameter.name != "altType",
                _ => parameter.required,
            };
            let is_filled = is_location && values.has_location;
            if is_set(parameter.name, parameter.place) || is_filled {
                continue;
            }
            if must || parameter.declared_required {
                problems.push(Problem {
                    is_advice: !must,
                    ..Problem::new(parameter.name, ProblemKind::Missing)
                });
            }
        }
        match &self.body {
            Some(body) => self.check_body(body, values, &mut problems),
            None => {
                let is_empty = |body: &Value| body.as_object().is_some_and(Map::is_empty);
                let sent = values.body.as_ref().filter(|body| !is_empty(body));
                let sent = sent.map(|_| "body".to_owned());
                let files = values.files.iter().cloned();
                let unknown = ProblemKind::Unknown { closest: None };
                problems.extend(
                    sent.into_iter()
                        .chain(files)
                        .map(|name| Problem::new(name, unknown.clone())),
                );
            }
        }
        problems.extend(self.page_size_problem(values));
        problems.truncate(MOST_PROBLEMS);
        problems
    }

    fn unknown(&self, name: &str) -> Problem {
        let parameters = self.parameters.iter();
        let mut names: Vec<&str> = parameters.map(|one| one.name).collect();
        if let Some(body) = &self.body {
            names.extend(body.schema.fields().iter().map(|field| field.name));
        }
        let closest = closest(name, names).map(str::to_owned);
        let name: String = name.chars().take(200).collect();
        Problem::new(name, ProblemKind::Unknown { closest })
    }

    fn check_body(&self, body: &Body, values: &Values, problems: &mut Vec<Problem>) {
        let in_body = self
            .location
            .filter(|location| location.place == Place::Body);
        let is_filled = |name: &str| {
            values.has_location
                && in_body.is_some_and(|location| {
                    location.name == name || location.alt_type && name == "altType"
                })
        };
        let mut required: Vec<&str> = body.required_fields.clone();
        if let Some(location) = in_body
            && location.required
            && !required.contains(&location.name)
        {
            required.push(location.name);
        }
        required.retain(|name| !is_filled(name));
        if body.kind == BodyKind::Multipart {
            check_files(body, values, problems);
        }
        let Some(value) = &values.body else {
            if !values.files.is_empty() {
                let fields = required.iter().filter(|path| !path.contains('.'));
                let missing = fields.filter(|name| !values.files.iter().any(|file| file == **name));
                problems.extend(missing.map(|name| Problem::new(*name, ProblemKind::Missing)));
                return;
            }
            if !body.required {
                return;
            }
            if !body.omittable {
                problems.push(Problem::new("body", ProblemKind::Missing));
            }
            let fields = required.iter().filter(|path| !path.contains('.'));
            problems.extend(fields.map(|name| Problem::new(*name, ProblemKind::Missing)));
            return;
        };
        let mut missing = Vec::new();
        for path in &required {
            find_missing(value, path, String::new(), &mut missing);
        }
        missing.retain(|path| !values.files.contains(path));
        let found = validate_value(body.schema, "", value)
            .into_iter()
            .filter(|problem| {
                let is_missing = problem.kind == ProblemKind::Missing;
                let is_file = values.files.contains(&problem.path);
                !(is_missing
                    && (is_filled(&problem.path) || is_file || missing.contains(&problem.path)))
            });
        problems.extend(found);
        problems.extend(
            missing
                .into_iter()
                .map(|path| Problem::new(path, ProblemKind::Missing)),
        );
    }

    /// A page size above the maximum that the platform states.
    fn page_size_problem(&self, values: &Values) -> Option<Problem> {
        let PageSize {
            parameter,
            max,
            declared: true,
        } = self.paging.as_ref()?.size?
        else {
            return None;
        };
        let sent = match parameter.place {
            Place::Body => values.body.as_ref()?.get(parameter.name)?,
            _ => {
                let mut sent = values.parameters.iter();
                let is_size = |name: &str| {
                    self.parameter(name)
                        .is_some_and(|one| one.name == parameter.name && one.place == Place::Query)
                };
                &sent.find(|(name, _)| is_size(name))?.1
            }
        };
        let size = match sent {
            Value::String(text) => text.trim().parse().ok()?,
            other => other.as_f64()?,
        };
        (size > f64::from(max)).then(|| {
            Problem::invalid(
                parameter.name,
                format!("must be at most {max}, the largest page of the platform"),
            )
        })
    }
}

fn parameter_problems(parameter: &Parameter, value: &Value) -> Vec<Problem> {
    let name = parameter.name;
    let unfit = |text: &str| ["", ".", ".."].contains(&text);
    if parameter.place == Place::Path && value.as_str().is_some_and(unfit) {
        return vec![Problem::new(name, ProblemKind::NoPathValue)];
    }
    // One value of a list parameter is a list of one.
    let is_list = parameter.schema.kind() == Kind::Array;
    match value {
        Value::Null => vec![Problem::new(
            name,
            ProblemKind::WrongKind {
                expected: parameter.schema.type_name(),
                found: "null",
            },
        )],
        Value::Array(_) => validate_value(parameter.schema, name, value),
        one if is_list => validate_value(parameter.schema, name, &Value::from(vec![one.clone()])),
        one => validate_value(parameter.schema, name, one),
    }
}

/// Checks the files of a multipart body. A body without declared files takes files of any name.
fn check_files(body: &Body, values: &Values, problems: &mut Vec<Problem>) {
    let declared = || body.parts.iter().filter(|part| part.is_file);
    if declared().next().is_none() {
        return;
    }
    for file in &values.files {
        if !declared().any(|part| part.name == file) {
            let closest = closest(file, declared().map(|part| part.name));
            let closest = closest.map(str::to_owned);
            problems.push(Problem::new(
                file.as_str(),
                ProblemKind::Unknown { closest },
            ));
        }
    }
}

/// The required fields that a body lacks. Lists on the way to a field are searched item by item; the
/// lists themselves are not required.
fn find_missing(value: &Value, path: &str, at: String, missing: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_missing(item, path, format!("{at}[{index}]"), missing);
            }
        }
        Value::Object(fields) => {
            let (name, rest) = match path.split_once('.') {
                Some((name, rest)) => (name, Some(rest)),
                None => (path, None),
            };
            let at = join(&at, name);
            match (fields.get(name), rest) {
                (None, None) => missing.push(at),
                (Some(value), Some(rest)) => find_missing(value, rest, at, missing),
                _ => {}
            }
        }
        _ => {}
    }
}

fn join(at: &str, name: &str) -> String {
    // A key can be as long as a body.
    let name: String = name.chars().take(200).collect();
    match at {
        "" => name,
        _ => format!("{at}.{name}"),
    }
}

/// Validates a value at a path; an empty path is that of the whole body.
pub(crate) fn validate_value(schema: Schema, path: &str, value: &Value) -> Vec<Problem> {
    let mut validator = Validator {
        problems: Vec::new(),
        steps: MOST_STEPS,
        depth: 0,
    };
    validator.value(path, schema, value, &[]);
    validator.problems
}

struct Validator {
    problems: Vec<Problem>,
    steps: usize,
    depth: usize,
}

impl Validator {
    /// `inherited` are the keys that an enclosing schema declares for the same object.
    fn value(&mut self, path: &str, schema: Schema, value: &Value, inherited: &[&str]) {
        if self.steps == 0 || self.depth == MOST_DEPTH {
            return self.push(Problem::invalid(
                shown(path),
                "is too large or too deeply nested to be checked",
            ));
        }
        self.steps -= 1;
        self.depth += 1;
        self.check(path, schema, value, inherited);
        self.depth -= 1;
    }

    fn push(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn invalid(&mut self, path: &str, rule: String) {
        self.push(Problem::invalid(shown(path), rule));
    }

    fn check(&mut self, path: &str, schema: Schema, value: &Value, inherited: &[&str]) {
        if value.is_null() && schema.is_nullable() {
            return;
        }
        let parts = schema.parts();
        let allowed = schema.allowed();
        if !is_of_kind(schema.kind(), value) {
            let kind = ProblemKind::WrongKind {
                expected: schema.type_name(),
                found: kind_of(value),
            };
            return self.push(Problem::new(shown(path), kind));
        }
        if !allowed.is_empty() && !allowed.contains(value) {
            let allowed = allowed.iter().map(plain).collect();
            return self.push(Problem::new(
                shown(path),
                ProblemKind::NotAllowed { allowed },
            ));
        }
        for part in &parts {
            match value {
                Value::String(text) => self.text(path, *part, text),
                Value::Number(number) => self.number(path, *part, number.as_f64()),
                Value::Array(items) => self.items(path, *part, items),
                _ => {}
            }
        }
        if let Some(rule) = schema
            .format()
            .and_then(|format| broken_rule(format, value))
        {
            self.invalid(path, rule.to_owned());
        }
        if let Value::Object(fields) = value {
            self.fields(path, schema, &parts, fields, inherited);
        }
        for part in &parts {
            self.alternatives(path, &parts, *part, value);
        }
    }

    fn text(&mut self, path: &str, part: Schema, text: &str) {
        let length = text.chars().count() as f64;
        if let Some(least) = part.own_number("minLength").filter(|least| length < *least) {
            self.invalid(path, format!("must have at least {least} characters"));
        }
        if let Some(most) = part.own_number("maxLength").filter(|most| length > *most) {
            self.invalid(path, format!("must have at most {most} characters"));
        }
        // A pattern that the engine does not support is not checked.
        let pattern = part.json().get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern
            && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
        {
            self.invalid(path, format!("must match the pattern {pattern}"));
        }
    }

    fn number(&mut self, path: &str, part: Schema, number: Option<f64>) {
        let Some(number) = number else { return };
        if let Some(least) = part.own_number("minimum") {
            let strict = part.own_flag("exclusiveMinimum");
            if number < least || strict && number <= least {
                let rule = if strict { "more than" } else { "at least" };
                self.invalid(path, format!("must be {rule} {least}"));
            }
        }
        if let Some(most) = part.own_number("maximum") {
            let strict = part.own_flag("exclusiveMaximum");
            if number > most || strict && number >= most {
                let rule = if strict { "less than" } else { "at most" };
                self.invalid(path, format!("must be {rule} {most}"));
            }
        }
    }

    fn items(&mut self, path: &str, part: Schema, items: &[Value]) {
        let count = items.len() as f64;
        if let Some(least) = part.own_number("minItems").filter(|least| count < *least) {
            self.invalid(path, format!("must have at least {least} items"));
        }
        if let Some(most) = part.own_number("maxItems").filter(|most| count > *most) {
            self.invalid(path, format!("must have at most {most} items"));
        }
        let Some(schema) = part.items() else { return };
        for (index, item) in items.iter().enumerate() {
            if self.problems.len() >= MOST_PROBLEMS {
                break;
            }
            self.value(&format!("{path}[{index}]"), schema, item, &[]);
        }
    }

    fn fields(
        &mut self,
        path: &str,
        schema: Schema,
        parts: &[Schema],
        fields: &Map<String, Value>,
        inherited: &[&str],
    ) {
        let known = schema.known_keys();
        let additional = schema.additional();
        for (key, value) in fields {
            if self.problems.len() >= MOST_PROBLEMS {
                return;
            }
            let declared: Vec<Schema> = parts
                .iter()
                .filter_map(|part| part.own_property(key))
                .collect();
            let at = join(path, key);
            for schema in &declared {
                self.value(&at, *schema, value, &[]);
            }
            if !declared.is_empty() || inherited.contains(&key.as_str()) {
                continue;
            }
            match (&known, additional) {
                (_, Some(additional)) => self.value(&at, additional, value, &[]),
                (Some(known), None) if !known.contains(&key.as_str()) => {
                    let names = known.iter().copied().chain(inherited.iter().copied());
                    let closest = closest(key, names).map(|name| join(path, name));
                    self.push(Problem::new(at, ProblemKind::Unknown { closest }));
                }
                _ => {}
            }
        }
        let required = parts.iter().flat_map(|part| part.own_list("required"));
        for name in required.filter_map(Value::as_str) {
            let is_read_only = parts
                .iter()
                .filter_map(|part| part.own_property(name))
                .any(|schema| schema.resolved().own_flag("readOnly"));
            if !fields.contains_key(name) && !is_read_only {
                self.push(Problem {
                    is_advice: true,
                    ..Problem::new(join(path, name), ProblemKind::Missing)
                });
            }
        }
    }

    /// A value must match one alternative. If it matches none, the problems of the one with the
    /// fewest are reported.
    fn alternatives(&mut self, path: &str, parts: &[Schema], part: Schema, value: &Value) {
        let alternatives = part.own_alternatives();
        if alternatives.is_empty() || self.problems.len() >= MOST_PROBLEMS {
            return;
        }
        let own: Vec<&str> = parts.iter().flat_map(|part| part.own_names()).collect();
        let outer = std::mem::take(&mut self.problems);
        let mut fewest: Option<Vec<Problem>> = None;
        for alternative in alternatives {
            self.value(path, alternative, value, &own);
            let found = std::mem::take(&mut self.problems);
            let count = |found: &[Problem]| {
                let errors = found.iter().filter(|one| !one.is_advice).count();
                (errors, found.len())
            };
            if fewest
                .as_ref()
                .is_none_or(|best| count(&found) < count(best))
            {
                fewest = Some(found);
            }
        }
        self.problems = outer;
        for problem in fewest.unwrap_or_default() {
            self.push(problem);
        }
    }
}

/// The name of a path in problems.
fn shown(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}

fn is_of_kind(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String | Kind::File => value.is_string(),
        Kind::Number => value.is_number(),
        Kind::Integer => {
            value.is_i64()
                || value.is_u64()
                || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        Kind::Boolean => value.is_boolean(),
        Kind::Array => value.is_array(),
        Kind::Object => value.is_object(),
        Kind::Union | Kind::Any => true,
    }
}

/// The kind of a value, in words.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// An allowed value as text.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
