//! The setters of builders.

/// Defines the setters of a builder that [`operation!`](crate::operation!) has generated. Module
/// crates use it.
///
/// ```text
/// setters! {
///     GetContact {
///         /// More about the parameter.
///         path contact_id: String = "contactId",
///         query limit: i64 = "limit",
///     }
/// }
/// ```
///
/// A line consists of the kind of the value (`path`, `query`, `header`, or `text` of a multipart
/// body), the setter, its type, and the wire name. `as` and a method of the type before the wire name convert the value to the
/// wire form that the parameter requires, such as `as in_milliseconds`. `part file = "file"` sets a file of a multipart
/// body, `json body: T` and `form body: T` a whole body.
#[doc(hidden)]
#[macro_export]
macro_rules! setters {
    ($builder:ident { $($(#[$meta:meta])* $kind:ident $setter:ident $(: $type:ty $(as $form:ident)?)? $(= $wire:literal)?),* $(,)? }) => {
        impl $builder {
            $( $crate::__setter! { $(#[$meta])* $kind $setter $(: $type $(as $form)?)? $(= $wire)? } )*
        }
    };
}

/// One setter; see [`setters!`](crate::setters!).
#[doc(hidden)]
#[macro_export]
macro_rules! __setter {
    ($(#[$meta:meta])* part $setter:ident = $wire:literal) => {
        #[doc = ::core::concat!("Sets the file `", $wire, "`.")]
        ///
        $(#[$meta])*
        #[inline]
        pub fn $setter(mut self, value: impl ::core::convert::Into<$crate::Part>) -> Self {
            self.call.part($wire, value.into());
            self
        }
    };
    ($(#[$meta:meta])* $kind:ident $setter:ident: $type:ty $(as $form:ident)? = $wire:literal) => {
        #[doc = ::core::concat!("Sets `", $wire, "` (", ::core::stringify!($kind), ").")]
        ///
        $(#[$meta])*
        #[inline]
        pub fn $setter(mut self, value: impl $crate::IntoField<$type>) -> Self {
            self.call.$kind($wire, value.into_field()$(.map(<$type>::$form))?);
            self
        }
    };
    ($(#[$meta:meta])* $kind:ident $setter:ident: $type:ty) => {
        /// Sets the body.
        ///
        $(#[$meta])*
        #[inline]
        pub fn $setter(mut self, value: impl $crate::IntoField<$type>) -> Self {
            self.call.body(value.into_field(), $crate::Call::$kind);
            self
        }
    };
}
