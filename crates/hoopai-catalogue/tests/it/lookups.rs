//! Finding operations, search, and descriptions.

use hoopai_catalogue::{Reply, by_id, find, module, modules, route, search};

#[test]
fn all_modules_are_read() {
    let operations: Vec<_> = modules()
        .iter()
        .flat_map(|module| module.operations())
        .collect();
    assert_eq!((modules().len(), operations.len()), (41, 609));
    for operation in operations {
        let key = operation.key();
        assert!(operation.summary.is_some(), "{key}");
        assert!(operation.explain().to_string().starts_with(&key), "{key}");
        assert!(std::ptr::eq(find(&key).unwrap(), operation), "{key}");
        let by_id = format!("{}.{}", operation.module.name(), operation.entry.id);
        assert_eq!(find(&by_id).unwrap().module.name(), operation.module.name());
        if let Some(short) = operation.entry.short_name {
            let short = format!("{}.{short}", operation.module.name());
            assert!(std::ptr::eq(find(&short).unwrap(), operation), "{short}");
        }
        let (routed, values) = route(operation.entry.method.as_str(), operation.entry.path)
            .unwrap_or_else(|| panic!("{key}"));
        assert!(
            std::ptr::eq(routed, operation)
                || values.len() == operation.entry.path.matches('{').count(),
            "{key}"
        );
    }
}

#[test]
fn operations_are_found_by_several_names() {
    for name in [
        "contacts.get_contact",
        "contacts.get-contact",
        "contacts.get",
        "contacts get",
        "Contacts/getContact",
    ] {
        assert_eq!(
            find(name).unwrap().entry.path,
            "/contacts/{contactId}",
            "{name}"
        );
    }
    let ids = by_id("get-contact");
    assert_eq!(ids.len(), 1);
    assert!(module("custom_fields").is_some());
}

#[test]
fn unknown_names_have_a_suggestion() {
    let text = |name: &str| find(name).unwrap_err().to_string();
    assert_eq!(
        text("contacts.get_contct"),
        "no operation has the name `contacts.get_contct`; did you mean `contacts.get_contact`?"
    );
    assert_eq!(
        text("contact.get"),
        "no operation has the name `contact.get`; did you mean `contacts.get`?"
    );
    assert_eq!(
        text("upsert_contact"),
        "no operation has the name `upsert_contact`; did you mean `contacts.upsert_contact`?"
    );
    assert_eq!(text(""), "no operation has the name ``");
}

#[test]
fn literal_paths_win_over_parameters() {
    let (operation, values) = route("get", "/contacts/abc?x=1").unwrap();
    assert_eq!(operation.key(), "contacts.get_contact");
    assert_eq!(values, [("contactId", "abc".to_owned())]);
    let (operation, values) = route("POST", "/contacts/search").unwrap();
    assert_eq!(operation.key(), "contacts.search_contacts");
    assert!(values.is_empty());
    assert!(
        route("GET", "/contacts").is_none(),
        "a trailing slash matters"
    );
    assert!(route("GET", "/nothing").is_none());
}

#[test]
fn search_ranks_names_before_descriptions() {
    let keys = |words: &str| -> Vec<String> {
        search(words)
            .iter()
            .map(|hit| hit.operation.key())
            .collect()
    };
    for (words, expected) in [
        ("upsert contact", "contacts.upsert_contact"),
        ("send message", "conversations.send_message"),
        ("buy phone number", "phone-system.purchase_phone_number"),
        ("void invoice", "invoices.void_invoice"),
        ("free slots", "calendars.list_free_slots"),
        ("tags add contact", "contacts.add_tags"),
    ] {
        let found = keys(words);
        let position = found.iter().position(|key| key == expected);
        assert!(
            position.is_some_and(|at| at < 3),
            "{words}: {:?}",
            &found[..found.len().min(5)]
        );
    }
    assert!(keys("").is_empty());
    assert!(keys("zzzzqqq").is_empty());
}

#[test]
fn explanation_has_facts_parameters_and_fields() {
    let explanation = find("contacts.upsert").unwrap().explain();
    assert_eq!(explanation.request, "POST /contacts/upsert");
    let fields: Vec<&str> = explanation
        .body
        .iter()
        .map(|row| row.path.as_str())
        .collect();
    for field in ["firstName", "tags", "customFields", "customFields[].id"] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    let reply: Vec<&str> = explanation
        .reply
        .iter()
        .map(|row| row.path.as_str())
        .collect();
    assert!(reply.contains(&"contact.id"), "{reply:?}");
    assert!(
        explanation
            .facts
            .iter()
            .any(|(title, text)| *title == "effect" && text == "write")
    );
}

#[test]
fn paging_paths_exist_in_the_reply() {
    for operation in modules().iter().flat_map(|module| module.operations()) {
        let Some(paging) = &operation.paging else {
            continue;
        };
        let Reply::Json(schema) = operation.reply else {
            panic!("{}: pages without JSON", operation.key());
        };
        let paths = [Some(paging.items), paging.total, paging.more];
        for path in paths.into_iter().flatten().filter(|path| !path.is_empty()) {
            let found = schema.at(&path.parse().unwrap());
            assert!(
                found.is_ok(),
                "{}: {path}: {:?}",
                operation.key(),
                found.err()
            );
        }
    }
}
