//! Paths of fields in a request, and the platform's error messages about them.

use std::fmt::Write;

/// The path from the root to a value. It is formatted only for errors.
#[derive(Clone, Copy)]
pub(crate) struct FieldPath<'p> {
    parent: Option<&'p FieldPath<'p>>,
    segment: Segment<'p>,
}

#[derive(Clone, Copy)]
enum Segment<'p> {
    Body,
    Key(&'p str),
    Index(usize),
}

impl<'p> FieldPath<'p> {
    /// The path of a whole body.
    pub(crate) fn body() -> Self {
        Self {
            parent: None,
            segment: Segment::Body,
        }
    }

    /// The path of a parameter, or of a top-level field.
    pub(crate) fn parameter(name: &'p str) -> Self {
        Self {
            parent: None,
            segment: Segment::Key(name),
        }
    }

    /// The path of a field.
    pub(crate) fn key<'q>(&'q self, key: &'q str) -> FieldPath<'q> {
        FieldPath {
            parent: Some(self),
            segment: Segment::Key(key),
        }
    }

    /// The path of an array item.
    pub(crate) fn item(&self, index: usize) -> FieldPath<'_> {
        FieldPath {
            parent: Some(self),
            segment: Segment::Index(index),
        }
    }

    /// Returns the field, and the sentence with its subject, such as `contact.email must be a
    /// string` or `each value in tags must be a string`.
    pub(crate) fn error(&self, sentence: &str) -> (String, String) {
        match (self.segment, self.parent) {
            (Segment::Index(_), Some(array)) => {
                let (field, subject) = (array.path(), array.subject("each value in "));
                (field, format!("{subject} {sentence}"))
            }
            _ => (self.path(), format!("{} {sentence}", self.subject(""))),
        }
    }

    /// Returns the field, and `property X should not exist`.
    pub(crate) fn undeclared(&self) -> (String, String) {
        (
            self.path(),
            format!("{} should not exist", self.subject("property ")),
        )
    }

    /// Returns the path with a prefix before its last segment.
    fn subject(&self, prefix: &str) -> String {
        let mut text = self.parent.map(FieldPath::path).unwrap_or_default();
        if text == "body" && self.is_top() {
            text.clear();
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(prefix);
        self.write_segment(&mut text);
        text
    }

    /// Returns the path as text, such as `items.0.name`; the path of a whole body is `body`.
    fn path(&self) -> String {
        let mut text = match self.parent {
            Some(parent) if !matches!(parent.segment, Segment::Body) => parent.path() + ".",
            _ => String::new(),
        };
        self.write_segment(&mut text);
        text
    }

    fn is_top(&self) -> bool {
        self.parent
            .is_some_and(|parent| matches!(parent.segment, Segment::Body))
    }

    fn write_segment(&self, text: &mut String) {
        match self.segment {
            Segment::Body => text.push_str("body"),
            // A key can be as long as a body.
            Segment::Key(key) => text.extend(key.chars().take(200)),
            Segment::Index(index) => {
                let _ = write!(text, "{index}");
            }
        }
    }
}
