//! Paths of values in a body: `customFields[0].value`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// The largest index in a path, so that a slip does not create a list of millions of items.
pub(crate) const LARGEST_INDEX: usize = 9_999;
/// The largest number of steps.
const MOST_STEPS: usize = 64;

/// The path of a value in a body. `.` separates names; `[0]` or a number is an index of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Step>);

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An index of a list.
    Index(usize),
}

/// The text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePathError {
    path: String,
    problem: &'static str,
}

impl FieldPath {
    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Adds a step at the end.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Puts a value at this path into `target`, and creates the objects and lists on the way. Items
    /// of a list are added at its end or replaced.
    ///
    /// # Errors
    /// Returns the path of a value on the way that has no such parts, or whose list is too short.
    pub fn insert(&self, target: &mut Value, value: Value) -> Result<(), FieldPath> {
        let mut current = target;
        for (depth, step) in self.0.iter().enumerate() {
            let blocked = || FieldPath(self.0[..=depth].to_vec());
            current = match step {
                Step::Key(name) => {
                    if current.is_null() {
                        *current = Value::Object(Map::new());
                    }
                    let fields = current.as_object_mut().ok_or_else(blocked)?;
                    fields.entry(name.clone()).or_insert(Value::Null)
                }
                Step::Index(index) => {
                    if current.is_null() {
                        *current = Value::Array(Vec::new());
                    }
                    let items = current.as_array_mut().ok_or_else(blocked)?;
                    if *index == items.len() {
                        items.push(Value::Null);
                    }
                    items.get_mut(*index).ok_or_else(blocked)?
                }
            };
        }
        *current = value;
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |problem| ParsePathError {
            path: text.chars().take(200).collect(),
            problem,
        };
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() && (indexes.is_empty() || !steps.is_empty()) {
                return Err(error("a name is empty"));
            }
            match index(name) {
                Some(index) if !steps.is_empty() => steps.push(Step::Index(index)),
                _ if name.is_empty() => {}
                _ if name.contains(']') => return Err(error("`]` has no `[`")),
                _ => steps.push(Step::Key(name.to_owned())),
            }
            while !indexes.is_empty() {
                let end = indexes.find(']').ok_or_else(|| error("`[` has no `]`"))?;
                let inside = indexes[..end].strip_prefix('[');
                let inside = inside.and_then(index);
                steps.push(Step::Index(inside.ok_or_else(|| {
                    error("an index must be a number from 0 to 9999 in brackets")
                })?));
                indexes = &indexes[end + 1..];
            }
        }
        if steps.len() > MOST_STEPS {
            return Err(error("it has more than 64 parts"));
        }
        Ok(Self(steps))
    }
}

fn index(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let index = text.parse().ok().filter(|index| *index <= LARGEST_INDEX);
    index.filter(|_| digits)
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if position == 0 => write!(f, "{name}")?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for ParsePathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no path of a field: {}", self.path, self.problem)
    }
}

impl std::error::Error for ParsePathError {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::FieldPath;

    #[test]
    fn both_forms_of_indexes_are_read() {
        for text in ["customFields[0].value", "customFields.0.value"] {
            let path: FieldPath = text.parse().unwrap();
            assert_eq!(path.to_string(), "customFields[0].value");
        }
        let path: FieldPath = "[2][0].a".parse().unwrap();
        assert_eq!(path.to_string(), "[2][0].a");
    }

    #[test]
    fn texts_that_are_no_path_are_errors() {
        for text in [
            "", ".", "a..b", "a.", "a[", "a]", "a[x]", "a[0]b", "a[10000]", "a[-1]", "a.[0]",
        ] {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn insertion_creates_objects_and_lists() {
        let mut body = Value::Null;
        let mut set =
            |path: &str, value: Value| path.parse::<FieldPath>().unwrap().insert(&mut body, value);
        set("tags[0]", json!("a")).unwrap();
        set("tags[1]", json!("b")).unwrap();
        set("items[0].price.amount", json!(1)).unwrap();
        set("tags[0]", json!("c")).unwrap();
        assert_eq!(
            set("tags[3]", json!("d")).unwrap_err().to_string(),
            "tags[3]"
        );
        assert_eq!(set("tags.x", json!("d")).unwrap_err().to_string(), "tags.x");
        let expected = json!({ "tags": ["c", "b"], "items": [{ "price": { "amount": 1 } }] });
        assert_eq!(body, expected);
    }
}
