//! The one error of this crate.

use std::fmt;

use crate::hidden::visible;

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the caller named it.
    pub file: String,
    /// JSON pointer into that file; empty where the whole file is meant.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.file))?;
        if !self.pointer.is_empty() {
            write!(f, "#{}", visible(&self.pointer))?;
        }
        write!(f, ": {}; {}", visible(&self.problem), visible(&self.remedy))
    }
}

impl std::error::Error for Fault {}

/// The place that is being looked at: a file and a JSON pointer in it. Cheap to descend into, so that every
/// check can say where it stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    file: &'a str,
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(crate) fn root(file: &'a str) -> Self {
        Self {
            file,
            parent: None,
            step: Step::Root,
        }
    }

    pub(crate) fn key(&'a self, key: &'a str) -> At<'a> {
        At {
            file: self.file,
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At {
            file: self.file,
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// How many steps below the root this is.
    pub(crate) fn depth(&self) -> usize {
        let (mut depth, mut at) = (0, self.parent);
        while let Some(parent) = at {
            depth += 1;
            at = parent.parent;
        }
        depth
    }

    pub(crate) fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            match here.step {
                Step::Root => {}
                Step::Key(key) => steps.push(key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => steps.push(index.to_string()),
            }
            at = here.parent;
        }
        steps.iter().rev().fold(String::new(), |mut out, step| {
            out.push('/');
            out.push_str(step);
            out
        })
    }

    pub(crate) fn fault(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault {
            file: self.file.to_owned(),
            pointer: self.pointer(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}
