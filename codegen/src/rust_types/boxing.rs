//! Boxes fields that hold large models, so that a list of models does not reserve space for all
//! optional content.

use std::collections::{BTreeMap, BTreeSet};

use super::rust_type::{RustType, RustTypes};
use crate::formats::RuntimeType;

/// Models of this size in bytes, that of a few strings, or larger are boxed.
const LARGE: usize = 128;

/// The size of `extra`, which every model has besides its fields.
const EXTRA: usize = 8;

/// Boxes the fields of structs that hold a large model. Lists and maps already keep their items on
/// the heap.
pub(super) fn box_large_fields(types: &mut RustTypes) {
    let mut sizes = BTreeMap::new();
    for name in types.structs.keys() {
        struct_size(name, types, &mut sizes, &mut BTreeSet::new());
    }
    let is_large = |ty: &RustType| matches!(ty, RustType::Named(name) if sizes.get(name).is_some_and(|size| *size >= LARGE));
    let fields = types
        .structs
        .values_mut()
        .flat_map(|types| &mut types.fields);
    for ty in fields.filter(|ty| is_large(ty)) {
        *ty = RustType::Boxed(Box::new(ty.clone()));
    }
}

/// The size of a struct whose large fields are boxed. `open` are the structs whose sizes are being
/// computed.
fn struct_size(
    name: &str,
    types: &RustTypes,
    sizes: &mut BTreeMap<String, usize>,
    open: &mut BTreeSet<String>,
) -> usize {
    if let Some(size) = sizes.get(name) {
        return *size;
    }
    // progenitor boxes a struct within itself, whatever its size.
    if !open.insert(name.to_owned()) {
        return LARGE;
    }
    let mut size = EXTRA;
    for ty in types.structs[name].all() {
        size += match ty {
            RustType::Named(inner) if types.structs.contains_key(inner) => {
                match struct_size(inner, types, sizes, open) {
                    LARGE.. => size_of::<usize>(),
                    small => small,
                }
            }
            other => field_size(other),
        };
    }
    open.remove(name);
    sizes.insert(name.to_owned(), size);
    size
}

/// The size of an optional field on a 64-bit machine.
fn field_size(ty: &RustType) -> usize {
    match ty {
        RustType::Boolean => 1,
        RustType::Boxed(_) => 8,
        RustType::Integer | RustType::Number => 16,
        RustType::Runtime(RuntimeType::CustomFieldValue) => 32,
        RustType::Runtime(RuntimeType::Decimal) => 18,
        RustType::Runtime(runtime) if runtime.name() == "Date" => 16,
        // A moment.
        RustType::Runtime(_) => 40,
        // Named types that are not structs are enums.
        RustType::String
        | RustType::List(_)
        | RustType::Map(_)
        | RustType::Object
        | RustType::Named(_) => 24,
        RustType::Value => 32,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::box_large_fields;
    use crate::formats::RuntimeType;
    use crate::rust_types::rust_type::{RustType, RustTypes, StructTypes};

    fn named(name: &str) -> RustType {
        RustType::Named(name.to_owned())
    }

    #[test]
    fn large_models_are_boxed() {
        let strings = |count: usize| vec![RustType::String; count];
        let holder = vec![
            named("Small"),
            named("Large"),
            named("Sum"),
            named("Enum"),
            RustType::List(Box::new(named("Large"))),
            RustType::Boxed(Box::new(named("Holder"))),
        ];
        let timestamp = RustType::Runtime(RuntimeType::Timestamp);
        let structs = [
            ("Small", strings(4)),
            ("Large", strings(5)),
            ("Sum", vec![named("Small"), timestamp]),
            ("Holder", holder),
        ];
        let struct_types = |(name, fields): (&str, Vec<RustType>)| {
            let additional = None;
            (name.to_owned(), StructTypes { fields, additional })
        };
        let mut types = RustTypes {
            structs: BTreeMap::from(structs.map(struct_types)),
            operations: Vec::new(),
        };

        box_large_fields(&mut types);

        let holder = types.structs["Holder"]
            .fields
            .iter()
            .map(RustType::in_types);
        let expected = [
            "Small",
            "Box<Large>",
            "Box<Sum>",
            "Enum",
            "Vec<Large>",
            "Box<Holder>",
        ];
        assert_eq!(holder.collect::<Vec<_>>(), expected);
        assert_eq!(types.structs["Sum"].fields[0], named("Small"));
    }
}
