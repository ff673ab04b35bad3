//! Parts of a `multipart/form-data` body: files and texts.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use futures_core::Stream;

/// A part of a `multipart/form-data` body: a file from bytes or a stream, or a text.
///
/// The content type of a file is derived from its name, unless [`content_type`](Part::content_type)
/// sets it.
pub struct Part {
    content: Content,
    content_type: Option<String>,
}

enum Content {
    Text(String),
    File {
        name: String,
        bytes: Bytes,
    },
    Stream {
        name: String,
        length: Option<u64>,
        /// `None` after the body was created.
        body: Option<reqwest::Body>,
    },
}

impl Part {
    /// Creates a file from bytes.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Part {
            content: Content::File {
                name: file_name.into(),
                bytes: bytes.into(),
            },
            content_type: None,
        }
    }

    /// Creates a file from a stream of bytes.
    ///
    /// Pass its `length` in bytes if it is known; otherwise the whole body is sent in chunks
    /// without a length. A stream can be read only once, so the call is sent only once. If the
    /// stream returns an error, the call fails with it.
    pub fn stream<S, B, E>(file_name: impl Into<String>, stream: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        Bytes: From<B>,
    {
        let body = reqwest::Body::wrap_stream(stream);
        Part {
            content: Content::Stream {
                name: file_name.into(),
                length,
                body: Some(body),
            },
            content_type: None,
        }
    }

    /// Creates a text, without file name.
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

    /// Whether it can be sent: its content type is valid, and its file name cannot end the header.
    fn is_fit(&self) -> bool {
        let name = match &self.content {
            Content::Text(_) => None,
            Content::File { name, .. } | Content::Stream { name, .. } => Some(name),
        };
        if let Some(name) = name
            && name.contains(char::is_control)
        {
            return false;
        }
        match &self.content_type {
            Some(text) => text.parse::<mime_guess::Mime>().is_ok(),
            None => true,
        }
    }

    /// `None`: it is invalid, or its stream was read already.
    fn form_part(&mut self) -> Option<reqwest::multipart::Part> {
        use reqwest::multipart::Part;

        let (part, name) = match &mut self.content {
            Content::Text(text) => (Part::text(text.clone()), None),
            Content::File { name, bytes } => {
                let length = bytes.len() as u64;
                (Part::stream_with_length(bytes.clone(), length), Some(name))
            }
            Content::Stream { name, length, body } => {
                let body = body.take()?;
                let part = match length {
                    Some(length) => Part::stream_with_length(body, *length),
                    None => Part::stream(body),
                };
                (part, Some(name))
            }
        };
        let (part, guess) = match name {
            Some(name) => {
                let guess = mime_guess::from_path(&name).first_or_octet_stream();
                (part.file_name(name.clone()), Some(guess.to_string()))
            }
            None => (part, None),
        };
        match self.content_type.as_ref().or(guess.as_ref()) {
            Some(content_type) => part.mime_str(content_type).ok(),
            None => Some(part),
        }
    }
}

/// A file without a name, which is sent under the name `file`.
impl From<Bytes> for Part {
    fn from(bytes: Bytes) -> Self {
        Part::bytes("file", bytes)
    }
}

/// A file without a name, which is sent under the name `file`.
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
            Content::File { .. } | Content::Stream { .. } => "Part(file)",
        })
    }
}

/// The parts of a body by name, in the order in which they were set.
#[derive(Default)]
pub(crate) struct Parts(Vec<(String, Part)>);

impl Parts {
    /// Replaces the parts of this name.
    pub(crate) fn set(&mut self, name: &str, part: Part) {
        self.remove(name);
        self.add(name.to_owned(), part);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// Adds a part to those of the same name.
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
    pub(crate) fn check(self) -> Result<Self, String> {
        for (name, part) in &self.0 {
            if name.contains(char::is_control) || !part.is_fit() {
                return Err(name.clone());
            }
        }
        Ok(self)
    }

    /// The names and values of the texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, part)| match &part.content {
                Content::Text(text) => Some((name.as_str(), text.as_str())),
                _ => None,
            })
    }

    /// The names of the files.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, part)| match &part.content {
            Content::Text(_) => None,
            Content::File { name, .. } | Content::Stream { name, .. } => Some(name.as_str()),
        })
    }

    /// Whether it can be sent again: a stream can be read only once.
    pub(crate) fn is_replayable(&self) -> bool {
        let streams = |(_, part): &(String, Part)| matches!(part.content, Content::Stream { .. });
        !self.0.iter().any(streams)
    }

    /// The body for one attempt. `None`: it was sent and cannot be sent again.
    pub(crate) fn form(&mut self) -> Option<reqwest::multipart::Form> {
        let mut form = reqwest::multipart::Form::new();
        for (name, part) in &mut self.0 {
            form = form.part(name.clone(), part.form_part()?);
        }
        Some(form)
    }
}
