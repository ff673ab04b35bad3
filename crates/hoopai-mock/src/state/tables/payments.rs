//! Module `payments`: orders, transactions, subscriptions, coupons and payment providers.

use super::contacts::{CONTACT_EMAIL, CONTACT_NAME};
use super::prelude::*;

/// An operation id, as the interface has it.
const UPDATE_CAPABILITIES: &str = "custom-provider-marketplace-app-update-capabilities";

const PAYMENT_FILTERS: &[Filter] = &[
    Filter::text("search"),
    Filter::equals("contactId", "contactId"),
    Filter::since("startAt", "createdAt"),
    Filter::until("endAt", "createdAt"),
];

const TRANSACTION_FILTERS: &[Filter] = &[
    Filter::text("search"),
    Filter::equals("contactId", "contactId"),
    Filter::equals("entityId", "entityId"),
    Filter::equals("entitySourceType", "entitySourceType"),
    Filter::equals("entitySourceSubType", "entitySourceSubType"),
    Filter::equals("subscriptionId", "subscriptionId"),
    Filter::since("startAt", "createdAt"),
    Filter::until("endAt", "createdAt"),
];

/// The entity that a seeded transaction pays by default.
const ORDER: &str = "order";

const ORDER_OF_CONTACT: Sample = Sample::MatchingReference("orders", "contactId", "contactId");

const ORDER_REFERENCE: (&str, &str) = ("entityId", "orders");

const NO_CONFIG: NotFound =
    NotFound::Message("No such config exists for given locationId and marketplaceAppId");

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "orders",
        noun: "Order",
        not_found: NotFound::Exception,
        search_fields: &["contactName", "contactEmail"],
        sample: &[
            ("contactId", Sample::Reference("contacts")),
            ("contactName", CONTACT_NAME),
            ("contactEmail", CONTACT_EMAIL),
            ("amount", Sample::Number(10, 5000)),
            ("currency", Sample::Text("USD")),
            ("status", Sample::OneOf(&["completed", "pending"])),
            ("paymentStatus", Sample::Text("unpaid")),
            ("sourceType", Sample::Text("funnel")),
            ("liveMode", Sample::Fixed(FieldValue::False)),
        ],
        endpoints: &[
            Endpoint::list("list-orders", "data", &paging::TOTAL_COUNT).filters(&[
                Filter::text("search"),
                Filter::equals("contactId", "contactId"),
                Filter::equals("status", "status"),
                Filter::equals("paymentStatus", "paymentStatus"),
                Filter::equals("sourceId", "sourceId"),
                Filter::since("startAt", "createdAt"),
                Filter::until("endAt", "createdAt"),
            ]),
            Endpoint::get("get-order-by-id", "orderId", ""),
            Endpoint::check_exists("list-order-notes", "orderId"),
            Endpoint::custom("record-order-payment", CustomAction::RecordOrderPayment)
                .by("orderId")
                .without_item()
                .with(SUCCESS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "fulfillments",
        noun: "Fulfillment",
        not_found: NotFound::Exception,
        parent: Some(Parent::new("orders", "orderId")),
        discarded: &["notifyCustomer"],
        sample: &[
            ("orderId", Sample::Reference("orders")),
            ("trackings", Sample::Fixed(FieldValue::List)),
            ("items", Sample::Fixed(FieldValue::List)),
        ],
        endpoints: &[
            Endpoint::list("list-order-fulfillment", "data", &Paging::ALL).with(STATUS),
            Endpoint::create("create-order-fulfillment", "data").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "transactions",
        noun: "Transaction",
        not_found: NotFound::Exception,
        search_fields: &["contactName", "contactEmail", "chargeId"],
        sample: &[
            ("contactId", Sample::Reference("contacts")),
            ("contactName", CONTACT_NAME),
            ("contactEmail", CONTACT_EMAIL),
            ("entityType", Sample::Text(ORDER)),
            (
                "entityId",
                Sample::Or(
                    &Sample::When("entityType", ORDER, &ORDER_OF_CONTACT),
                    &Sample::When("entityType", "invoice", &Sample::Reference("invoices")),
                ),
            ),
            (
                "amount",
                Sample::Or(
                    &Sample::When(
                        "entityType",
                        ORDER,
                        &Sample::ReferencedField(ORDER_REFERENCE, "amount"),
                    ),
                    &Sample::Number(10, 5000),
                ),
            ),
            ("currency", Sample::Text("USD")),
            ("status", Sample::OneOf(&["succeeded", "pending"])),
            ("entitySourceType", Sample::Text("funnel")),
            ("liveMode", Sample::Fixed(FieldValue::False)),
        ],
        endpoints: &[
            Endpoint::list("list-transactions", "data", &paging::TOTAL_COUNT)
                .filters(TRANSACTION_FILTERS),
            Endpoint::get("get-transaction-by-id", "transactionId", ""),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "subscriptions",
        noun: "Subscription",
        not_found: NotFound::Exception,
        search_fields: &["contactName", "contactEmail", "subscriptionId"],
        sample: &[
            ("contactId", Sample::Reference("contacts")),
            ("contactName", CONTACT_NAME),
            ("amount", Sample::Number(10, 5000)),
            ("currency", Sample::Text("USD")),
            ("status", Sample::OneOf(&["active", "canceled"])),
            ("entitySourceType", Sample::Text("funnel")),
        ],
        endpoints: &[
            Endpoint::list("list-subscriptions", "data", &paging::TOTAL_COUNT)
                .filters(PAYMENT_FILTERS),
            Endpoint::get("get-subscription-by-id", "subscriptionId", ""),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "coupons",
        noun: "Coupon",
        not_found: NotFound::Exception,
        search_fields: &["name", "code"],
        defaults: &[
            ("altType", FieldValue::Text("location")),
            ("status", FieldValue::Text("active")),
            ("usageCount", FieldValue::Number(0)),
        ],
        sample: &[
            ("name", Sample::Numbered("Coupon")),
            ("code", Sample::Key("SAVE")),
            ("discountType", Sample::Text("percentage")),
            ("discountValue", Sample::Number(5, 50)),
        ],
        endpoints: &[
            Endpoint::list("list-coupons", "data", &paging::TOTAL_COUNT)
                .filters(&[Filter::text("search"), Filter::equals("status", "status")]),
            Endpoint::create("create-coupon", ""),
            Endpoint::get("get-coupon", "id", ""),
            Endpoint::update("update-coupon", "id", ""),
            Endpoint::delete("delete-coupon", "id").with(&[("success", ReplyField::True)]),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "payment-providers",
        noun: "Provider",
        singleton: true,
        not_found: NO_CONFIG,
        defaults: &[("deleted", FieldValue::False)],
        on_read: derive::provider_on_read,
        sample: &[
            ("name", Sample::Numbered("Provider")),
            ("description", Sample::Text("Made up")),
        ],
        endpoints: &[
            Endpoint::new("create-integration", Action::Upsert),
            Endpoint::delete("delete-integration", "").with(SUCCESS),
            Endpoint::get("fetch-config", "", ""),
            Endpoint::update("create-config", "", ""),
            Endpoint::update(UPDATE_CAPABILITIES, "", "")
                .without_item()
                .with(SUCCESS),
            Endpoint::new(
                "disconnect-config",
                Action::Switch(
                    "liveMode",
                    &[
                        ("true", Action::ClearField("live")),
                        ("false", Action::ClearField("test")),
                    ],
                ),
            )
            .without_item()
            .with(SUCCESS),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "integration-providers",
        noun: "Provider",
        search_fields: &["title"],
        sample: &[
            ("title", Sample::Numbered("Provider")),
            ("provider", Sample::OneOf(&["nmi", "authorize-net"])),
            ("uniqueName", Sample::Key("provider")),
        ],
        endpoints: &[
            Endpoint::list("list-integration-providers", "providers", &paging::OFFSET),
            Endpoint::create("create-integration provider", ""),
        ],
        ..Collection::PAYMENT
    },
];
