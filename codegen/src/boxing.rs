//! Large models as fields are boxed, so that a list of models does not take the room of all that could stand in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::generator::{Type, Types};

/// The size in bytes from which on a model is boxed: that of a few texts.
const LARGE: usize = 128;

/// What every model holds besides its fields: a pointer to the fields that its type does not name.
const EXTRA: usize = 8;

/// Boxes the fields of structs that hold a large model. Lists and maps have their items on the heap already.
pub(crate) fn large_fields(types: &mut Types) {
    let mut sizes = BTreeMap::new();
    let names: Vec<String> = types.structs.keys().cloned().collect();
    for name in &names {
        size_of_struct(name, types, &mut sizes, &mut BTreeSet::new());
    }
    for fields in types.structs.values_mut() {
        for ty in fields.values_mut() {
            if is_large(ty, &sizes) {
                *ty = Type::Boxed(Box::new(ty.clone()));
            }
        }
    }
}

fn is_large(ty: &Type, sizes: &BTreeMap<String, usize>) -> bool {
    matches!(ty, Type::Named(name) if sizes.get(name).is_some_and(|size| *size >= LARGE))
}

/// The size of a struct, in which large fields count as boxed. `open` are the structs whose sizes are being determined.
fn size_of_struct(
    name: &str,
    types: &Types,
    sizes: &mut BTreeMap<String, usize>,
    open: &mut BTreeSet<String>,
) -> usize {
    if let Some(size) = sizes.get(name) {
        return *size;
    }
    // A struct within itself is boxed by the generator, whatever its size.
    if !open.insert(name.to_owned()) {
        return LARGE;
    }
    let mut size = EXTRA;
    for ty in types.structs[name].values() {
        size += match ty {
            Type::Named(inner) if types.structs.contains_key(inner) => {
                match size_of_struct(inner, types, sizes, open) {
                    LARGE.. => size_of::<usize>(),
                    small => small,
                }
            }
            other => size_of_field(other),
        };
    }
    open.remove(name);
    sizes.insert(name.to_owned(), size);
    size
}

/// The size of an optional field on a machine of 64 bits.
fn size_of_field(ty: &Type) -> usize {
    match ty {
        Type::Boolean | Type::Unit | Type::Bytes => 1,
        Type::Boxed(_) => 8,
        Type::Integer | Type::Number | Type::Decimal => 16,
        // What is named here is an enum.
        Type::String | Type::List(_) | Type::Table(_) | Type::Map | Type::Named(_) => 24,
        Type::Value | Type::CustomFieldValue => 32,
        Type::Timestamp => 40,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::large_fields;
    use crate::generator::{Type, Types};

    fn named(name: &str) -> Type {
        Type::Named(name.to_owned())
    }

    #[test]
    fn large_models_are_boxed_and_small_ones_are_not() {
        let strings = |count: usize| -> Vec<Type> { vec![Type::String; count] };
        let structs = [
            ("Small", strings(4)),
            ("Large", strings(5)),
            ("Sum", vec![named("Small"), Type::Timestamp]),
            (
                "Holder",
                vec![
                    named("Small"),
                    named("Large"),
                    named("Sum"),
                    named("Enum"),
                    Type::List(Box::new(named("Large"))),
                    Type::Boxed(Box::new(named("Holder"))),
                ],
            ),
        ];
        let mut types = Types {
            structs: structs
                .into_iter()
                .map(|(name, fields)| {
                    let fields = fields.into_iter().enumerate();
                    let fields = fields.map(|(index, ty)| (format!("f{index}"), ty));
                    (name.to_owned(), fields.collect())
                })
                .collect(),
            operations: BTreeMap::new(),
        };

        large_fields(&mut types);

        let holder: Vec<String> = types.structs["Holder"]
            .values()
            .map(Type::in_types)
            .collect();
        let expected = [
            "Small",
            "Box<Large>",
            "Box<Sum>",
            "Enum",
            "Vec<Large>",
            "Box<Holder>",
        ];
        assert_eq!(holder, expected);
        assert_eq!(types.structs["Sum"]["f0"], named("Small"));
    }
}
