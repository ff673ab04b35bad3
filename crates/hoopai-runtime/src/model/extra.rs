//! Fields that no interface file declares, and values that do not fit their declared type.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::decode;
use crate::decode::Entries;
use crate::model::raw_value::UnknownValue;
use crate::redact::SentValues;
use crate::{Error, json};

/// The fields of an object that its type does not declare. They are kept unchanged and written
/// back.
///
/// Replies contain more fields than the interface files declare, and the platform accepts more. A
/// declared field is here as well if its value does not fit the type: the field itself is `None`
/// then. Once the field is set, it is written instead of that value.
///
/// An empty `Extra` is one pointer. Its contents are kept as text, with all digits, and parsed on
/// first access.
#[derive(Clone, Default)]
pub struct Extra(Option<Box<Store>>);

#[derive(Clone, Default)]
struct Store {
    /// Names and values as text, each pair after a comma, until they are changed. The text is
    /// UTF-8, which is checked only when it is parsed.
    text: Vec<u8>,
    fields: OnceLock<Fields>,
    whole: Option<Box<Kept>>,
    rejected: Option<Box<Rejection>>,
}

/// A value that a setter rejected. Writing the model fails with it.
#[derive(Clone, PartialEq)]
struct Rejection {
    name: String,
    reason: String,
}

#[derive(Clone, Default)]
struct Fields {
    values: Map<String, Value>,
    /// The text of values that would change if they were written back as `Value`s, sorted by name.
    exact: Vec<(String, Box<RawValue>)>,
}

/// A value that was kept. An enum, so that the frequent case is as small as the value.
#[derive(Clone)]
pub(crate) enum Kept {
    Value(Value),
    /// A value that would change if it were written back as a `Value`, and its text.
    Exact(Box<(Value, Box<RawValue>)>),
}

/// A kept value to be written.
pub(crate) enum Written<'a> {
    Value(&'a Value),
    Exact(&'a RawValue),
}

impl Kept {
    pub(crate) fn of_text(text: &str) -> Self {
        // Most values are strings without escapes, which are the same in both forms.
        if let Some(inner) = text.strip_prefix('"')
            && let Some(inner) = inner.strip_suffix('"')
            && !inner.contains('\\')
        {
            return Kept::of_value(inner.into());
        }
        let value = decode::value(text);
        // If `serde_json` cannot parse it, it could not be written into a `Value` either.
        if decode::survives(text) || text.parse::<Value>().is_err() {
            return Kept::Value(value);
        }
        match RawValue::from_string(text.to_owned()) {
            Ok(exact) => Kept::Exact(Box::new((value, exact))),
            Err(_) => Kept::Value(value),
        }
    }

    pub(crate) fn of_value(value: Value) -> Self {
        Kept::Value(value)
    }

    pub(crate) fn value(&self) -> &Value {
        match self {
            Kept::Value(value) => value,
            Kept::Exact(exact) => &exact.0,
        }
    }

    pub(crate) fn of(value: UnknownValue<'_>) -> Self {
        match value {
            UnknownValue::Text(text) => Kept::of_text(checked(&text)),
            UnknownValue::String(text) => Kept::of_value(text.into()),
            UnknownValue::Value(value) => Kept::of_value(value),
        }
    }

    pub(crate) fn written(&self) -> Written<'_> {
        match self {
            Kept::Value(value) => Written::Value(value),
            Kept::Exact(exact) => Written::Exact(&exact.1),
        }
    }
}

/// The text of values that came as JSON. Bytes of other formats can be anything and are not kept.
fn checked(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Written::Value(value) => value.serialize(to),
            Written::Exact(text) => text.serialize(to),
        }
    }
}

impl Fields {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.exact
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    fn insert(&mut self, name: String, kept: Kept) -> Option<Value> {
        let (value, exact) = match kept {
            Kept::Value(value) => (value, None),
            Kept::Exact(exact) => (exact.0, Some(exact.1)),
        };
        match (self.place(&name), exact) {
            (Ok(place), Some(text)) => self.exact[place].1 = text,
            (Ok(place), None) => drop(self.exact.remove(place)),
            (Err(place), Some(text)) => self.exact.insert(place, (name.clone(), text)),
            (Err(_), None) => {}
        }
        self.values.insert(name, value)
    }

    fn remove(&mut self, name: &str) -> Option<Value> {
        if let Ok(place) = self.place(name) {
            self.exact.remove(place);
        }
        self.values.remove(name)
    }
}

impl Store {
    fn fields(&self) -> &Fields {
        self.fields.get_or_init(|| {
            let mut fields = Fields::default();
            let mut entries = Entries::new(checked(&self.text));
            while let Some((name, text)) = entries.next() {
                fields.insert(name.into_owned(), Kept::of_text(text));
            }
            fields
        })
    }

    fn fields_mut(&mut self) -> &mut Fields {
        self.fields();
        self.text = Vec::new();
        self.fields.get_mut().expect("made above")
    }
}

impl Extra {
    /// Returns the value of a field, by wire name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.fields().values.get(name)
    }

    /// Sets a field, by wire name, and returns its previous value. It is not written if the type
    /// declares a field of this name and that field is set.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let kept = Kept::of_value(value.into());
        let fields = self.store().fields_mut();
        fields.insert(name.into(), kept)
    }

    /// Removes a field and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let store = self.0.as_mut()?;
        let value = store.fields_mut().remove(name)?;
        if store.fields().values.is_empty() && store.whole.is_none() && store.rejected.is_none() {
            self.0 = None;
        }
        Some(value)
    }

    /// Iterates over names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        Iter(self.0.as_ref().map(|store| store.fields().values.iter()))
    }

    /// Iterates over names and values, each value decoded as `T` in the way of replies. It is for
    /// objects whose keys are data, such as free slots by day; the model's documentation names the
    /// type.
    ///
    /// ```
    /// hoopai_runtime::model! {
    ///     /// The slots of a day.
    ///     pub struct Day { pub slots: Vec<String> = "slots" }
    ///     /// Slots by day.
    ///     pub struct Days { pub trace_id: String = "traceId" }
    /// }
    /// # fn main() -> Result<(), hoopai_runtime::Error> {
    /// let days: Days = serde_json::from_str(r#"{"2031-05-06":{"slots":["09:00"]},"traceId":"t"}"#).unwrap();
    /// for (day, slots) in days.extra.typed::<Day>() {
    ///     assert_eq!((day, slots?.slots.unwrap().len()), ("2031-05-06", 1));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// An item is an error of kind [`Decode`](crate::error::ErrorKind::Decode) if its value is not
    /// of the kind of `T`.
    pub fn typed<T: DeserializeOwned>(&self) -> impl Iterator<Item = (&str, Result<T, Error>)> {
        self.written().map(|(name, value)| {
            let text = serde_json::to_vec(&value).unwrap_or_default();
            (name, whole(&text))
        })
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        match &self.0 {
            Some(store) => store.fields().values.len(),
            None => 0,
        }
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Some(store) => store.text.is_empty() && store.fields().values.is_empty(),
            None => true,
        }
    }

    /// Returns the value that the reply has instead of this object, if it is not an object: a
    /// string, `null`, a list. It is written back instead of the object as long as the object has
    /// no fields.
    ///
    /// Items of lists have it, so that one item of another kind does not hide the others, and whole
    /// replies.
    pub fn whole(&self) -> Option<&Value> {
        Some(self.0.as_ref()?.whole.as_ref()?.value())
    }

    /// The same, for writing.
    pub(crate) fn written_whole(&self) -> Option<Written<'_>> {
        Some(self.0.as_ref()?.whole.as_ref()?.written())
    }

    /// The fields, for writing.
    pub(crate) fn written(&self) -> impl Iterator<Item = (&str, Written<'_>)> {
        self.iter()
            .map(|(name, value)| (name, self.to_write(name, value)))
    }

    fn to_write<'a>(&'a self, name: &str, value: &'a Value) -> Written<'a> {
        if let Some(store) = &self.0
            && let Ok(place) = store.fields().place(name)
        {
            return Written::Exact(&store.fields().exact[place].1);
        }
        Written::Value(value)
    }

    fn store(&mut self) -> &mut Store {
        self.0.get_or_insert_with(|| Box::new(Store::default()))
    }

    /// Keeps a value under its name.
    pub(crate) fn keep(&mut self, name: Cow<'_, str>, value: UnknownValue<'_>) {
        let store = self.store();
        match value {
            UnknownValue::Text(text) if store.fields.get().is_none() => {
                let out = &mut store.text;
                let room = name.len() + text.len() + 4;
                out.reserve(if out.is_empty() { room.max(64) } else { room });
                match &name {
                    Cow::Borrowed(name) if is_plain(name) => {
                        out.extend_from_slice(b",\"");
                        out.extend_from_slice(name.as_bytes());
                        out.extend_from_slice(b"\":");
                    }
                    name => {
                        out.push(b',');
                        out.extend_from_slice(Value::from(&**name).to_string().as_bytes());
                        out.push(b':');
                    }
                }
                out.extend_from_slice(&text);
            }
            value => {
                let kept = Kept::of(value);
                store.fields_mut().insert(name.into_owned(), kept);
            }
        }
    }

    /// Records that a setter rejected a value; the first one counts.
    #[cold]
    pub(crate) fn reject(&mut self, name: &str, reason: String) {
        let name = name.to_owned();
        let rejected = &mut self.store().rejected;
        rejected.get_or_insert_with(|| Box::new(Rejection { name, reason }));
    }

    /// Returns the name of a field whose value was rejected, and the reason.
    pub(crate) fn rejected(&self) -> Option<(&str, &str)> {
        let rejection = self.0.as_ref()?.rejected.as_ref()?;
        Some((&rejection.name, &rejection.reason))
    }

    pub(crate) fn keep_whole(&mut self, value: UnknownValue<'_>) {
        self.store().whole = Some(Box::new(Kept::of(value)));
    }
}

/// The fields of an [`Extra`], if it has any.
struct Iter<'a>(Option<serde_json::map::Iter<'a>>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.as_mut()?.next()?;
        Some((name, value))
    }
}

/// Decodes a value of the kind of `T`; deviations stay in it.
fn whole<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    let read = json::from_slice::<T>(text)?;
    match (read.raw, read.drift.first()) {
        (None, _) => Ok(read.value),
        (Some(_), Some(drift)) => Err(Error::drifted(
            None,
            drift,
            text.to_vec().into(),
            SentValues::default(),
        )),
        (Some(_), None) => Err(Error::decode(
            None,
            &decode::DecodeError::broken(),
            text,
            text.to_vec().into(),
            SentValues::default(),
        )),
    }
}

/// Whether a name needs no escapes in JSON.
fn is_plain(name: &str) -> bool {
    for byte in name.as_bytes() {
        if let 0..0x20 | b'"' | b'\\' = byte {
            return false;
        }
    }
    true
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        if self.whole() != other.whole()
            || self.len() != other.len()
            || self.rejected() != other.rejected()
        {
            return false;
        }
        for (name, value) in self.iter() {
            if other.get(name) != Some(value) {
                return false;
            }
        }
        true
    }
}

/// Shows the number of fields and not their contents.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole() {
            Some(_) => f.write_str("[no object, hidden]"),
            None => write!(f, "[{} hidden]", self.len()),
        }
    }
}
