//! The positions of the nodes of a YAML text.

use granit_parser::{Event, Parser, Span, StructureStyle};

/// Deeper than any file that people write.
const DEPTH_LIMIT: usize = 128;

/// A node and its bytes in the text.
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// A scalar or an alias.
    Scalar(String),
    Collection {
        flow: bool,
        entries: Vec<Entry>,
    },
}

/// An item of a sequence, or a key of a mapping with its value.
pub(super) struct Entry {
    /// The key, or the index.
    pub(super) name: String,
    /// The position of the key, or of the item without its dash.
    pub(super) start: usize,
    pub(super) value: Node,
}

impl Node {
    /// The entries of a collection.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Scalar(_) => &[],
            Content::Collection { entries, .. } => entries,
        }
    }

    pub(super) fn is_flow(&self) -> bool {
        matches!(self.content, Content::Collection { flow: true, .. })
    }
}

/// Parses the first document of a text.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut events = Events {
        parser: Parser::new_from_str(text),
        length: text.len(),
    };
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd, span) => return Ok(events.scalar(String::new(), span)),
            (event, span) => return events.node(event, span, 0),
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    length: usize,
}

impl<'a> Events<'a> {
    /// The next event that is not a comment.
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        loop {
            match self.parser.next() {
                None => return Err("it ends within a value".to_owned()),
                Some(Err(error)) => return Err(error.to_string()),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
            }
        }
    }

    fn start(&self, span: Span) -> usize {
        span.start.byte_offset().unwrap_or(self.length)
    }

    fn end(&self, span: Span) -> usize {
        span.end.byte_offset().unwrap_or(self.length)
    }

    fn scalar(&self, text: String, span: Span) -> Node {
        Node {
            start: self.start(span),
            end: self.end(span),
            content: Content::Scalar(text),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, String> {
        if depth > DEPTH_LIMIT {
            return Err(format!("it nests more than {DEPTH_LIMIT} levels"));
        }
        let (style, is_mapping) = match event {
            Event::Scalar(text, ..) => return Ok(self.scalar(text.into_owned(), span)),
            Event::Alias(_) => return Ok(self.scalar(String::new(), span)),
            Event::SequenceStart(style, ..) => (style, false),
            Event::MappingStart(style, ..) => (style, true),
            _ => return Err("it has a value without content".to_owned()),
        };
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                return Ok(Node {
                    start: self.start(span),
                    end: self.end(at),
                    content: Content::Collection {
                        flow: style == StructureStyle::Flow,
                        entries,
                    },
                });
            }
            let start = self.start(at);
            let first = self.node(event, at, depth + 1)?;
            let entry = if is_mapping {
                let Content::Scalar(name) = first.content else {
                    return Err("it has a key that is not a scalar".to_owned());
                };
                let (event, at) = self.next()?;
                Entry {
                    name,
                    start,
                    value: self.node(event, at, depth + 1)?,
                }
            } else {
                Entry {
                    name: entries.len().to_string(),
                    start,
                    value: first,
                }
            };
            entries.push(entry);
        }
    }
}
