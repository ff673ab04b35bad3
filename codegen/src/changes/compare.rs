//! Compares two Rust APIs item by item.

use std::collections::{BTreeMap, BTreeSet};

use super::api_change::{ApiChange, Aspect, Item};
use super::rust_api::{DefaultLocation, Field, Operation, Parameter, RustApi, Shape, Type};
use super::type_renames::{Renames, renamed, renamed_types};
use crate::diff::ChangeKind;

/// All changes, unsorted.
pub(super) fn compare(old: &RustApi, new: &RustApi) -> Vec<ApiChange> {
    let renames = renamed_types(old, new);
    let mut changes = Vec::new();
    operations(old, new, &renames, &mut changes);
    types(old, new, &renames, &mut changes);
    changes
}

/// The item that a comparison is about.
#[derive(Clone)]
struct Subject {
    item: Item,
    of: String,
    name: String,
    rust: String,
}

impl Subject {
    fn operation(request: &str, operation: &Operation) -> Self {
        Self {
            item: Item::Operation,
            of: String::new(),
            name: request.to_owned(),
            rust: format!("Client::{}", operation.method),
        }
    }

    fn part(item: Item, request: &str, name: &str, rust: String) -> Self {
        Self {
            item,
            of: request.to_owned(),
            name: name.to_owned(),
            rust,
        }
    }

    fn change(&self, kind: ChangeKind, aspect: Option<Aspect>) -> ApiChange {
        ApiChange {
            item: self.item,
            of: self.of.clone(),
            name: self.name.clone(),
            kind,
            aspect,
            rust: self.rust.clone(),
            from: String::new(),
            to: String::new(),
            breaking: false,
        }
    }

    /// A new item. `state` describes it.
    fn added(&self, state: &str, breaking: bool) -> ApiChange {
        ApiChange {
            to: state.to_owned(),
            breaking,
            ..self.change(ChangeKind::Added, None)
        }
    }

    /// An item that no longer exists.
    fn removed(&self) -> ApiChange {
        ApiChange {
            breaking: true,
            ..self.change(ChangeKind::Removed, None)
        }
    }

    /// An item with another name in Rust.
    fn renamed(&self, to: String) -> ApiChange {
        ApiChange {
            from: self.rust.clone(),
            to,
            breaking: true,
            ..self.change(ChangeKind::Renamed, Some(Aspect::Name))
        }
    }

    /// A property that differs.
    fn changed(&self, aspect: Aspect, from: &str, to: &str, breaking: bool) -> ApiChange {
        ApiChange {
            from: from.to_owned(),
            to: to.to_owned(),
            breaking,
            ..self.change(ChangeKind::Changed, Some(aspect))
        }
    }

    /// A property that may differ.
    fn compare(
        &self,
        aspect: Aspect,
        from: &str,
        to: &str,
        breaking: bool,
        changes: &mut Vec<ApiChange>,
    ) {
        if from != to {
            changes.push(self.changed(aspect, from, to, breaking));
        }
    }

    /// A flag that may differ. It is breaking to change it to `breaking`.
    fn compare_flag(
        &self,
        aspect: Aspect,
        from: bool,
        to: bool,
        breaking: Option<bool>,
        changes: &mut Vec<ApiChange>,
    ) {
        let text = |flag: bool| if flag { "yes" } else { "no" };
        self.compare(aspect, text(from), text(to), breaking == Some(to), changes);
    }

    fn compare_type(&self, from: &str, to: &str, renames: &Renames, changes: &mut Vec<ApiChange>) {
        if renamed(from, renames) != to {
            changes.push(self.changed(Aspect::Type, from, to, true));
        }
    }
}

fn operations(old: &RustApi, new: &RustApi, renames: &Renames, changes: &mut Vec<ApiChange>) {
    let pairs = pairs(old, new);
    for (request, operation) in &old.operations {
        match pairs.get(request) {
            None => changes.push(Subject::operation(request, operation).removed()),
            Some(other) => {
                let other = (other.as_str(), &new.operations[*other]);
                compare_operations((request, operation), other, renames, changes);
            }
        }
    }
    let paired: BTreeSet<&String> = pairs.into_values().collect();
    for (request, operation) in &new.operations {
        if !paired.contains(request) {
            changes.push(Subject::operation(request, operation).added("", false));
        }
    }
}

/// The operations of both APIs that are one operation, by their requests: those of equal method and
/// path, then those that differ only in the names of path parameters, then those whose methods have
/// one name.
fn pairs<'a>(old: &'a RustApi, new: &'a RustApi) -> BTreeMap<&'a String, &'a String> {
    let keys: [fn(&String, &Operation) -> String; 3] = [
        |request, _| request.clone(),
        |request, _| without_names(request),
        |_, operation| operation.method.clone(),
    ];
    let mut pairs = BTreeMap::new();
    for key in keys {
        let mut candidates: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        let paired: BTreeSet<&String> = pairs.values().copied().collect();
        for (request, operation) in &new.operations {
            if !paired.contains(request) {
                candidates
                    .entry(key(request, operation))
                    .or_default()
                    .push(request);
            }
        }
        let mut open: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for (request, operation) in &old.operations {
            if !pairs.contains_key(request) {
                open.entry(key(request, operation))
                    .or_default()
                    .push(request);
            }
        }
        for (key, requests) in open {
            if let ([one], Some([other])) = (&requests[..], candidates.get(&key).map(Vec::as_slice))
            {
                pairs.insert(*one, *other);
            }
        }
    }
    pairs
}

/// The request without the names of path parameters.
fn without_names(request: &str) -> String {
    let mut out = String::new();
    let mut in_name = false;
    for c in request.chars() {
        in_name &= c != '}';
        if !in_name {
            out.push(c);
        }
        in_name |= c == '{';
    }
    out
}

fn compare_operations(
    (request, old): (&str, &Operation),
    (new_request, new): (&str, &Operation),
    renames: &Renames,
    changes: &mut Vec<ApiChange>,
) {
    let operation = Subject::operation(request, old);
    if old.method != new.method {
        changes.push(operation.renamed(format!("Client::{}", new.method)));
    }
    let (before, after) = (&old.row, &new.row);
    operation.compare(Aspect::Request, request, new_request, false, changes);
    operation.compare(Aspect::OperationId, &before.id, &after.id, false, changes);
    let version = |version: &Option<String>| version.clone().unwrap_or_default();
    let versions = (version(&before.version), version(&after.version));
    operation.compare(Aspect::Version, &versions.0, &versions.1, false, changes);
    let scopes = (before.scopes.join(", "), after.scopes.join(", "));
    operation.compare(Aspect::Scopes, &scopes.0, &scopes.1, false, changes);
    operation.compare(
        Aspect::Tokens,
        &before.tokens,
        &after.tokens,
        false,
        changes,
    );
    for (aspect, from, to, breaking) in [
        (
            Aspect::Idempotent,
            before.idempotent,
            after.idempotent,
            None,
        ),
        (
            Aspect::Deprecated,
            before.deprecated,
            after.deprecated,
            None,
        ),
        (Aspect::Parts, old.multipart, new.multipart, Some(false)),
    ] {
        operation.compare_flag(aspect, from, to, breaking, changes);
    }
    let location = |location: &Option<DefaultLocation>| {
        let text = |location: &DefaultLocation| format!("{} {}", location.part, location.name);
        location.as_ref().map(text).unwrap_or_default()
    };
    let locations = (location(&before.location), location(&after.location));
    // Calls that rely on the default location would be sent without one.
    let is_lost = after.location.is_none();
    operation.compare(
        Aspect::DefaultLocation,
        &locations.0,
        &locations.1,
        is_lost,
        changes,
    );

    let reply = Subject::part(
        Item::Reply,
        request,
        "",
        format!("builder::{}::send", old.builder),
    );
    reply.compare_type(&old.reply, &new.reply, renames, changes);
    let items = |items: &Option<String>| items.clone().unwrap_or_default();
    let (old_items, new_items) = (renamed(&items(&old.items), renames), items(&new.items));
    let breaking = old.items.is_some();
    operation.compare(Aspect::Items, &old_items, &new_items, breaking, changes);
    if old.items.is_some() && new.items.is_some() && before.paging != after.paging {
        changes.push(operation.changed(Aspect::Paging, "", "", false));
    }
    compare_parameters(request, old, new, renames, changes);
    compare_bodies(request, old, new, renames, changes);
}

fn parameter(request: &str, operation: &Operation, parameter: &Parameter) -> Subject {
    let name = format!("{} {}", parameter.location, parameter.wire_name);
    let rust = format!("builder::{}::{}", operation.builder, parameter.ident);
    Subject::part(Item::Parameter, request, &name, rust)
}

/// Whether a call without the parameter is rejected, also if a default location is set.
fn is_required(operation: &Operation, parameter: &Parameter) -> bool {
    let has_default = operation.row.location.as_ref().is_some_and(|location| {
        location.name == parameter.wire_name && location.part == parameter.location
    });
    match parameter.location.as_str() {
        "path" => !has_default,
        "query" => operation.row.required_query.contains(&parameter.wire_name) && !has_default,
        _ => false,
    }
}

/// Whether two parameters are one parameter.
type IsSame<'a> = dyn Fn(&Parameter, &Parameter) -> bool + 'a;

fn compare_parameters(
    request: &str,
    old: &Operation,
    new: &Operation,
    renames: &Renames,
    changes: &mut Vec<ApiChange>,
) {
    let mut left: Vec<&Parameter> = new.parameters.iter().collect();
    let mut open: Vec<&Parameter> = old.parameters.iter().collect();
    let mut pairs: Vec<(&Parameter, &Parameter)> = Vec::new();
    let segments = renamed_segments(&old.row.path, &new.row.path);
    let is_renamed_segment = |one: &Parameter, other: &Parameter| {
        let names = (one.wire_name.as_str(), other.wire_name.as_str());
        one.location == "path" && other.location == "path" && segments.contains(&names)
    };
    let rules: [&IsSame<'_>; 4] = [
        &|one, other| one.location == other.location && one.wire_name == other.wire_name,
        &|one, other| one.wire_name == other.wire_name,
        &|one, other| one.ident == other.ident,
        &is_renamed_segment,
    ];
    for rule in rules {
        open.retain(|one| match left.iter().position(|other| rule(one, other)) {
            Some(index) => {
                pairs.push((one, left.remove(index)));
                false
            }
            None => true,
        });
    }
    changes.extend(
        open.into_iter()
            .map(|one| parameter(request, old, one).removed()),
    );
    for (one, other) in pairs {
        let subject = parameter(request, old, one);
        if one.ident != other.ident {
            changes.push(subject.renamed(format!("builder::{}::{}", new.builder, other.ident)));
        }
        subject.compare(
            Aspect::WireName,
            &one.wire_name,
            &other.wire_name,
            false,
            changes,
        );
        subject.compare(
            Aspect::Location,
            &one.location,
            &other.location,
            false,
            changes,
        );
        subject.compare_type(&one.ty, &other.ty, renames, changes);
        compare_forms(&subject, &one.form, &other.form, changes);
        let required = (is_required(old, one), is_required(new, other));
        subject.compare_flag(
            Aspect::Required,
            required.0,
            required.1,
            Some(true),
            changes,
        );
        if required.0 == required.1 {
            let (from, to) = (one.declared_required, other.declared_required);
            subject.compare_flag(Aspect::DeclaredRequired, from, to, None, changes);
        }
    }
    for other in left {
        let required = is_required(new, other);
        let state = match (required, other.declared_required) {
            (true, _) => "required",
            (false, true) => "declared as required",
            (false, false) => "",
        };
        changes.push(parameter(request, new, other).added(state, required));
    }
}

/// The old and new names of path parameters at one place of a path. Empty if the paths differ in more
/// than names.
fn renamed_segments<'a>(old: &'a str, new: &'a str) -> BTreeSet<(&'a str, &'a str)> {
    if without_names(old) != without_names(new) {
        return BTreeSet::new();
    }
    let names = |path: &'a str| {
        let parts = path.split('{').skip(1);
        parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
    };
    names(old).zip(names(new)).collect()
}

fn compare_forms(
    subject: &Subject,
    old: &Option<String>,
    new: &Option<String>,
    changes: &mut Vec<ApiChange>,
) {
    let form = |form: &Option<String>| form.clone().unwrap_or_default();
    subject.compare(Aspect::WireForm, &form(old), &form(new), false, changes);
}

fn compare_bodies(
    request: &str,
    old: &Operation,
    new: &Operation,
    renames: &Renames,
    changes: &mut Vec<ApiChange>,
) {
    let body = |operation: &Operation| {
        Subject::part(
            Item::Body,
            request,
            "",
            format!("builder::{}::body", operation.builder),
        )
    };
    match (&old.body, &new.body) {
        (None, None) => {}
        (Some(_), None) => changes.push(body(old).removed()),
        (None, Some(_)) => {
            let required = new.row.required_body;
            let state = if required { "required" } else { "" };
            changes.push(body(new).added(state, required));
        }
        (Some(before), Some(after)) => {
            let body = body(old);
            body.compare_type(before, after, renames, changes);
            let required = (old.row.required_body, new.row.required_body);
            body.compare_flag(
                Aspect::Required,
                required.0,
                required.1,
                Some(true),
                changes,
            );
        }
    }
    let (before, after) = (&old.row.required_fields, &new.row.required_fields);
    for name in before.symmetric_difference(after) {
        let rust = format!("builder::{}::body", old.builder);
        let field = Subject::part(Item::Field, request, name, rust);
        let required = (before.contains(name), after.contains(name));
        field.compare_flag(
            Aspect::Required,
            required.0,
            required.1,
            Some(true),
            changes,
        );
    }
}

fn types(old: &RustApi, new: &RustApi, renames: &Renames, changes: &mut Vec<ApiChange>) {
    let subject = |name: &String| Subject::part(Item::Type, "", name, format!("types::{name}"));
    for (name, item) in &old.types {
        if let Some(to) = renames.get(name) {
            changes.push(subject(name).renamed(format!("types::{to}")));
        }
        let new_name = renames.get(name).unwrap_or(name);
        match new.types.get(new_name) {
            None => changes.push(subject(name).removed()),
            Some(other) => compare_types(name, item, other, renames, changes),
        }
    }
    let targets: BTreeSet<&String> = renames.values().collect();
    for name in new.types.keys() {
        if !old.types.contains_key(name) && !targets.contains(name) {
            changes.push(subject(name).added("", false));
        }
    }
}

fn compare_types(
    name: &str,
    old: &Type,
    new: &Type,
    renames: &Renames,
    changes: &mut Vec<ApiChange>,
) {
    match (&old.shape, &new.shape) {
        (Shape::Struct(before), Shape::Struct(after)) => {
            compare_fields(name, before, after, renames, changes);
        }
        (Shape::Enum(before), Shape::Enum(after)) => {
            compare_variants(name, before, after, changes);
        }
        (before, _) => {
            let (from, to) = match before {
                Shape::Struct(_) => ("struct", "enum"),
                Shape::Enum(_) => ("enum", "struct"),
            };
            let item = Subject::part(Item::Type, "", name, format!("types::{name}"));
            changes.push(item.changed(Aspect::Kind, from, to, true));
        }
    }
    let method = |method: &String| {
        Subject::part(
            Item::Method,
            name,
            method,
            format!("types::{name}::{method}"),
        )
    };
    let lost = old.methods.difference(&new.methods);
    changes.extend(lost.map(|name| method(name).removed()));
    let gained = new.methods.difference(&old.methods);
    changes.extend(gained.map(|name| method(name).added("", false)));
}

fn compare_fields(
    of: &str,
    old: &BTreeMap<String, Field>,
    new: &BTreeMap<String, Field>,
    renames: &Renames,
    changes: &mut Vec<ApiChange>,
) {
    let subject = |wire_name: &str, field: &Field| {
        Subject::part(
            Item::Field,
            of,
            wire_name,
            format!("types::{of}::{}", field.ident),
        )
    };
    let (pairs, removed, added) = pairs_of_members(old, new, |field| &field.ident);
    for (wire_name, new_name) in pairs {
        let (field, other) = (&old[wire_name], &new[new_name]);
        let subject = subject(wire_name, field);
        if field.ident != other.ident {
            changes.push(subject.renamed(format!("types::{of}::{}", other.ident)));
        }
        subject.compare(Aspect::WireName, wire_name, new_name, false, changes);
        subject.compare_type(&field.ty, &other.ty, renames, changes);
        compare_forms(&subject, &field.form, &other.form, changes);
        let (from, to) = (field.declared_required, other.declared_required);
        subject.compare_flag(Aspect::DeclaredRequired, from, to, None, changes);
    }
    changes.extend(
        removed
            .into_iter()
            .map(|name| subject(name, &old[name]).removed()),
    );
    for name in added {
        let declared = new[name].declared_required;
        let state = if declared { "declared as required" } else { "" };
        changes.push(subject(name, &new[name]).added(state, false));
    }
}

/// The members of two types that are one member, by their wire names: those of equal wire name, then
/// those of equal Rust name. Then the others of the old and of the new type.
fn pairs_of_members<'a, T>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
    ident: impl Fn(&T) -> &String,
) -> (
    Vec<(&'a String, &'a String)>,
    Vec<&'a String>,
    Vec<&'a String>,
) {
    let mut added: Vec<&String> = new.keys().filter(|name| !old.contains_key(*name)).collect();
    let (mut pairs, mut removed) = (Vec::new(), Vec::new());
    for (name, member) in old {
        if new.contains_key(name) {
            pairs.push((name, name));
            continue;
        }
        let same = |other: &&String| ident(&new[*other]) == ident(member);
        match added.iter().position(same) {
            Some(index) => pairs.push((name, added.remove(index))),
            None => removed.push(name),
        }
    }
    (pairs, removed, added)
}

fn compare_variants(
    of: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    changes: &mut Vec<ApiChange>,
) {
    let subject = |value: &str, variant: &str| {
        Subject::part(Item::Value, of, value, format!("types::{of}::{variant}"))
    };
    let (pairs, removed, added) = pairs_of_members(old, new, |variant| variant);
    for (value, new_value) in pairs {
        let (variant, other) = (&old[value], &new[new_value]);
        let subject = subject(value, variant);
        if variant != other {
            changes.push(subject.renamed(format!("types::{of}::{other}")));
        }
        subject.compare(Aspect::WireName, value, new_value, false, changes);
    }
    changes.extend(
        removed
            .into_iter()
            .map(|value| subject(value, &old[value]).removed()),
    );
    changes.extend(
        added
            .into_iter()
            .map(|value| subject(value, &new[value]).added("", false)),
    );
}
