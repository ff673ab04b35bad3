//! The call that an error, a span or a drift report refers to.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use crate::operation::{Method, Operation};
use crate::redact::mask::mask;

/// Identifies a call: an operation, or a method and path.
#[derive(Clone)]
pub(crate) struct CallSite {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
}

impl CallSite {
    pub(crate) fn of(operation: &'static Operation) -> Self {
        CallSite {
            operation: Some(operation),
            method: operation.method.clone(),
            template: Cow::Borrowed(operation.path),
        }
    }

    /// The path for spans and observers: without values.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self.operation {
            Some(operation) => Cow::Borrowed(operation.path),
            None => Cow::Owned(mask(&self.template)),
        }
    }

    /// Whether the call is idempotent, as the operation declares or as HTTP defines for its method.
    pub(crate) fn is_idempotent(&self) -> bool {
        match self.operation {
            Some(operation) => operation.idempotent,
            None => self.method.is_idempotent(),
        }
    }
}

/// Shows the name of the operation, if there is one, and method and path, without values.
impl Display for CallSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.operation {
            Some(operation) => {
                write!(
                    f,
                    "{}.{} ({} {})",
                    operation.module, operation.name, self.method, operation.path
                )
            }
            None => write!(f, "{} {}", self.method, mask(&self.template)),
        }
    }
}
