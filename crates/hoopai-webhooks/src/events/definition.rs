//! The behaviour of events, as a macro over their list.

use std::fmt;

/// A value of `type` that an event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType {
    /// The value.
    pub value: &'static str,
    /// How certain it is.
    pub evidence: TypeEvidence,
}

/// How certain it is that deliveries of an event have a value of `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TypeEvidence {
    /// A delivery had the value.
    Observed,
    /// An example in the platform's documentation has the value.
    Example,
    /// The value is the name of the event's page; the page shows no `type`.
    Assumed,
}

impl EventType {
    pub(super) const fn new(value: &'static str, evidence: TypeEvidence) -> Self {
        Self { value, evidence }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value)
    }
}

/// Defines [`Event`](super::Event) and [`EventKind`](super::EventKind). A row is the name of the
/// variant, the model, the platform's name, the values of `type` with their evidence, and aliases.
macro_rules! events {
    ($(
        $(#[$meta:meta])*
        $name:ident($model:ident) = $platform_name:literal [$($value:literal: $evidence:ident),+] or [$($alias:literal),*],
    )+) => {
        /// An event that the platform delivered, with its payload.
        ///
        /// See the [module](crate::events) for how deviations are treated. `Debug` hides the values;
        /// serializing writes the JSON as it was sent.
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum Event {
            $(
                $(#[$meta])*
                ///
                #[doc = events!(@types $($value $evidence),+)]
                $name($crate::events::Payload<types::$model>),
            )+
            /// An event whose `type` is missing or not known, or whose payload cannot be decoded.
            Unknown($crate::events::UnknownEvent),
        }

        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EventKind {
            $(
                $(#[$meta])*
                $name,
            )+
        }

        impl EventKind {
            /// All kinds, in alphabetical order of the platform's names.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$name),+];

            /// Returns the platform's name of the event, which differs from `type` for some.
            pub fn name(self) -> &'static str {
                match self {
                    $(EventKind::$name => $platform_name,)+
                }
            }

            /// Returns the values of `type` that deliveries of the event have.
            pub fn types(self) -> &'static [$crate::events::EventType] {
                use $crate::events::{EventType, TypeEvidence};
                match self {
                    $(EventKind::$name => const { &[$(EventType::new($value, TypeEvidence::$evidence)),+] },)+
                }
            }

            /// Returns further values of `type` that count as the event.
            pub fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(EventKind::$name => &[$($alias),*],)+
                }
            }

            /// Returns the kind of a value of `type`, whatever its case and separators: `_`, `-`, `.`
            /// and blanks.
            pub fn from_type(event_type: &str) -> Option<Self> {
                match event_type {
                    $($($value)|+ $(| $alias)* => Some(EventKind::$name),)+
                    other => $crate::events::definition::in_other_spelling(other),
                }
            }

            pub(super) fn decode(self, delivery: $crate::events::parse::Delivery) -> Event {
                match self {
                    $(EventKind::$name => delivery.decode(self, Event::$name),)+
                }
            }
        }

        impl Event {
            /// Returns the kind of the event; `None` for an event that is not known.
            pub fn kind(&self) -> Option<EventKind> {
                match self {
                    $(Event::$name(_) => Some(EventKind::$name),)+
                    Event::Unknown(event) => event.kind(),
                }
            }

            /// Returns the values that all events have.
            pub fn envelope(&self) -> &$crate::events::Envelope {
                match self {
                    $(Event::$name(payload) => payload.envelope(),)+
                    Event::Unknown(event) => event.envelope(),
                }
            }

            /// Returns the JSON as it was sent.
            pub fn raw(&self) -> &$crate::events::definition::RawValue {
                match self {
                    $(Event::$name(payload) => payload.raw(),)+
                    Event::Unknown(event) => event.raw(),
                }
            }

            /// Returns the deviations of the payload from its model.
            pub fn drift(&self) -> &[$crate::events::definition::Drift] {
                match self {
                    $(Event::$name(payload) => payload.drift(),)+
                    Event::Unknown(event) => event.drift(),
                }
            }
        }

        impl ::std::fmt::Debug for Event {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Event::$name(payload) => f.debug_tuple(stringify!($name)).field(payload).finish(),)+
                    Event::Unknown(event) => f.debug_tuple("Unknown").field(event).finish(),
                }
            }
        }
    };
    (@types $value:literal $evidence:ident) => {
        concat!("`type`: `", $value, "` (", events!(@evidence $evidence), ").")
    };
    (@types $value:literal $evidence:ident, $($more:tt)+) => {
        concat!("`type`: `", $value, "` (", events!(@evidence $evidence), "). ", events!(@types $($more)+))
    };
    (@evidence Observed) => { "observed" };
    (@evidence Example) => { "in an example of the platform" };
    (@evidence Assumed) => { "assumed" };
}

pub(super) use hoopai_runtime::Drift;
pub(super) use serde_json::value::RawValue;

use super::EventKind;

/// The kind of a `type` that differs from a known one in its case and separators only.
pub(super) fn in_other_spelling(event_type: &str) -> Option<EventKind> {
    let mut kinds = EventKind::ALL.iter().copied();
    kinds.find(|kind| {
        let types = kind.types().iter().map(|known| known.value);
        types
            .chain(kind.aliases().iter().copied())
            .any(|known| letters(known).eq(letters(event_type)))
    })
}

/// The characters of a `type` without case and separators.
fn letters(event_type: &str) -> impl Iterator<Item = char> + '_ {
    let is_separator = |char: &char| matches!(char, '_' | '-' | '.') || char.is_whitespace();
    event_type
        .chars()
        .filter(move |char| !is_separator(char))
        .map(|char| char.to_ascii_lowercase())
}
