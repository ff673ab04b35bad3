//! Replies that confirm an operation.
//!
//! The platform spells the flag of success in several ways, and not always as the operation declares it: recorded replies
//! to deletions hold `succeded`, `succeeded`, both, or `success`.

use serde::Serialize;
use serde_json::Value;

use crate::Redact;
use crate::decode::SUCCESS_FLAGS;
use crate::model::{Model, Visit};

/// Flags that some operations declare instead of a success flag. They count only if there is none.
const OTHER_FLAGS: [&str; 3] = ["deleted", "ok", "status"];

/// Adds `is_success` to models of replies that confirm an operation. Module crates use it.
///
/// ```
/// hoopai_runtime::model! {
///     /// The reply to a deletion.
///     pub struct DeleteThingResponse { pub succeded: bool = "succeded" }
/// }
/// hoopai_runtime::confirmations! { DeleteThingResponse }
/// # fn main() {
/// let reply: DeleteThingResponse = serde_json::from_str(r#"{"success":false}"#).unwrap();
/// assert!(!reply.is_success());
/// # }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! confirmations {
    ($($name:ident),+ $(,)?) => {$(
        impl $name {
            /// Whether the platform confirms that the operation was carried out, however it spells that: `succeded`,
            /// `succeeded`, `success`, or another flag that this operation declares. A reply without a flag counts as
            /// confirmed, because its status was 2xx.
            pub fn is_success(&self) -> bool {
                $crate::__private::is_success(self)
            }
        }
    )+};
}

/// Whether no success flag of a reply is false.
pub fn is_success<T: Model>(reply: &T) -> bool {
    let mut flags = Flags {
        success: None,
        other: None,
    };
    reply.fields(&mut flags);
    for (name, value) in reply.extra().iter() {
        flags.add(name, value);
    }
    flags.success.or(flags.other).unwrap_or(true)
}

/// The flags of a reply, one per kind: false if any of its kind is.
struct Flags {
    success: Option<bool>,
    other: Option<bool>,
}

impl Flags {
    fn add(&mut self, name: &str, value: &Value) {
        let flag = if SUCCESS_FLAGS.contains(&name) {
            &mut self.success
        } else if OTHER_FLAGS.contains(&name) {
            &mut self.other
        } else {
            return;
        };
        if let Some(value) = boolean(value) {
            *flag = Some(flag.unwrap_or(true) && value);
        }
    }
}

impl Visit for Flags {
    fn field<T: Serialize + Redact>(&mut self, name: &'static str, value: &Option<T>) {
        if (SUCCESS_FLAGS.contains(&name) || OTHER_FLAGS.contains(&name))
            && let Some(value) = value
            && let Ok(value) = serde_json::to_value(value)
        {
            self.add(name, &value);
        }
    }
}

/// A boolean in the forms that the decoder accepts. Other values, such as a status, are no flags.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => Some(false),
            Some(1.0) => Some(true),
            _ => None,
        },
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
