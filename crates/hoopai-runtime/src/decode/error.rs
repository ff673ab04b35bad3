//! Errors of the decoder.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// An error of the decoder. It is one pointer in size, because every function of the reader returns
/// it.
#[derive(Debug)]
pub(crate) struct DecodeError(Box<DecodeErrorKind>);

#[derive(Debug)]
pub(crate) enum DecodeErrorKind {
    /// The text is not JSON.
    Broken,
    /// Lists and objects are nested too deeply.
    Deep,
    /// The text is JSON, and a value in it does not fit its type.
    Unfit {
        /// The offset of the value, once it is known.
        at: Option<usize>,
        expected: Cow<'static, str>,
    },
}

impl DecodeError {
    #[cold]
    pub(crate) fn broken() -> Self {
        DecodeError(Box::new(DecodeErrorKind::Broken))
    }

    #[cold]
    pub(super) fn deep() -> Self {
        DecodeError(Box::new(DecodeErrorKind::Deep))
    }

    #[cold]
    pub(super) fn unfit(expected: &'static str) -> Self {
        DecodeError::unfit_as(Cow::Borrowed(expected))
    }

    /// A mismatch with a computed description.
    #[cold]
    fn unfit_as(expected: Cow<'static, str>) -> Self {
        DecodeError(Box::new(DecodeErrorKind::Unfit { at: None, expected }))
    }

    /// Sets the offset, unless a more exact one is known.
    #[cold]
    pub(super) fn at(mut self, place: usize) -> Self {
        if let DecodeErrorKind::Unfit { at: at @ None, .. } = &mut *self.0 {
            *at = Some(place);
        }
        self
    }

    /// Shifts the offset, for a text that is part of a longer one.
    #[cold]
    pub(super) fn moved(mut self, by: usize) -> Self {
        if let DecodeErrorKind::Unfit { at: Some(at), .. } = &mut *self.0 {
            *at += by;
        }
        self
    }

    /// The kind of value that the type declares.
    #[cold]
    pub(super) fn expected(&self) -> Cow<'static, str> {
        match &*self.0 {
            DecodeErrorKind::Unfit { expected, .. } => expected.clone(),
            DecodeErrorKind::Broken | DecodeErrorKind::Deep => Cow::Borrowed("a value"),
        }
    }

    pub(crate) fn cause(&self) -> &DecodeErrorKind {
        &self.0
    }
}

/// Describes what a type declares, in our terms instead of serde's.
fn words(expected: &dyn Expected) -> Cow<'static, str> {
    let text = format!("{expected}");
    Cow::Borrowed(match text.as_str() {
        "a sequence" => LIST,
        "a map" => OBJECT,
        "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => {
            WHOLE_NUMBER
        }
        "f32" | "f64" => NUMBER,
        _ => return Cow::Owned(text),
    })
}

pub(super) const STRING: &str = "a string";
pub(super) const NUMBER: &str = "a number";
pub(super) const WHOLE_NUMBER: &str = "a whole number";
pub(super) const BOOLEAN: &str = "a boolean";
pub(crate) const LIST: &str = "a list";
pub(crate) const OBJECT: &str = "an object";
pub(super) const NULL: &str = "null";

/// Keeps only what the type declares from serde's messages, because the rest repeats the value.
impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        DecodeError::unfit("a value that its type takes")
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        DecodeError::unfit_as(words(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        DecodeError::unfit_as(words(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        DecodeError::unfit_as(words(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        DecodeError::unfit_as(Cow::Owned(format!("one of {}", expected.join(", "))))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        DecodeError::unfit_as(Cow::Owned(format!("no fields but {}", expected.join(", "))))
    }

    fn missing_field(field: &'static str) -> Self {
        DecodeError::unfit_as(Cow::Owned(format!("an object with the field `{field}`")))
    }

    fn duplicate_field(field: &'static str) -> Self {
        DecodeError::unfit_as(Cow::Owned(format!(
            "an object with the field `{field}` once"
        )))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause() {
            DecodeErrorKind::Broken => f.write_str("it is no JSON"),
            DecodeErrorKind::Deep => f.write_str("it is nested too deeply"),
            DecodeErrorKind::Unfit { expected, .. } => write!(f, "expected {expected}"),
        }
    }
}

impl std::error::Error for DecodeError {}
