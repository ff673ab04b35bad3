//! Support for tests of code that uses the client.

use std::fmt;

use serde::Serialize;

use crate::request::json_writer::to_json;

/// Shows the values of a model in `Debug`, as JSON.
///
/// The `Debug` output of a model hides its values, because logs should not contain personal data.
/// A failed `assert_eq!` of two models therefore does not show the difference. Compare them as
/// `Reveal`s instead. `{:#?}` shows indented JSON.
///
/// ```
/// use hoopai_runtime::testing::Reveal;
/// # hoopai_runtime::model! {
/// #     /// A note.
/// #     pub struct Note { pub body: String = "body" }
/// # }
/// # fn main() {
/// let note = Note::new().body("Call back");
/// assert_eq!(format!("{note:?}"), "Note { body: [hidden] }");
/// assert_eq!(format!("{:?}", Reveal(&note)), r#"{"body":"Call back"}"#);
/// assert_eq!(Reveal(&note), Reveal(&Note::new().body("Call back")));
/// # }
/// ```
///
/// It works with everything that serializes: models, lists and options of models, enums, and
/// single values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reveal<'a, T: ?Sized>(pub &'a T);

impl<T: Serialize + ?Sized> fmt::Debug for Reveal<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = match to_json(self.0) {
            Ok(json) => json,
            Err(error) => return write!(f, "[cannot be written as JSON at `{}`]", error.path),
        };
        let mut text = String::from_utf8(json).unwrap_or_default();
        if f.alternate()
            && let Ok(value) = text.parse::<serde_json::Value>()
        {
            text = format!("{value:#}");
        }
        f.write_str(&text)
    }
}
