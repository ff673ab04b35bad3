//! Where in a request something stands, and how the platform speaks of it.

use std::fmt::Write;

/// A way from the root to a value; text is made of it only where there is something to say.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    up: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Body,
    Key(&'p str),
    Item(usize),
}

impl<'p> Place<'p> {
    /// A whole body.
    pub(crate) fn body() -> Self {
        Self {
            up: None,
            step: Step::Body,
        }
    }

    /// A parameter.
    pub(crate) fn named(name: &'p str) -> Self {
        Self {
            up: None,
            step: Step::Key(name),
        }
    }

    pub(crate) fn key<'q>(&'q self, key: &'q str) -> Place<'q> {
        Place {
            up: Some(self),
            step: Step::Key(key),
        }
    }

    pub(crate) fn item(&self, index: usize) -> Place<'_> {
        Place {
            up: Some(self),
            step: Step::Item(index),
        }
    }

    /// The field, and the sentence with its subject: `contact.email must be a string`, `each value in tags must be a string`.
    pub(crate) fn say(&self, sentence: &str) -> (String, String) {
        match (self.step, self.up) {
            (Step::Item(_), Some(list)) => {
                let (field, subject) = (list.path(), list.subject("each value in "));
                (field, format!("{subject} {sentence}"))
            }
            _ => (self.path(), format!("{} {sentence}", self.subject(""))),
        }
    }

    /// The field, and `property X should not exist`.
    pub(crate) fn undeclared(&self) -> (String, String) {
        (
            self.path(),
            format!("{} should not exist", self.subject("property ")),
        )
    }

    /// The last name with `word` before it, and the way there before both.
    fn subject(&self, word: &str) -> String {
        let mut text = self.up.map(Place::path).unwrap_or_default();
        if text == "body" && self.is_top() {
            text.clear();
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(word);
        self.write_step(&mut text);
        text
    }

    /// `items.0.name`; a body by itself is `body`.
    fn path(&self) -> String {
        let mut text = match self.up {
            Some(up) if !matches!(up.step, Step::Body) => up.path() + ".",
            _ => String::new(),
        };
        self.write_step(&mut text);
        text
    }

    fn is_top(&self) -> bool {
        self.up.is_some_and(|up| matches!(up.step, Step::Body))
    }

    fn write_step(&self, text: &mut String) {
        match self.step {
            Step::Body => text.push_str("body"),
            // A key may be as long as a body.
            Step::Key(key) => text.extend(key.chars().take(200)),
            Step::Item(index) => {
                let _ = write!(text, "{index}");
            }
        }
    }
}
