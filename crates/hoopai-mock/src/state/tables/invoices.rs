//! Module `invoices`: invoices, estimates, templates and schedules.

use super::prelude::*;

const DRAFT: &[(&str, FieldValue)] = &[
    ("altType", FieldValue::Text("location")),
    ("status", FieldValue::Text("draft")),
    ("liveMode", FieldValue::False),
    ("currency", FieldValue::Text("USD")),
];

const VISIT_TIME: &[(&str, FieldValue)] = &[("lastVisitedAt", FieldValue::Now)];

const LIST_FILTERS: &[Filter] = &[
    Filter::text("search"),
    Filter::equals("status", "status"),
    Filter::since("startAt", "createdAt"),
    Filter::until("endAt", "createdAt"),
];

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "invoices",
        noun: "Invoice",
        search_fields: &["name", "title", "invoiceNumber"],
        number_field: "invoiceNumber",
        // A text2pay request names an existing invoice by `id`.
        discarded: &["id"],
        defaults: DRAFT,
        on_write: derive::invoice_on_write,
        sample: &[
            ("name", Sample::Numbered("Invoice")),
            ("title", Sample::Text("INVOICE")),
            ("invoiceNumber", Sample::FromNumber(serde_json::Value::from)),
            ("total", Sample::Number(10, 5000)),
            ("contactDetails", Sample::ContactDetails),
            ("businessDetails", Sample::Fixed(FieldValue::Object)),
            ("invoiceItems", Sample::Fixed(FieldValue::List)),
        ],
        endpoints: &[
            Endpoint::list("list-invoices", "invoices", &paging::TOTAL).filters(&[
                Filter::text("search"),
                Filter::equals("status", "status"),
                Filter::equals("contactId", "contactDetails.id"),
                Filter::since("startAt", "createdAt"),
                Filter::until("endAt", "createdAt"),
            ]),
            Endpoint::create("create-invoice", ""),
            Endpoint::new("generate-invoice-number", Action::NextNumber)
                .reply_path("invoiceNumber"),
            Endpoint::new("text2pay-invoice", Action::Upsert)
                .by("id")
                .reply_path("invoice"),
            Endpoint::new("update-invoice-last-visited-at", Action::Touch)
                .by("invoiceId")
                .without_item()
                .sets(VISIT_TIME),
            Endpoint::get("get-invoice", "invoiceId", ""),
            Endpoint::update("update-invoice", "invoiceId", ""),
            Endpoint::update("update-invoice-late-fees-configuration", "invoiceId", ""),
            Endpoint::delete("delete-invoice", "invoiceId").reply_path(""),
            Endpoint::update("void-invoice", "invoiceId", "")
                .sets(&[("status", FieldValue::Text("void"))]),
            Endpoint::new("send-invoice", Action::Touch)
                .by("invoiceId")
                .reply_path("invoice")
                .sets(&[("status", FieldValue::Text("sent"))]),
            Endpoint::custom("record-invoice", CustomAction::RecordPayment)
                .by("invoiceId")
                .reply_path("invoice")
                .with(SUCCESS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "invoice-templates",
        noun: "Template",
        defaults: DRAFT,
        on_write: derive::total_on_write,
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("total", Sample::Number(10, 5000)),
        ],
        endpoints: &[
            Endpoint::list("list-invoice-templates", "data", &paging::TOTAL_COUNT)
                .filters(LIST_FILTERS),
            Endpoint::create("create-invoice-template", ""),
            Endpoint::get("get-invoice-template", "templateId", ""),
            Endpoint::update("update-invoice-template", "templateId", ""),
            Endpoint::update(
                "update-invoice-template-late-fees-configuration",
                "templateId",
                "",
            ),
            Endpoint::update(
                "update-invoice-payment-methods-configuration",
                "templateId",
                "",
            ),
            Endpoint::delete("delete-invoice-template", "templateId").with(SUCCESS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "invoice-schedules",
        noun: "Schedule",
        discarded: &["id"],
        defaults: DRAFT,
        on_write: derive::total_on_write,
        sample: &[
            ("name", Sample::Numbered("Schedule")),
            ("contactDetails", Sample::ContactDetails),
            ("total", Sample::Number(10, 5000)),
        ],
        endpoints: &[
            Endpoint::list("list-invoice-schedules", "schedules", &paging::TOTAL)
                .filters(LIST_FILTERS),
            Endpoint::create("create-invoice-schedule", ""),
            Endpoint::get("get-invoice-schedule", "scheduleId", ""),
            Endpoint::update("update-invoice-schedule", "scheduleId", ""),
            Endpoint::delete("delete-invoice-schedule", "scheduleId").with(SUCCESS),
            Endpoint::new("cancel-invoice-schedule", Action::Touch)
                .by("scheduleId")
                .sets(&[("status", FieldValue::Text("cancelled"))]),
            Endpoint::update("schedule-invoice-schedule", "scheduleId", "")
                .sets(&[("status", FieldValue::Text("scheduled"))]),
            Endpoint::new("update-and-schedule-invoice-schedule", Action::Touch)
                .by("scheduleId")
                .sets(&[("status", FieldValue::Text("scheduled"))]),
            Endpoint::update("auto-payment-invoice-schedule", "scheduleId", ""),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "estimates",
        noun: "Estimate",
        number_field: "estimateNumber",
        defaults: DRAFT,
        on_write: derive::total_on_write,
        sample: &[
            (
                "estimateNumber",
                Sample::FromNumber(serde_json::Value::from),
            ),
            ("name", Sample::Numbered("Estimate")),
            ("contactDetails", Sample::ContactDetails),
            ("total", Sample::Number(10, 5000)),
        ],
        endpoints: &[
            Endpoint::list("list-estimates", "estimates", &paging::TOTAL).filters(LIST_FILTERS),
            Endpoint::create("create-new-estimate", ""),
            Endpoint::new("generate-estimate-number", Action::NextNumber)
                .reply_path("estimateNumber"),
            Endpoint::custom(
                "create-invoice-from-estimate",
                CustomAction::InvoiceEstimate,
            )
            .by("estimateId"),
            Endpoint::new("update-estimate-last-visited-at", Action::Touch)
                .by("estimateId")
                .without_item()
                .sets(VISIT_TIME),
            Endpoint::update("update-estimate", "estimateId", ""),
            Endpoint::delete("delete-estimate", "estimateId").reply_path(""),
            Endpoint::new("send-estimate", Action::Touch)
                .by("estimateId")
                .sets(&[("status", FieldValue::Text("sent"))]),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "estimate-templates",
        noun: "Template",
        defaults: DRAFT,
        on_write: derive::total_on_write,
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("total", Sample::Number(10, 5000)),
        ],
        endpoints: &[
            Endpoint::list("list-estimate-templates", "data", &paging::TOTAL_COUNT)
                .filters(&[Filter::text("search")]),
            Endpoint::create("create-estimate-template", ""),
            Endpoint::get("preview-estimate-template", "templateId", ""),
            Endpoint::update("update-estimate-template", "templateId", ""),
            Endpoint::delete("delete-estimate-template", "templateId").reply_path(""),
        ],
        ..Collection::PAYMENT
    },
];
