//! The effects of operations. A change of the lists is a decision: read the diff.

use hoopai_catalogue::{Effect, Operation, modules};

/// The operations that match, a line each: effect and name.
fn lines(matches: fn(&Operation) -> bool) -> String {
    let operations = modules().iter().flat_map(|module| module.operations());
    let mut lines: Vec<String> = operations
        .filter(|operation| matches(operation))
        .map(|operation| format!("{} {}", operation.entry.effect, operation.key()))
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn effects_that_overlays_declare() {
    let declared = lines(|operation| operation.effect_reason.is_some());
    insta::assert_snapshot!(declared);
}

/// All other operations by GET read, and all by DELETE destroy.
#[test]
fn effects_of_other_methods_by_rule() {
    let by_rule = lines(|operation| {
        let method = operation.entry.method.as_str();
        operation.effect_reason.is_none() && !["GET", "DELETE"].contains(&method)
    });
    insta::assert_snapshot!(by_rule);
}

#[test]
fn method_decides_for_get_and_delete() {
    for operation in modules().iter().flat_map(|module| module.operations()) {
        let (method, effect) = (operation.entry.method.as_str(), operation.entry.effect);
        match method {
            "GET" => assert_eq!(effect, Effect::Read, "{}", operation.key()),
            "DELETE" => assert_eq!(effect, Effect::Destroy, "{}", operation.key()),
            _ => {}
        }
        assert_eq!(
            effect.needs_confirmation(),
            effect > Effect::Write,
            "{}",
            operation.key()
        );
    }
}
