//! Debug output that shows the structure of a value and not its contents, which are personal data.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::traits::{Model, Redact, Visit};

/// Replaces a value that is not shown.
const HIDDEN: &str = "[hidden]";

/// Writes a model: the fields that are set, by wire name.
pub fn debug_model<T: Model>(model: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shape = Shape(f.debug_struct(T::NAME));
    model.fields(&mut shape);
    if !model.extra().is_empty() {
        shape.0.field("extra", model.extra());
    }
    shape.0.finish()
}

struct Shape<'a, 'b>(fmt::DebugStruct<'a, 'b>);

impl Visit for Shape<'_, '_> {
    fn field<T: Serialize + Redact>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            self.0.field(name, &Shown(value));
        }
    }
}

struct Shown<'a>(&'a dyn Redact);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.redact(f)
    }
}

macro_rules! hidden {
    ($($type:ty)*) => {$(
        impl Redact for $type {
            fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(HIDDEN)
            }

            fn is_hidden(&self) -> bool {
                true
            }
        }
    )*};
}
hidden!(String i64 f64 Value Map<String, Value>);

impl Redact for bool {}

impl<T: Redact> Redact for Box<T> {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).redact(f)
    }

    fn is_hidden(&self) -> bool {
        (**self).is_hidden()
    }
}

impl<T: Redact> Redact for Vec<T> {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() && self.iter().all(Redact::is_hidden) {
            return write!(f, "[{} hidden]", self.len());
        }
        f.debug_list()
            .entries(self.iter().map(|item| Shown(item)))
            .finish()
    }

    /// A list grows to up to twice its size, and its items can be large. Freeing the end of a block
    /// takes about as long as an allocation, so a few items keep theirs.
    #[inline]
    fn free_unused(&mut self) {
        const FREED_FROM: usize = 1024;
        let unused = (self.capacity() - self.len()) * size_of::<T>();
        if unused >= FREED_FROM {
            self.shrink_to_fit();
        }
    }
}

/// Keys can be personal data as well as values, so only the number of entries is shown.
impl<T: fmt::Debug> Redact for BTreeMap<String, T> {
    fn redact(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{} hidden}}", self.len())
    }

    fn is_hidden(&self) -> bool {
        true
    }
}
