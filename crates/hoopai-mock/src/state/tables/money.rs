//! Products, invoices, and what was paid.

use super::super::collection::{
    Act, Collection, Filter, Join, Missing, Parent, Row, STATUS, SUCCESS, Sample, Say, Special,
    Value,
};
use super::super::derive;
use super::crm::{CONTACT_EMAIL, CONTACT_NAME};
use super::pages;

const DRAFT: &[(&str, Value)] = &[
    ("altType", Value::Text("location")),
    ("status", Value::Text("draft")),
    ("liveMode", Value::False),
    ("currency", Value::Text("USD")),
];

/// A price of many products at once, or what else of them.
const BULK: Act = Act::By(
    "type",
    &[
        ("bulk-update-price", Act::Special(Special::Reprice)),
        ("bulk-update-currency", Act::Special(Special::Reprice)),
        (
            "bulk-update-availability",
            Act::UpdateAll(&[("availability", "availableInStore")]),
        ),
        (
            "bulk-update-product-collection",
            Act::UpdateAll(&[("collectionIds", "collectionIds")]),
        ),
        ("bulk-delete-products", Act::DeleteAll),
    ],
);

const STORE: Join = Join {
    field: "stores",
    member: "storeId",
    of: "",
    add: true,
};

const STATUS_AND_COUNT: &[(&str, Say)] = &[
    ("status", Say::Is(Value::True)),
    ("updatedCount", Say::Changed),
];

/// When somebody last looked.
const VISITED: &[(&str, Value)] = &[("lastVisitedAt", Value::Now)];

const SEARCH: &[Filter] = &[
    Filter::text("search"),
    Filter::is("status", "status"),
    Filter::from("startAt", "createdAt"),
    Filter::to("endAt", "createdAt"),
];

const PAYMENTS: &[Filter] = &[
    Filter::text("search"),
    Filter::is("contactId", "contactId"),
    Filter::from("startAt", "createdAt"),
    Filter::to("endAt", "createdAt"),
];

const TRANSACTIONS: &[Filter] = &[
    Filter::text("search"),
    Filter::is("contactId", "contactId"),
    Filter::is("entityId", "entityId"),
    Filter::is("entitySourceType", "entitySourceType"),
    Filter::is("entitySourceSubType", "entitySourceSubType"),
    Filter::is("subscriptionId", "subscriptionId"),
    Filter::from("startAt", "createdAt"),
    Filter::to("endAt", "createdAt"),
];

/// The entity that a seeded transaction pays by default.
const ORDER: &str = "order";
const OF_ORDER: Sample = Sample::OfSame("orders", "contactId", "contactId");
const ENTITY: (&str, &str) = ("entityId", "orders");

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "products",
        noun: "Product",
        read: derive::product_read,
        sample: &[
            ("name", Sample::Numbered("Product")),
            (
                "productType",
                Sample::OneOf(&["DIGITAL", "PHYSICAL", "SERVICE"]),
            ),
            ("description", Sample::Fixed(Value::Text("Made up"))),
            ("availableInStore", Sample::Fixed(Value::True)),
        ],
        rows: &[
            Row::list("products.list-invoices", "products", &pages::PRODUCTS).filters(&[
                Filter::text("search"),
                Filter::is("productIds", "_id"),
                Filter::is("collectionIds", "collectionIds"),
                Filter::is("availableInStore", "availableInStore"),
                Filter::holds("includedInStore", "stores", "storeId"),
            ]),
            Row::create("products.create-product", ""),
            Row::new("products.bulkUpdate", BULK)
                .by("productIds")
                .silent()
                .says(STATUS),
            Row::new("products.bulkEdit", Act::UpdateEach("_id"))
                .by("products")
                .says(STATUS_AND_COUNT),
            Row::new(
                "products.update-store-status",
                Act::By(
                    "action",
                    &[
                        ("include", Act::Join(STORE)),
                        (
                            "exclude",
                            Act::Join(Join {
                                add: false,
                                ..STORE
                            }),
                        ),
                    ],
                ),
            )
            .by("productIds")
            .silent()
            .says(STATUS),
            Row::special("products.get-product-store-stats", Special::StoreStats).filters(&[
                Filter::text("search"),
                Filter::is("collectionIds", "collectionIds"),
            ]),
            Row::get("products.get-product-by-id", "productId", ""),
            Row::update("products.update-product-by-id", "productId", ""),
            Row::delete("products.delete-product-by-id", "productId").says(STATUS),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "prices",
        noun: "Price",
        parent: Some(Parent {
            collection: "products",
            field: "product",
            parameter: "productId",
        }),
        text: &["name", "sku"],
        sample: &[
            ("product", Sample::Of("products")),
            ("name", Sample::Numbered("Price")),
            ("amount", Sample::Number(5, 500)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("type", Sample::Fixed(Value::Text("one_time"))),
            ("trackInventory", Sample::Fixed(Value::True)),
            ("availableQuantity", Sample::Number(0, 50)),
        ],
        rows: &[
            Row::list("products.list-prices-for-product", "prices", &pages::TOTAL)
                .filters(&[Filter::is("ids", "_id")]),
            Row::list("products.get-list-inventory", "inventory", &pages::TOTAL)
                .filters(&[Filter::text("search")]),
            Row::new("products.update-inventory", Act::UpdateEach("priceId"))
                .by("items")
                .says(STATUS),
            Row::create("products.create-price-for-product", ""),
            Row::get("products.get-price-by-id-for-product", "priceId", ""),
            Row::update("products.update-price-by-id-for-product", "priceId", ""),
            Row::delete("products.delete-price-by-id-for-product", "priceId").says(STATUS),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "product-collections",
        noun: "Collection",
        sample: &[
            ("name", Sample::Numbered("Collection")),
            ("slug", Sample::Key("collection")),
        ],
        rows: &[
            Row::list("products.get-product-collection", "data", &pages::TOTAL).filters(&[
                Filter::is("collectionIds", "_id"),
                Filter::is("name", "name"),
            ]),
            Row::create("products.create-product-collection", "data"),
            Row::get("products.get-product-collection-id", "collectionId", "data").says(STATUS),
            Row::update("products.update-product-collection", "collectionId", "")
                .silent()
                .says(STATUS),
            Row::delete("products.delete-product-collection", "collectionId").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "product-reviews",
        noun: "Review",
        text: &["headline", "detail"],
        sample: &[
            ("productId", Sample::Of("products")),
            ("headline", Sample::Numbered("Review")),
            ("rating", Sample::Number(1, 5)),
            ("status", Sample::Fixed(Value::Text("approved"))),
        ],
        rows: &[
            Row::list("products.get-product-reviews", "data", &pages::TOTAL).filters(&[
                Filter::is("productId", "productId"),
                Filter::is("rating", "rating"),
                Filter::from("startDate", "createdAt"),
                Filter::to("endDate", "createdAt"),
            ]),
            Row::update("products.update-product-review", "reviewId", "")
                .silent()
                .says(STATUS),
            Row::new(
                "products.bulk-update-product-review",
                Act::UpdateAll(&[("status", "status")]),
            )
            .by("reviews")
            .silent()
            .says(STATUS),
            Row::delete("products.delete-product-review", "reviewId").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "invoices",
        noun: "Invoice",
        text: &["name", "title", "invoiceNumber"],
        numbered: "invoiceNumber",
        // A text2pay names an invoice that is there by `id`.
        secret: &["id"],
        defaults: DRAFT,
        written: derive::invoice_written,
        sample: &[
            ("name", Sample::Numbered("Invoice")),
            ("title", Sample::Fixed(Value::Text("INVOICE"))),
            ("invoiceNumber", Sample::Made(serde_json::Value::from)),
            ("total", Sample::Number(10, 5000)),
            ("contactDetails", Sample::Payer),
            ("businessDetails", Sample::Fixed(Value::Object)),
            ("invoiceItems", Sample::Fixed(Value::List)),
        ],
        rows: &[
            Row::list("invoices.list-invoices", "invoices", &pages::TOTAL).filters(&[
                Filter::text("search"),
                Filter::is("status", "status"),
                Filter::is("contactId", "contactDetails.id"),
                Filter::from("startAt", "createdAt"),
                Filter::to("endAt", "createdAt"),
            ]),
            Row::create("invoices.create-invoice", ""),
            Row::new("invoices.generate-invoice-number", Act::NextNumber).at("invoiceNumber"),
            Row::new("invoices.text2pay-invoice", Act::Upsert)
                .by("id")
                .at("invoice"),
            Row::new("invoices.update-invoice-last-visited-at", Act::Touch)
                .by("invoiceId")
                .silent()
                .sets(VISITED),
            Row::get("invoices.get-invoice", "invoiceId", ""),
            Row::update("invoices.update-invoice", "invoiceId", ""),
            Row::update(
                "invoices.update-invoice-late-fees-configuration",
                "invoiceId",
                "",
            ),
            Row::delete("invoices.delete-invoice", "invoiceId").at(""),
            Row::update("invoices.void-invoice", "invoiceId", "")
                .sets(&[("status", Value::Text("void"))]),
            Row::new("invoices.send-invoice", Act::Touch)
                .by("invoiceId")
                .at("invoice")
                .sets(&[("status", Value::Text("sent"))]),
            Row::special("invoices.record-invoice", Special::RecordPayment)
                .by("invoiceId")
                .at("invoice")
                .says(SUCCESS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "invoice-templates",
        noun: "Template",
        defaults: DRAFT,
        written: derive::total_written,
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("total", Sample::Number(10, 5000)),
        ],
        rows: &[
            Row::list(
                "invoices.list-invoice-templates",
                "data",
                &pages::TOTAL_COUNT,
            )
            .filters(SEARCH),
            Row::create("invoices.create-invoice-template", ""),
            Row::get("invoices.get-invoice-template", "templateId", ""),
            Row::update("invoices.update-invoice-template", "templateId", ""),
            Row::update(
                "invoices.update-invoice-template-late-fees-configuration",
                "templateId",
                "",
            ),
            Row::update(
                "invoices.update-invoice-payment-methods-configuration",
                "templateId",
                "",
            ),
            Row::delete("invoices.delete-invoice-template", "templateId").says(SUCCESS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "invoice-schedules",
        noun: "Schedule",
        secret: &["id"],
        defaults: DRAFT,
        written: derive::total_written,
        sample: &[
            ("name", Sample::Numbered("Schedule")),
            ("contactDetails", Sample::Payer),
            ("total", Sample::Number(10, 5000)),
        ],
        rows: &[
            Row::list(
                "invoices.list-invoice-schedules",
                "schedules",
                &pages::TOTAL,
            )
            .filters(SEARCH),
            Row::create("invoices.create-invoice-schedule", ""),
            Row::get("invoices.get-invoice-schedule", "scheduleId", ""),
            Row::update("invoices.update-invoice-schedule", "scheduleId", ""),
            Row::delete("invoices.delete-invoice-schedule", "scheduleId").says(SUCCESS),
            Row::new("invoices.cancel-invoice-schedule", Act::Touch)
                .by("scheduleId")
                .sets(&[("status", Value::Text("cancelled"))]),
            Row::update("invoices.schedule-invoice-schedule", "scheduleId", "")
                .sets(&[("status", Value::Text("scheduled"))]),
            Row::new("invoices.update-and-schedule-invoice-schedule", Act::Touch)
                .by("scheduleId")
                .sets(&[("status", Value::Text("scheduled"))]),
            Row::update("invoices.auto-payment-invoice-schedule", "scheduleId", ""),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "estimates",
        noun: "Estimate",
        numbered: "estimateNumber",
        defaults: DRAFT,
        written: derive::total_written,
        sample: &[
            ("estimateNumber", Sample::Made(serde_json::Value::from)),
            ("name", Sample::Numbered("Estimate")),
            ("contactDetails", Sample::Payer),
            ("total", Sample::Number(10, 5000)),
        ],
        rows: &[
            Row::list("invoices.list-estimates", "estimates", &pages::TOTAL).filters(SEARCH),
            Row::create("invoices.create-new-estimate", ""),
            Row::new("invoices.generate-estimate-number", Act::NextNumber).at("estimateNumber"),
            Row::special(
                "invoices.create-invoice-from-estimate",
                Special::InvoiceEstimate,
            )
            .by("estimateId"),
            Row::new("invoices.update-estimate-last-visited-at", Act::Touch)
                .by("estimateId")
                .silent()
                .sets(VISITED),
            Row::update("invoices.update-estimate", "estimateId", ""),
            Row::delete("invoices.delete-estimate", "estimateId").at(""),
            Row::new("invoices.send-estimate", Act::Touch)
                .by("estimateId")
                .sets(&[("status", Value::Text("sent"))]),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "estimate-templates",
        noun: "Template",
        defaults: DRAFT,
        written: derive::total_written,
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("total", Sample::Number(10, 5000)),
        ],
        rows: &[
            Row::list(
                "invoices.list-estimate-templates",
                "data",
                &pages::TOTAL_COUNT,
            )
            .filters(&[Filter::text("search")]),
            Row::create("invoices.create-estimate-template", ""),
            Row::get("invoices.preview-estimate-template", "templateId", ""),
            Row::update("invoices.update-estimate-template", "templateId", ""),
            Row::delete("invoices.delete-estimate-template", "templateId").at(""),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "orders",
        noun: "Order",
        missing: Missing::Exception,
        text: &["contactName", "contactEmail"],
        sample: &[
            ("contactId", Sample::Of("contacts")),
            ("contactName", CONTACT_NAME),
            ("contactEmail", CONTACT_EMAIL),
            ("amount", Sample::Number(10, 5000)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("status", Sample::OneOf(&["completed", "pending"])),
            ("paymentStatus", Sample::Fixed(Value::Text("unpaid"))),
            ("sourceType", Sample::Fixed(Value::Text("funnel"))),
            ("liveMode", Sample::Fixed(Value::False)),
        ],
        rows: &[
            Row::list("payments.list-orders", "data", &pages::TOTAL_COUNT).filters(&[
                Filter::text("search"),
                Filter::is("contactId", "contactId"),
                Filter::is("status", "status"),
                Filter::is("paymentStatus", "paymentStatus"),
                Filter::is("sourceId", "sourceId"),
                Filter::from("startAt", "createdAt"),
                Filter::to("endAt", "createdAt"),
            ]),
            Row::get("payments.get-order-by-id", "orderId", ""),
            Row::exists("payments.list-order-notes", "orderId"),
            Row::special("payments.record-order-payment", Special::RecordOrderPayment)
                .by("orderId")
                .silent()
                .says(SUCCESS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "fulfillments",
        noun: "Fulfillment",
        missing: Missing::Exception,
        parent: Some(Parent {
            collection: "orders",
            field: "orderId",
            parameter: "orderId",
        }),
        secret: &["notifyCustomer"],
        sample: &[
            ("orderId", Sample::Of("orders")),
            ("trackings", Sample::Fixed(Value::List)),
            ("items", Sample::Fixed(Value::List)),
        ],
        rows: &[
            Row::list(
                "payments.list-order-fulfillment",
                "data",
                &super::super::paging::Paging::ALL,
            )
            .says(STATUS),
            Row::create("payments.create-order-fulfillment", "data").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "transactions",
        noun: "Transaction",
        missing: Missing::Exception,
        text: &["contactName", "contactEmail", "chargeId"],
        sample: &[
            ("contactId", Sample::Of("contacts")),
            ("contactName", CONTACT_NAME),
            ("contactEmail", CONTACT_EMAIL),
            ("entityType", Sample::Fixed(Value::Text(ORDER))),
            (
                "entityId",
                Sample::Else(
                    &Sample::When("entityType", ORDER, &OF_ORDER),
                    &Sample::When("entityType", "invoice", &Sample::Of("invoices")),
                ),
            ),
            (
                "amount",
                Sample::Else(
                    &Sample::When("entityType", ORDER, &Sample::Via(ENTITY, "amount")),
                    &Sample::Number(10, 5000),
                ),
            ),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("status", Sample::OneOf(&["succeeded", "pending"])),
            ("entitySourceType", Sample::Fixed(Value::Text("funnel"))),
            ("liveMode", Sample::Fixed(Value::False)),
        ],
        rows: &[
            Row::list("payments.list-transactions", "data", &pages::TOTAL_COUNT)
                .filters(TRANSACTIONS),
            Row::get("payments.get-transaction-by-id", "transactionId", ""),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "subscriptions",
        noun: "Subscription",
        missing: Missing::Exception,
        text: &["contactName", "contactEmail", "subscriptionId"],
        sample: &[
            ("contactId", Sample::Of("contacts")),
            ("contactName", CONTACT_NAME),
            ("amount", Sample::Number(10, 5000)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("status", Sample::OneOf(&["active", "canceled"])),
            ("entitySourceType", Sample::Fixed(Value::Text("funnel"))),
        ],
        rows: &[
            Row::list("payments.list-subscriptions", "data", &pages::TOTAL_COUNT).filters(PAYMENTS),
            Row::get("payments.get-subscription-by-id", "subscriptionId", ""),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "coupons",
        noun: "Coupon",
        missing: Missing::Exception,
        text: &["name", "code"],
        defaults: &[
            ("altType", Value::Text("location")),
            ("status", Value::Text("active")),
            ("usageCount", Value::Number(0)),
        ],
        sample: &[
            ("name", Sample::Numbered("Coupon")),
            ("code", Sample::Key("SAVE")),
            ("discountType", Sample::Fixed(Value::Text("percentage"))),
            ("discountValue", Sample::Number(5, 50)),
        ],
        rows: &[
            Row::list("payments.list-coupons", "data", &pages::TOTAL_COUNT)
                .filters(&[Filter::text("search"), Filter::is("status", "status")]),
            Row::create("payments.create-coupon", ""),
            Row::get("payments.get-coupon", "id", ""),
            Row::update("payments.update-coupon", "id", ""),
            Row::delete("payments.delete-coupon", "id").says(&[("success", Say::Is(Value::True))]),
        ],
        ..Collection::PAID
    },
];
