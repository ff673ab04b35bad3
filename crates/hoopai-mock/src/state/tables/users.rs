//! Module `users`: users.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "users",
    noun: "User",
    not_found: NotFound::Status(401, "The user does not exist."),
    scope: Scope::Company,
    scope_field: "",
    shared_with: "roles.locationIds",
    search_fields: &["firstName", "lastName", "email", "phone"],
    discarded: &[
        "password",
        "companyId",
        "scopesAssignedToOnly",
        "twilioPhone",
    ],
    unique: Unique::Message(&["email"], "A user with this email already exists"),
    defaults: &[
        ("deleted", FieldValue::False),
        ("platformLanguage", FieldValue::Text("en_US")),
    ],
    on_write: derive::user_on_write,
    sample: &[
        ("firstName", Sample::FirstName),
        ("lastName", Sample::LastName),
        ("email", Sample::Email),
        ("phone", Sample::Phone),
        ("type", Sample::Text("account")),
        ("role", Sample::OneOf(&["user", "admin"])),
    ],
    endpoints: &[
        Endpoint::list("get-user-by-location", "users", &Paging::ALL)
            .filters(&[Filter::equals("locationId", "roles.locationIds")]),
        Endpoint::list("search-users", "users", &paging::SKIP_COUNT).filters(&[
            Filter::equals("locationId", "roles.locationIds"),
            Filter::equals("ids", "id"),
            Filter::equals("role", "roles.role"),
            Filter::equals("type", "roles.type"),
            Filter::text("query"),
        ]),
        Endpoint::list("filter-users-by-email", "users", &paging::SKIP_COUNT)
            .filters(&[Filter::equals("emails", "email")]),
        Endpoint::create("create-user", ""),
        Endpoint::get("get-user", "userId", ""),
        Endpoint::update("update-user", "userId", ""),
        Endpoint::delete("delete-user", "userId").with(&[
            ("succeded", ReplyField::True),
            (
                "message",
                ReplyField::Text("Queued deleting user with e-mail and name"),
            ),
        ]),
    ],
    ..Collection::DEFAULT
}];
