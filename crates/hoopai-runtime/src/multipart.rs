//! Parts of a `multipart/form-data` body: files and texts.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use futures_core::Stream;

/// A part of a `multipart/form-data` body: a file from bytes or from a stream, or a text.
///
/// A file's content type is told from the ending of its name, unless [`content_type`](Part::content_type) sets it.
pub struct Part {
    content: Content,
    content_type: Option<String>,
}

enum Content {
    Text(String),
    File {
        name: String,
        body: reqwest::Body,
        length: Option<u64>,
    },
}

impl Part {
    /// A file whose bytes are at hand.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let length = Some(bytes.len() as u64);
        Part {
            content: Content::File {
                name: file_name.into(),
                body: bytes.into(),
                length,
            },
            content_type: None,
        }
    }

    /// A file whose bytes come piece by piece.
    ///
    /// Give its `length` in bytes if it is known: without it the whole body is sent in chunks, of no declared length. A stream
    /// can be read once, so a call with one is sent once. If the stream ends with an error, so does the call.
    pub fn stream<S, B, E>(file_name: impl Into<String>, stream: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        Bytes: From<B>,
    {
        let body = reqwest::Body::wrap_stream(stream);
        Part {
            content: Content::File {
                name: file_name.into(),
                body,
                length,
            },
            content_type: None,
        }
    }

    /// A text, without file name.
    pub fn text(value: impl Into<String>) -> Self {
        Part {
            content: Content::Text(value.into()),
            content_type: None,
        }
    }

    /// Sets the content type, such as `text/csv`.
    pub fn content_type(mut self, value: impl Into<String>) -> Self {
        self.content_type = Some(value.into());
        self
    }

    /// `None`: the content type is none, or the name of the file would end the header that it stands in.
    fn into_reqwest(self) -> Option<reqwest::multipart::Part> {
        if let Content::File { name, .. } = &self.content
            && name.contains(char::is_control)
        {
            return None;
        }
        let mut content_type = self.content_type;
        let part = match self.content {
            Content::Text(text) => reqwest::multipart::Part::text(text),
            Content::File { name, body, length } => {
                content_type.get_or_insert_with(|| {
                    mime_guess::from_path(&name)
                        .first_or_octet_stream()
                        .to_string()
                });
                match length {
                    Some(length) => reqwest::multipart::Part::stream_with_length(body, length),
                    None => reqwest::multipart::Part::stream(body),
                }
                .file_name(name)
            }
        };
        match content_type {
            Some(content_type) => part.mime_str(&content_type).ok(),
            None => Some(part),
        }
    }
}

/// A file without a name of its own; it is sent under the name `file`.
impl From<Bytes> for Part {
    fn from(bytes: Bytes) -> Self {
        Part::bytes("file", bytes)
    }
}

/// A file without a name of its own; it is sent under the name `file`.
impl From<Vec<u8>> for Part {
    fn from(bytes: Vec<u8>) -> Self {
        Part::bytes("file", bytes)
    }
}

/// Shows neither name nor contents.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.content {
            Content::Text(_) => "Part(text)",
            Content::File { .. } => "Part(file)",
        })
    }
}

/// The parts of a body by name, in the order in which they were set.
#[derive(Default)]
pub(crate) struct Parts(Vec<(String, Part)>);

impl Parts {
    /// Sets a part, in place of those of the same name.
    pub(crate) fn set(&mut self, name: &str, parts: impl IntoIterator<Item = Part>) {
        self.0.retain(|(other, _)| other != name);
        parts
            .into_iter()
            .for_each(|part| self.add(name.to_owned(), part));
    }

    /// Adds a part next to those of the same name.
    pub(crate) fn add(&mut self, name: String, part: Part) {
        self.0.push((name, part));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Err`: the part of this name cannot be sent.
    pub(crate) fn into_form(self) -> Result<reqwest::multipart::Form, String> {
        let mut form = reqwest::multipart::Form::new();
        for (name, part) in self.0 {
            match part.into_reqwest() {
                Some(part) if !name.contains(char::is_control) => form = form.part(name, part),
                _ => return Err(name),
            }
        }
        Ok(form)
    }
}
