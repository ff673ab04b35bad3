//! Rust names for the names of the platform, by rule. Overlays contain the exceptions
//! (`x-hoopai-name`).

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};

/// Methods of every builder, which are no names for setters.
pub(crate) const RESERVED: [&str; 10] = [
    "new",
    "send",
    "extra_query",
    "extra_body",
    "api_version",
    "part",
    "options",
    "stream",
    "pages",
    "collect_all",
];

const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Replaces all characters but ASCII letters and digits by spaces.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect()
}

/// The words of a name, in lower case: those of `dueAfterXDays` are `due`, `after`, `x`, `days`.
pub(crate) fn words(wire: &str) -> Vec<String> {
    let name = ascii(wire).to_snake_case();
    name.split('_').map(str::to_owned).collect()
}

/// A field's or a setter's name: `dueDate` is `due_date`, `_id` is `id`, `type` is `type_`, `2fa`
/// is `n2fa`, `isSaaSV2` is `is_saas_v2`.
pub(crate) fn field(wire: &str) -> String {
    let mut name = ascii(&wire.replace("SaaS", "Saas")).to_snake_case();
    if name.is_empty() {
        "field".clone_into(&mut name);
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'n');
    }
    if KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Members of every model, which are no names for fields.
const MODEL_MEMBERS: [&str; 4] = ["extra", "is_success", "new", "null"];

/// The field names of one model, in the order of the wire names. Wire names that begin with a
/// letter have priority: of `id` and `_id`, the first becomes `id`, and the other stays `_id`.
pub(crate) fn fields(wires: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = MODEL_MEMBERS.map(str::to_owned).into();
    let mut names = vec![String::new(); wires.len()];
    let exact = |wire: &str| wire.starts_with(|c: char| c.is_ascii_alphabetic());
    for first in [true, false] {
        for (index, wire) in wires
            .iter()
            .enumerate()
            .filter(|(_, wire)| exact(wire) == first)
        {
            let name = field(wire);
            let candidate = match taken.contains(&name) {
                true if wire.starts_with('_') => format!("_{name}"),
                true if MODEL_MEMBERS.contains(&name.as_str()) => format!("{name}_"),
                _ => name,
            };
            names[index] = unique(&candidate, &mut taken);
        }
    }
    names
}

/// The name of the builder of an operation.
pub(crate) fn builder(operation: &str) -> String {
    operation.to_pascal_case()
}

/// The name of a type. progenitor applies the same rule, which turns `AB` into `Ab`, so it is
/// applied until nothing changes.
pub(crate) fn type_name(text: &str) -> String {
    let mut name = ascii(text).to_pascal_case();
    if name.is_empty() {
        "Value".clone_into(&mut name);
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'N');
    }
    loop {
        let again = name.to_pascal_case();
        if again == name {
            break;
        }
        name = again;
    }
    if name == "Self" {
        "SelfValue".clone_into(&mut name);
    }
    name
}

/// The type name of a field, which the names of types in it contain. `altType` is the kind of owner
/// whose id is `altId`.
pub(crate) fn field_type(wire_name: &str) -> String {
    match wire_name {
        "altType" | "alt_type" => "AltIdType".to_owned(),
        _ => type_name(wire_name),
    }
}

/// The name of an enum variant: as for types, with words for leading signs and symbols.
pub(crate) fn variant(wire: &str) -> String {
    let sign = match wire.trim().chars().next() {
        _ if !wire.contains(|c: char| c.is_ascii_alphanumeric()) => return symbol(wire),
        Some('-') => "Minus ",
        Some('+') => "Plus ",
        _ => "",
    };
    let name = type_name(&format!("{sign}{wire}"));
    if name == "Unrecognized" {
        "UnrecognizedValue".to_owned()
    } else {
        name
    }
}

fn symbol(wire: &str) -> String {
    let word = match wire {
        "" => "Empty",
        "=" | "==" => "Equal",
        "!=" => "NotEqual",
        "<" => "Less",
        "<=" => "LessOrEqual",
        ">" => "Greater",
        ">=" => "GreaterOrEqual",
        "$" => "Dollar",
        "%" => "Percent",
        "*" => "Star",
        _ => "Symbol",
    };
    word.to_owned()
}

/// Makes the name unique among those taken, and adds it to them.
pub(crate) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = if name.ends_with('_')
            || name.contains('_')
            || name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            format!("{}_{number}", name.trim_end_matches('_'))
        } else {
            format!("{name}{number}")
        };
        number += 1;
    }
    candidate
}

/// Whether a method may have this name. Its builder has it too, and must not shadow a type that
/// setters use.
pub(crate) fn is_method_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.ends_with('_')
        && !name.contains("__")
        && !KEYWORDS.contains(&name)
        && !["new", "handle", "box", "string", "vec"].contains(&name)
}

/// The name of an operation's method: the platform's id in snake case, with uniform verbs (list a
/// collection, get one, create, update, delete, upsert, search; add and remove for membership).
pub(crate) fn operation(id: &str, method: &str, path: &str) -> String {
    let snake = ascii(id).to_snake_case();
    let mut words: Vec<&str> = snake.split('_').filter(|word| !word.is_empty()).collect();
    let one = path.ends_with('}');
    let deprecated = words.len() > 1 && words.last() == Some(&"deprecated");
    if deprecated {
        words.pop();
    }
    // The verb comes first: `fb_get_pages` is `get_facebook_pages`.
    if words.len() > 1 && !VERBS.contains(&words[0]) && VERBS.contains(&words[1]) {
        words.swap(0, 1);
        words[1] = match words[1] {
            "fb" => "facebook",
            "li" => "linkedin",
            other => other,
        };
    }
    let count = words.len();
    if let Some(verb) = words.first_mut() {
        *verb = match (*verb, method) {
            ("fetch" | "find" | "retrieve" | "get", "get") => "get",
            ("edit" | "put" | "patch", _) => "update",
            ("remove", "delete") if one && count == 2 => "delete",
            (other, _) => other,
        };
    }
    if words.get(1) == Some(&"all") {
        words.remove(1);
        if words[0] == "get" {
            words[0] = "list";
        }
    }
    for tail in [
        &["by", "id"][..],
        &["by", "location", "id"],
        &["by", "location"],
    ] {
        if words.len() > 1 + tail.len() && words.ends_with(tail) {
            words.truncate(words.len() - tail.len());
        }
    }
    let plural = words.last().is_some_and(|last| {
        last.ends_with('s') && !["status", "statistics", "stats", "details"].contains(last)
    });
    if method == "get" && words.first() == Some(&"get") && plural && !one {
        words[0] = "list";
    }
    if deprecated {
        words.push("deprecated");
    }
    let name = words.join("_");
    if is_method_name(&name) {
        name
    } else {
        format!("call_{}", field(&name).trim_matches('_'))
    }
}

/// A method name that is not taken: the name with static words of the path, from the last one on,
/// or else with the HTTP method, or a number.
pub(crate) fn qualified(name: &str, path: &str, method: &str, taken: &BTreeSet<String>) -> String {
    let segments = path.split('/').filter(|segment| !segment.contains('{'));
    let words = segments.map(|segment| ascii(segment).to_snake_case());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty() && !name.contains(word))
        .collect();
    let mut candidate = name.to_owned();
    let further = words.iter().rev().map(String::as_str).chain([method]);
    for word in further {
        candidate = format!("{candidate}_{word}");
        if !taken.contains(&candidate) && is_method_name(&candidate) {
            return candidate;
        }
    }
    unique(name, &mut taken.clone())
}

const VERBS: [&str; 23] = [
    "add",
    "batch",
    "create",
    "delete",
    "disable",
    "duplicate",
    "edit",
    "fetch",
    "find",
    "generate",
    "get",
    "list",
    "patch",
    "pause",
    "publish",
    "put",
    "remove",
    "resume",
    "retrieve",
    "search",
    "set",
    "update",
    "upsert",
];

/// The singular of a word: `CustomField` for `CustomFields`.
pub(crate) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    if ["ses", "xes", "ches", "shes"]
        .iter()
        .any(|ending| word.ends_with(ending))
        && !word.ends_with("ases")
        && !word.ends_with("nses")
    {
        return word.strip_suffix("es").unwrap_or(word).to_owned();
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// The words of a type name: `ContactNote` has `Contact` and `Note`.
pub(crate) fn type_words(name: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = name
        .char_indices()
        .filter(|(_, c)| c.is_ascii_uppercase())
        .map(|(at, _)| at)
        .collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    starts.push(name.len());
    let words = starts.windows(2).map(|pair| &name[pair[0]..pair[1]]);
    words.filter(|word| !word.is_empty()).collect()
}

/// Names without meaning outside of their parent.
const GENERIC: [&str; 49] = [
    "Action",
    "AltType",
    "Body",
    "Children",
    "Config",
    "Configuration",
    "Content",
    "Count",
    "Data",
    "Date",
    "Detail",
    "Details",
    "Direction",
    "Element",
    "Error",
    "Errors",
    "Field",
    "Filter",
    "Format",
    "Info",
    "Item",
    "Key",
    "Kind",
    "Label",
    "List",
    "Meta",
    "Method",
    "Mode",
    "Model",
    "Name",
    "Object",
    "Option",
    "Options",
    "Payload",
    "Platform",
    "Property",
    "Provider",
    "Request",
    "Response",
    "Result",
    "Setting",
    "Settings",
    "Source",
    "State",
    "Status",
    "Type",
    "Unit",
    "Value",
    "Values",
];

/// Whether a name has no meaning outside of its parent, such as `Status`.
pub(crate) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name)
}

/// Names of an inline type in a field, the preferred first. `InvoiceResponse` with a field `status`
/// has an `InvoiceStatus`; in a reply, a field `contact` has a `Contact`.
pub(crate) fn in_parent(parent: &str, segment: &str, is_enum: bool) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(operation) = parent
        .strip_suffix("Response")
        .filter(|rest| !rest.is_empty())
    {
        if !is_enum && !is_generic(segment) {
            names.push(segment.to_owned());
        }
        names.push(joined(&entity(operation), segment));
        names.push(joined(operation, segment));
    } else if let Some(operation) = parent
        .strip_suffix("Request")
        .filter(|rest| !rest.is_empty())
    {
        if is_enum {
            names.push(joined(&entity(operation), segment));
        }
        names.push(joined(operation, segment));
    }
    names.push(joined(parent, segment));
    names.push(format!("{parent}{segment}"));
    names
}

/// Names of an inline type of an operation, the preferred first: the enum of a parameter `status`
/// of `list_invoices` is `InvoiceStatus`.
pub(crate) fn in_operation(segment: &str, word: &str, is_enum: bool) -> Vec<String> {
    let operation = segment.strip_suffix(word).filter(|rest| !rest.is_empty());
    let short = operation
        .filter(|_| is_enum)
        .map(|operation| joined(&entity(operation), word));
    short.into_iter().chain([segment.to_owned()]).collect()
}

/// The noun of an operation: `ListInvoicesByContact` is about an `Invoice`.
fn entity(operation: &str) -> String {
    let words = type_words(operation);
    let verb = |word: &str| VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    let from = usize::from(words.len() > 1 && verb(words[0]));
    let preposition = |word: &&str| ["By", "For", "From", "In", "Of", "To", "With"].contains(word);
    let end = words[from..].iter().skip(1).position(preposition);
    let mut nouns = words[from..end.map_or(words.len(), |end| from + 1 + end)].to_vec();
    let last = nouns.pop().map(singular).unwrap_or_default();
    nouns.push(&last);
    nouns.concat()
}

/// Two names, with words that end the first and begin the second only once: `Contact` and
/// `ContactType` are `ContactType`.
fn joined(parent: &str, segment: &str) -> String {
    let (parents, segments) = (type_words(parent), type_words(segment));
    let common = (1..=parents.len().min(segments.len()))
        .rev()
        .find(|&count| parents[parents.len() - count..] == segments[..count]);
    let rest = &segments[common.unwrap_or_default()..];
    format!("{parent}{}", rest.concat())
}

/// The name of the reply or the request of operations, if there is one for all of them:
/// `CreateNoteResponse` for one operation, `NoteResponse` if several return the same. An entity that
/// is read has the name of the noun: `get_invoice` returns an `Invoice`.
pub(crate) fn of_operations(operations: &[&str], suffix: &str, is_entity: bool) -> Option<String> {
    let nouns: BTreeSet<String> = operations
        .iter()
        .map(|name| noun(&type_name(name)))
        .collect();
    let mut nouns = nouns.into_iter();
    let (noun, None) = (nouns.next()?, nouns.next()) else {
        return None;
    };
    if is_entity && operations.iter().any(|name| name.starts_with("get_")) {
        return Some(noun);
    }
    Some(match operations {
        [one] => format!("{}{suffix}", type_name(one)),
        _ => format!("{noun}{suffix}"),
    })
}

/// The name of an operation without its verb.
fn noun(operation: &str) -> String {
    let words = type_words(operation);
    let verb = |word: &str| VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    let from = usize::from(words.len() > 1 && verb(words[0]));
    words[from..].concat()
}

/// A component's name without the affixes that programs add to names. A type within replies has no
/// `Response`.
pub(crate) fn without_affixes(name: &str, is_within_replies: bool) -> String {
    let mut words = type_words(name);
    if let [first, second, ..] = words[..]
        && (first == "I" && second.len() > 1
            || is_within_replies && first == "Get" && words.last() != Some(&"Response"))
    {
        words.remove(0);
    }
    let is_success = |word: &str| word.starts_with("Succes");
    while words.len() > 1 {
        let rest = &words[..words.len() - 1];
        match words[words.len() - 1] {
            "Dto" | "Schema" => {}
            "Response" if rest.last() == Some(&"Response") => {}
            "Response" if is_within_replies => {}
            "Response" if rest.len() > 1 && rest.last().is_some_and(|word| is_success(word)) => {
                let mut words: Vec<&str> = rest[..rest.len() - 1].to_vec();
                if words.last() != Some(&"Response") {
                    words.push("Response");
                }
                return without_affixes(&words.concat(), is_within_replies);
            }
            last if is_success(last) => {
                let response = format!("{}Response", rest.concat());
                return without_affixes(&response, is_within_replies);
            }
            _ => break,
        }
        words.pop();
    }
    words.concat()
}
