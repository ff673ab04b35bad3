//! Validation of requests, and conversion of texts.

use hoopai_catalogue::{FieldPath, Kind, Problem, Values, find};
use serde_json::{Value, json};

fn problems(name: &str, values: &Values) -> Vec<String> {
    let operation = find(name).expect(name);
    let problems = operation.validate(values).into_iter();
    problems
        .filter(|problem| !problem.is_advice)
        .map(|problem| problem.to_string())
        .collect()
}

fn body(body: Value) -> Values {
    Values {
        body: Some(body),
        has_location: true,
        ..Values::default()
    }
}

fn parameters(list: &[(&str, Value)]) -> Values {
    let list = list.iter();
    Values {
        parameters: list
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        has_location: true,
        ..Values::default()
    }
}

#[test]
fn problems_name_the_field_and_the_rule() {
    let cases = [
        (
            json!({ "customFields": [{ "id": "a" }, { "idd": "b" }] }),
            "`customFields[1].idd` is not declared by the operation; did you mean `customFields[1].id`?",
        ),
        (
            json!({ "firstName": 7 }),
            "`firstName` must be text, not a number",
        ),
        (
            json!({ "tags": ["a", 5] }),
            "`tags[1]` must be text, not a number",
        ),
        (
            json!({ "email": "jane" }),
            "`email` must be an email address such as jane@example.com",
        ),
        (json!([]), "`body` must be an object, not a list"),
    ];
    for (value, expected) in cases {
        assert_eq!(problems("contacts.create", &body(value)), [expected]);
    }
}

#[test]
fn missing_values_are_errors_only_if_the_client_rejects_them() {
    assert_eq!(
        problems("contacts.get", &Values::default()),
        ["`contactId` is missing"]
    );
    let mut values = body(json!({ "firstName": "Jane" }));
    assert!(problems("contacts.create", &values).is_empty());
    values.has_location = false;
    assert_eq!(
        problems("contacts.create", &values),
        ["`locationId` is missing"]
    );
    let upsert = find("contacts.create_task").unwrap();
    let mut values = parameters(&[("contactId", json!("c"))]);
    values.body = Some(json!({ "title": "x" }));
    let advice: Vec<Problem> = upsert.validate(&values);
    assert!(
        !advice.is_empty() && advice.iter().all(|problem| problem.is_advice),
        "{advice:?}"
    );
}

#[test]
fn parameters_are_found_by_wire_and_setter_name() {
    for name in ["contactId", "contact_id", "contact-id"] {
        let values = parameters(&[(name, json!("c1"))]);
        assert!(problems("contacts.get", &values).is_empty(), "{name}");
    }
    for unfit in ["", ".", ".."] {
        let values = parameters(&[("contactId", json!(unfit))]);
        assert_eq!(
            problems("contacts.get", &values),
            ["`contactId` is empty, `.` or `..`, which would change the path"]
        );
    }
    let values = parameters(&[("limt", json!(5))]);
    assert_eq!(
        problems("contacts.list", &values),
        ["`limt` is not declared by the operation; did you mean `limit`?"]
    );
    let values = parameters(&[("limit", json!(500))]);
    assert_eq!(
        problems("contacts.list", &values),
        ["`limit` must be at most 100, the largest page of the platform"]
    );
}

#[test]
fn types_of_dotted_paths_are_known() {
    let schema = find("contacts.create")
        .unwrap()
        .body
        .as_ref()
        .unwrap()
        .schema;
    let at = |path: &str| schema.at(&path.parse::<FieldPath>().unwrap());
    let (path, of) = at("custom-fields[0].id").unwrap();
    assert_eq!(
        (path.to_string().as_str(), of.kind()),
        ("customFields[0].id", Kind::String)
    );
    assert_eq!(at("tags").unwrap().1.type_name(), "a list of text");
    assert_eq!(
        at("customFields[0].idd").unwrap_err().to_string(),
        "`customFields[0].idd` is not declared by the operation; did you mean `customFields[0].id`?"
    );
    assert_eq!(
        at("firstName.x").unwrap_err().to_string(),
        "`firstName.x` does not exist, because the value before it is text"
    );
}

#[test]
fn texts_become_values_of_the_declared_kind() {
    let value = |name: &str, path: &str, text: &str| {
        let schema = find(name).unwrap().body.as_ref().unwrap().schema;
        let (path, schema) = schema.at(&path.parse().unwrap()).unwrap();
        schema
            .parse(&path.to_string(), text)
            .map_err(|problem| problem.to_string())
    };
    let create = "contacts.create";
    assert_eq!(value(create, "tags", "a, b"), Ok(json!(["a", "b"])));
    assert_eq!(value(create, "tags", "[\"a,b\"]"), Ok(json!(["a,b"])));
    assert_eq!(value(create, "firstName", "12"), Ok(json!("12")));
    assert_eq!(value(create, "dnd", "true"), Ok(json!(true)));
    let field = "customFields[0].field_value";
    assert_eq!(value(create, field, "12"), Ok(json!("12")));
    assert_eq!(value(create, field, "[\"a\"]"), Ok(json!(["a"])));
    assert_eq!(value(create, field, "vip, new"), Ok(json!("vip, new")));
    let secret = "geheim-4711";
    let problem = value(create, "dnd", secret).unwrap_err();
    assert_eq!(problem, "`dnd` must be true or false, not this text");
    assert!(!problem.contains(secret));
}
