//! Module `forms`: forms and submissions.

use super::contacts::{CONTACT_EMAIL, CONTACT_NAME};
use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "forms",
        noun: "Form",
        sample: &[("name", Sample::Numbered("Form"))],
        endpoints: &[Endpoint::list("get-forms", "forms", &paging::FORMS)],
        ..Collection::DEFAULT
    },
    Collection {
        name: "submissions",
        noun: "Submission",
        created_fields: &["createdAt"],
        updated_fields: &[],
        search_fields: &["name", "email"],
        sample: &[
            ("formId", Sample::Reference("forms")),
            ("contactId", Sample::Reference("contacts")),
            ("name", CONTACT_NAME),
            ("email", CONTACT_EMAIL),
        ],
        endpoints: &[
            Endpoint::list("get-forms-submissions", "submissions", &paging::SUBMISSIONS).filters(
                &[
                    Filter::equals("formId", "formId"),
                    Filter::text("q"),
                    Filter::since("startAt", "createdAt"),
                    Filter::until("endAt", "createdAt"),
                ],
            ),
        ],
        ..Collection::DEFAULT
    },
];
