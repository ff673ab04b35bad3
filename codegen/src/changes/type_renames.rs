//! Finds renamed types: a removed and an added type of equal shape, or at the same places.

use std::collections::{BTreeMap, BTreeSet};

use super::rust_api::{Operation, RustApi, Shape, Type};

/// The new names of types by their old ones.
pub(super) type Renames = BTreeMap<String, String>;

/// Finds the renamed types. Types are one type if names, Rust names and types of all members are
/// equal, and no other type has this shape. If several have it, they must also have the platform's
/// name in common. Of the others, types are one type if all places of the old one have the new one
/// and no other type.
pub(super) fn renamed_types(old: &RustApi, new: &RustApi) -> Renames {
    let mut renames = Renames::new();
    loop {
        add_types_of_equal_shape(old, new, &mut renames);
        let found = types_of_equal_places(old, new, &renames);
        if found.is_empty() {
            return renames;
        }
        // A rename may give other types an equal shape, and its fields are further places.
        renames.extend(found);
    }
}

fn add_types_of_equal_shape(old: &RustApi, new: &RustApi, renames: &mut Renames) {
    loop {
        let removed = names(old, new).filter(|name| !renames.contains_key(*name));
        let added: Vec<&String> = names(new, old)
            .filter(|name| !renames.values().any(|renamed| renamed == *name))
            .collect();
        let removed: Vec<&String> = removed.collect();
        let before = renames.len();
        let mut found = Renames::new();
        for name in &removed {
            let shape = shape(name, &old.types[*name], renames);
            if shape.is_none() {
                continue;
            }
            let same = |other: &&&String| {
                self::shape(other, &new.types[**other], &Renames::new()) == shape
            };
            let candidates: Vec<&String> = added.iter().filter(same).copied().collect();
            let twins = removed
                .iter()
                .filter(|other| self::shape(other, &old.types[**other], renames) == shape);
            let is_unique = candidates.len() == 1 && twins.count() == 1;
            let same_origin = |other: &&&String| {
                let (before, after) = (&old.types[*name], &new.types[**other]);
                is_same_origin(name, before, other, after)
            };
            let mut related = candidates.iter().filter(same_origin);
            match (is_unique, related.next(), related.next()) {
                (true, _, _) => found.insert((*name).clone(), candidates[0].clone()),
                (false, Some(one), None) => found.insert((*name).clone(), (*one).clone()),
                _ => None,
            };
        }
        // Two types cannot become one by renaming.
        let targets: Vec<String> = found.values().cloned().collect();
        found.retain(|_, target| targets.iter().filter(|other| *other == target).count() == 1);
        renames.extend(found);
        // A rename may give another type an equal shape.
        if renames.len() == before {
            return;
        }
    }
}

/// The types that are in both APIs at places that have no other types, and are not renamed yet.
fn types_of_equal_places(old: &RustApi, new: &RustApi, renames: &Renames) -> Renames {
    let (before, after) = (places(old, renames), places(new, &Renames::new()));
    let mut forward: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut backward = forward.clone();
    for (place, name) in &before {
        // A place that no longer exists says nothing.
        if let Some(other) = after.get(place) {
            forward.entry(name).or_default().insert(other);
            backward.entry(other).or_default().insert(name);
        }
    }
    let mut found = Renames::new();
    for name in names(old, new).filter(|name| !renames.contains_key(*name)) {
        let others = forward.get(name.as_str()).into_iter().flatten();
        let others: Vec<&&str> = others.collect();
        let [other] = others[..] else { continue };
        let is_new = !old.types.contains_key(*other);
        let is_free = !renames.values().any(|renamed| renamed == other);
        let is_only = backward.get(other).is_some_and(|names| names.len() == 1);
        let is_same_kind = new.types.get(*other).is_some_and(|new| {
            matches!(new.shape, Shape::Struct(_))
                == matches!(old.types[name].shape, Shape::Struct(_))
        });
        if is_new && is_free && is_only && is_same_kind {
            found.insert(name.clone(), (*other).to_owned());
        }
    }
    found
}

/// The types of an API by place: a part of an operation, or a field of a struct, whose name is that
/// after the renames. Places with several types are left out.
fn places<'a>(api: &'a RustApi, renames: &Renames) -> BTreeMap<String, &'a str> {
    let mut places = BTreeMap::new();
    let mut add = |place: String, ty: &'a str| {
        let mut types = words(ty).filter(|word| api.types.contains_key(*word));
        if let (Some(name), None) = (types.next(), types.next()) {
            places.insert(place, name);
        }
    };
    for (request, operation) in &api.operations {
        for (part, ty) in parts(operation) {
            add(format!("{request} {part}"), ty);
        }
    }
    for (name, item) in &api.types {
        let name = renames.get(name).unwrap_or(name);
        if let Shape::Struct(fields) = &item.shape {
            for (wire_name, field) in fields {
                add(format!("{name}.{wire_name}"), &field.ty);
            }
        }
    }
    places
}

/// The types of an operation by part.
fn parts(operation: &Operation) -> impl Iterator<Item = (String, &str)> {
    let parameters = operation.parameters.iter().map(|parameter| {
        let part = format!("{} {}", parameter.location, parameter.wire_name);
        (part, parameter.ty.as_str())
    });
    let reply = ("reply".to_owned(), operation.reply.as_str());
    let others = [("items", &operation.items), ("body", &operation.body)];
    let others = others
        .into_iter()
        .filter_map(|(part, ty)| Some((part.to_owned(), ty.as_deref()?)));
    parameters.chain([reply]).chain(others)
}

/// The names in a type.
fn words(ty: &str) -> impl Iterator<Item = &str> {
    ty.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// The types that only the first API has.
fn names<'a>(one: &'a RustApi, other: &'a RustApi) -> impl Iterator<Item = &'a String> {
    let names = one.types.keys();
    names.filter(|name| !other.types.contains_key(*name))
}

/// Whether both types come from a schema of the same name.
fn is_same_origin(old_name: &str, old: &Type, new_name: &str, new: &Type) -> bool {
    !old.aliases.is_disjoint(&new.aliases)
        || old.aliases.contains(new_name)
        || new.aliases.contains(old_name)
}

/// The members of a type, with the new names of renamed types. `None` if it has no members.
fn shape(name: &str, item: &Type, renames: &Renames) -> Option<Vec<[String; 3]>> {
    let members: Vec<_> = match &item.shape {
        Shape::Struct(fields) => {
            let member = |(wire_name, field): (&String, &super::rust_api::Field)| {
                let ty = map_names(&field.ty, |other| match renames.get(other) {
                    _ if other == name => Some("Self"),
                    new => new.map(String::as_str),
                });
                [wire_name.clone(), field.ident.clone(), ty]
            };
            fields.iter().map(member).collect()
        }
        Shape::Enum(variants) => {
            let member = |(value, variant): (&String, &String)| {
                [value.clone(), variant.clone(), "variant".to_owned()]
            };
            variants.iter().map(member).collect()
        }
    };
    (!members.is_empty()).then_some(members)
}

/// The type with the new names of renamed types.
pub(super) fn renamed(ty: &str, renames: &Renames) -> String {
    map_names(ty, |name| renames.get(name).map(String::as_str))
}

fn map_names<'a>(ty: &'a str, map: impl Fn(&'a str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = ty;
    while !rest.is_empty() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        out.push_str(map(name).unwrap_or(name));
        let end = tail.find(is_name).unwrap_or(tail.len());
        out.push_str(&tail[..end]);
        rest = &tail[end..];
    }
    out
}
