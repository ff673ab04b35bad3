//! Names of types: `x-hoopai-name`, the rules, and the names that `check` rejects.

use serde_json::{Value, json};

use crate::support::{document, generate_sample, generate_tolerantly, operation};

fn reply(schema: Value) -> Value {
    json!({ "responses": { "200": {
        "description": "OK", "content": { "application/json": { "schema": schema } },
    } } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A module whose operations return two schemas of a contact.
fn contacts(full: Value, short: Value) -> Value {
    let list = json!({ "type": "object", "properties": {
        "contacts": { "type": "array", "items": reference("ContectRowDto") },
    } });
    let one =
        json!({ "type": "object", "properties": { "contact": reference("GetContectSchema") } });
    document(
        json!({
            "/contacts": { "get": operation("get-contacts", reply(list)) },
            "/contact": { "get": operation("get-contact", reply(one)) },
        }),
        json!({ "GetContectSchema": full, "ContectRowDto": short }),
    )
}

fn object(fields: Value) -> Value {
    json!({ "type": "object", "properties": fields })
}

fn overlay(update: Value) -> String {
    json!({
        "overlay": "1.0.0", "info": { "title": "sample", "version": "1" },
        "actions": [{ "target": "$.components.schemas", "description": "One entity.", "update": update }],
    })
    .to_string()
}

fn both(name: &str) -> String {
    overlay(json!({
        "GetContectSchema": { "x-hoopai-name": name }, "ContectRowDto": { "x-hoopai-name": name },
    }))
}

#[test]
fn schemas_of_one_name_become_one_type_with_all_fields() {
    let document = contacts(
        object(json!({ "id": { "type": "string" }, "email": { "type": "string" } })),
        object(json!({ "id": { "type": "string" }, "score": { "type": "number" } })),
    );
    let generated = generate_sample(&document, Some(&both("Contact"))).unwrap();
    let types = &generated.files["src/types.rs"];
    assert_eq!(types.matches("pub struct Contact {").count(), 1, "{types}");
    for part in [
        "#[doc(alias = \"GetContectSchema\")]",
        "#[doc(alias = \"ContectRowDto\")]",
        "pub email: String = \"email\"",
        "pub score: f64 = \"score\"",
        "pub contact: Contact = \"contact\"",
        "pub contacts: Vec<Contact> = \"contacts\"",
    ] {
        assert!(types.contains(part), "no {part} in\n{types}");
    }
    assert_eq!(generated.report.rejected_names, []);
}

/// Neither the order of the schemas nor that of the operations decides, and no name is lost.
#[test]
fn fields_of_other_types_in_schemas_of_one_name_are_any_json() {
    let first = object(json!({ "tags": { "type": "string" }, "email": { "type": "string" } }));
    let second = object(json!({ "tags": { "type": "boolean" }, "score": { "type": "number" } }));
    for (full, short) in [(&first, &second), (&second, &first)] {
        let document = contacts(full.clone(), short.clone());
        let error = generate_sample(&document, Some(&both("Contact"))).unwrap_err();
        for part in [
            "$.components.schemas.GetContectSchema",
            "$.components.schemas.ContectRowDto",
            "field `tags` is a boolean in one and a string in another",
        ] {
            assert!(error.problem.contains(part), "no {part} in {error}");
        }
        let generated = generate_tolerantly(&document, &both("Contact"));
        assert_eq!(generated.attention.len(), 1, "{:?}", generated.attention);
        assert_eq!(generated.attention[0].done, "the field is any JSON");
        let types = &generated.files["src/types.rs"];
        for part in [
            "pub struct Contact {",
            "pub email: String = \"email\"",
            "pub score: f64 = \"score\"",
            "Value = \"tags\"",
        ] {
            assert!(types.contains(part), "no {part} in\n{types}");
        }
    }
}

#[test]
fn third_schema_of_one_name_does_not_narrow_a_field_that_is_any_json() {
    let field = |kind: &str| object(json!({ "tags": { "type": kind } }));
    let kinds = ["string", "boolean", "integer"];
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let [a, b, c] = order.map(|index| field(kinds[index]));
        let named = |mut schema: Value| {
            schema["x-hoopai-name"] = "Contact".into();
            schema
        };
        let list = |name: &str| {
            reply(object(
                json!({ "items": { "type": "array", "items": reference(name) } }),
            ))
        };
        let document = document(
            json!({
                "/a": { "get": operation("get-a", list("A")) },
                "/b": { "get": operation("get-b", list("B")) },
                "/c": { "get": operation("get-c", list("C")) },
            }),
            json!({ "A": a, "B": b, "C": c }),
        );
        let overlay = overlay(json!({
            "A": named(json!({})), "B": named(json!({})), "C": named(json!({})),
        }));
        let generated = generate_tolerantly(&document, &overlay);
        assert_eq!(generated.attention.len(), 1, "{:?}", generated.attention);
        let types = &generated.files["src/types.rs"];
        assert!(types.contains("Value = \"tags\""), "{types}");
    }
}

#[test]
fn chosen_names_are_type_names_of_schemas_that_operations_use() {
    let fields = json!({ "id": { "type": "string" } });
    let document = contacts(object(fields.clone()), object(fields));
    let problem = |update: Value| {
        let error = generate_sample(&document, Some(&overlay(update))).unwrap_err();
        error.problem
    };
    for (update, expected) in [
        (
            json!({ "ContectRowDto": { "x-hoopai-name": "contact" } }),
            "not a type name",
        ),
        (
            json!({ "ContectRowDto": { "x-hoopai-name": 1 } }),
            "not a type name",
        ),
        (
            json!({ "ContectRowDto": { "x-hoopai-name": "Option" } }),
            "uses for another type",
        ),
        (
            json!({ "Gone": { "x-hoopai-name": "Contact" } }),
            "has no type of its own",
        ),
        (
            json!({ "Unused": { "x-hoopai-name": "Contact", "type": "object", "properties": { "a": {} } } }),
            "no operation uses this schema",
        ),
    ] {
        let found = problem(update.clone());
        assert!(found.contains(expected), "{update}: {found}");
    }
}

#[test]
fn bad_names_are_rejected_with_the_path_of_their_schema() {
    let fields = json!({ "id": { "type": "string" } });
    for (component, expected) in [
        (
            "ContectRow",
            "contains `Contect`, which resembles `Contact`",
        ),
        ("Status", "has no meaning outside of its parent"),
        ("Contacts2", "ends in a number"),
        ("ContactByIs", "ends in `Is`"),
        ("SchemaOfContact", "contains `Schema`"),
        ("UpdateContact", "begins with the verb `Update`"),
        ("Contacts", "is plural, but is an item of a list"),
    ] {
        let list = json!({ "type": "object", "properties": {
            "contacts": { "type": "array", "items": reference(component) },
        } });
        let document = document(
            json!({ "/contacts": { "get": operation("get-contacts", reply(list)) } }),
            json!({ component: object(fields.clone()) }),
        );
        let rejected = generate_sample(&document, None)
            .unwrap()
            .report
            .rejected_names;
        let [name] = &rejected[..] else {
            panic!("{component}: {rejected:?}");
        };
        assert_eq!(name.path, format!("$.components.schemas.{component}"));
        assert!(
            name.reason.contains(expected),
            "{component}: {}",
            name.reason
        );
    }
}

#[test]
fn inline_types_are_named_after_their_parent() {
    let invoice = object(json!({
        "id": { "type": "string" }, "number": { "type": "string" }, "total": { "type": "number" },
        "status": { "type": "string", "enum": ["paid", "open"] },
        "items": { "type": "array", "items": object(json!({ "name": { "type": "string" } })) },
    }));
    let document = document(
        json!({ "/invoice": { "get": operation("get-invoice", reply(reference("IGetInvoiceResponseDTO"))) } }),
        json!({ "IGetInvoiceResponseDTO": invoice }),
    );
    let types = generate_sample(&document, None).unwrap().files["src/types.rs"].clone();
    for name in [
        "struct Invoice {",
        "struct InvoiceItem {",
        "enum InvoiceStatus {",
    ] {
        assert!(types.contains(name), "no {name} in\n{types}");
    }
}
