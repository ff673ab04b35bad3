//! Module `surveys`: surveys and submissions.

use super::contacts::{CONTACT_EMAIL, CONTACT_NAME};
use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "surveys",
        noun: "Survey",
        sample: &[("name", Sample::Numbered("Survey"))],
        endpoints: &[Endpoint::list("get-surveys", "surveys", &paging::FORMS)],
        ..Collection::DEFAULT
    },
    Collection {
        name: "survey-submissions",
        noun: "Submission",
        created_fields: &["createdAt"],
        updated_fields: &[],
        search_fields: &["name", "email"],
        sample: &[
            ("surveyId", Sample::Reference("surveys")),
            ("contactId", Sample::Reference("contacts")),
            ("name", CONTACT_NAME),
            ("email", CONTACT_EMAIL),
        ],
        endpoints: &[Endpoint::list(
            "get-surveys-submissions",
            "submissions",
            &paging::SUBMISSIONS,
        )
        .filters(&[
            Filter::equals("surveyId", "surveyId"),
            Filter::text("q"),
            Filter::since("startAt", "createdAt"),
            Filter::until("endAt", "createdAt"),
        ])],
        ..Collection::DEFAULT
    },
];
