//! The error type of this crate, and the position in a file that it reports.

use std::fmt;

use crate::text::escape_invisible;

/// A problem in a file: the position, the problem, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// JSON pointer into that file; empty if the error concerns the whole file.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_invisible(&self.file))?;
        if !self.pointer.is_empty() {
            write!(f, "#{}", escape_invisible(&self.pointer))?;
        }
        let (problem, remedy) = (&self.problem, &self.remedy);
        write!(
            f,
            ": {}; {}",
            escape_invisible(problem),
            escape_invisible(remedy)
        )
    }
}

impl std::error::Error for FileError {}

/// A position in a file: the file's name and a JSON pointer. A child position borrows its parent,
/// so that descending allocates nothing.
#[derive(Clone, Copy)]
pub(crate) struct SourcePointer<'a> {
    file: &'a str,
    parent: Option<&'a SourcePointer<'a>>,
    token: Token<'a>,
}

/// A reference token of a JSON pointer.
#[derive(Clone, Copy)]
enum Token<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> SourcePointer<'a> {
    pub(crate) fn root(file: &'a str) -> Self {
        Self {
            file,
            parent: None,
            token: Token::Root,
        }
    }

    pub(crate) fn key(&'a self, key: &'a str) -> SourcePointer<'a> {
        self.child(Token::Key(key))
    }

    pub(crate) fn index(&'a self, index: usize) -> SourcePointer<'a> {
        self.child(Token::Index(index))
    }

    fn child(&'a self, token: Token<'a>) -> SourcePointer<'a> {
        SourcePointer {
            file: self.file,
            parent: Some(self),
            token,
        }
    }

    /// The number of levels below the root.
    pub(crate) fn depth(&self) -> usize {
        std::iter::successors(self.parent, |at| at.parent).count()
    }

    pub(crate) fn pointer(&self) -> String {
        let parent = self.parent.map(SourcePointer::pointer).unwrap_or_default();
        match self.token {
            Token::Root => parent,
            Token::Key(key) => format!("{parent}/{}", escape_token(key)),
            Token::Index(index) => format!("{parent}/{index}"),
        }
    }

    pub(crate) fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) -> FileError {
        FileError {
            file: self.file.to_owned(),
            pointer: self.pointer(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// The keys and positions of a JSON pointer.
pub(crate) fn pointer_tokens(pointer: &str) -> Vec<String> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Escapes a key as a reference token of a JSON pointer.
pub(crate) fn escape_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// One step of a JSONPath.
pub(crate) fn json_path_step(key: &str) -> String {
    let is_plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain {
        format!(".{key}")
    } else {
        let key = key.replace('\\', "\\\\").replace('\'', "\\'");
        format!("['{key}']")
    }
}
