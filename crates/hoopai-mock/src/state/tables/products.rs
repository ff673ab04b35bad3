//! Module `products`: products, prices, collections and reviews.

use super::prelude::*;

const BULK_ACTION: Action = Action::Switch(
    "type",
    &[
        ("bulk-update-price", Action::Custom(CustomAction::Reprice)),
        (
            "bulk-update-currency",
            Action::Custom(CustomAction::Reprice),
        ),
        (
            "bulk-update-availability",
            Action::UpdateMany(&[("availability", "availableInStore")]),
        ),
        (
            "bulk-update-product-collection",
            Action::UpdateMany(&[("collectionIds", "collectionIds")]),
        ),
        ("bulk-delete-products", Action::DeleteMany),
    ],
);

const STORE_MEMBERSHIP: Membership = Membership {
    field: "stores",
    parameter: "storeId",
    collection: "",
    add: true,
};

const STATUS_AND_COUNT: &[(&str, ReplyField)] = &[
    ("status", ReplyField::True),
    ("updatedCount", ReplyField::Count),
];

const PRODUCTS_PAGING: Paging = Paging::offset(&[("total", PageField::TotalInList)]);

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "products",
        noun: "Product",
        on_read: derive::product_on_read,
        sample: &[
            ("name", Sample::Numbered("Product")),
            (
                "productType",
                Sample::OneOf(&["DIGITAL", "PHYSICAL", "SERVICE"]),
            ),
            ("description", Sample::Text("Made up")),
            ("availableInStore", Sample::Fixed(FieldValue::True)),
        ],
        endpoints: &[
            Endpoint::list("list-invoices", "products", &PRODUCTS_PAGING).filters(&[
                Filter::text("search"),
                Filter::equals("productIds", "_id"),
                Filter::equals("collectionIds", "collectionIds"),
                Filter::equals("availableInStore", "availableInStore"),
                Filter::contains("includedInStore", "stores", "storeId"),
            ]),
            Endpoint::create("create-product", ""),
            Endpoint::new("bulkUpdate", BULK_ACTION)
                .by("productIds")
                .without_item()
                .with(STATUS),
            Endpoint::new("bulkEdit", Action::UpdateEach("_id"))
                .by("products")
                .with(STATUS_AND_COUNT),
            Endpoint::new(
                "update-store-status",
                Action::Switch(
                    "action",
                    &[
                        ("include", Action::SetMembership(STORE_MEMBERSHIP)),
                        (
                            "exclude",
                            Action::SetMembership(Membership {
                                add: false,
                                ..STORE_MEMBERSHIP
                            }),
                        ),
                    ],
                ),
            )
            .by("productIds")
            .without_item()
            .with(STATUS),
            Endpoint::custom("get-product-store-stats", CustomAction::StoreStats).filters(&[
                Filter::text("search"),
                Filter::equals("collectionIds", "collectionIds"),
            ]),
            Endpoint::get("get-product-by-id", "productId", ""),
            Endpoint::update("update-product-by-id", "productId", ""),
            Endpoint::delete("delete-product-by-id", "productId").with(STATUS),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "prices",
        noun: "Price",
        parent: Some(Parent::new("products", "product").by("productId")),
        search_fields: &["name", "sku"],
        sample: &[
            ("product", Sample::Reference("products")),
            ("name", Sample::Numbered("Price")),
            ("amount", Sample::Number(5, 500)),
            ("currency", Sample::Text("USD")),
            ("type", Sample::Text("one_time")),
            ("trackInventory", Sample::Fixed(FieldValue::True)),
            ("availableQuantity", Sample::Number(0, 50)),
        ],
        endpoints: &[
            Endpoint::list("list-prices-for-product", "prices", &paging::TOTAL)
                .filters(&[Filter::equals("ids", "_id")]),
            Endpoint::list("get-list-inventory", "inventory", &paging::TOTAL)
                .filters(&[Filter::text("search")]),
            Endpoint::new("update-inventory", Action::UpdateEach("priceId"))
                .by("items")
                .with(STATUS),
            Endpoint::create("create-price-for-product", ""),
            Endpoint::get("get-price-by-id-for-product", "priceId", ""),
            Endpoint::update("update-price-by-id-for-product", "priceId", ""),
            Endpoint::delete("delete-price-by-id-for-product", "priceId").with(STATUS),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "product-collections",
        noun: "Collection",
        sample: &[
            ("name", Sample::Numbered("Collection")),
            ("slug", Sample::Key("collection")),
        ],
        endpoints: &[
            Endpoint::list("get-product-collection", "data", &paging::TOTAL).filters(&[
                Filter::equals("collectionIds", "_id"),
                Filter::equals("name", "name"),
            ]),
            Endpoint::create("create-product-collection", "data"),
            Endpoint::get("get-product-collection-id", "collectionId", "data").with(STATUS),
            Endpoint::update("update-product-collection", "collectionId", "")
                .without_item()
                .with(STATUS),
            Endpoint::delete("delete-product-collection", "collectionId").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "product-reviews",
        noun: "Review",
        search_fields: &["headline", "detail"],
        sample: &[
            ("productId", Sample::Reference("products")),
            ("headline", Sample::Numbered("Review")),
            ("rating", Sample::Number(1, 5)),
            ("status", Sample::Text("approved")),
        ],
        endpoints: &[
            Endpoint::list("get-product-reviews", "data", &paging::TOTAL).filters(&[
                Filter::equals("productId", "productId"),
                Filter::equals("rating", "rating"),
                Filter::since("startDate", "createdAt"),
                Filter::until("endDate", "createdAt"),
            ]),
            Endpoint::update("update-product-review", "reviewId", "")
                .without_item()
                .with(STATUS),
            Endpoint::new(
                "bulk-update-product-review",
                Action::UpdateMany(&[("status", "status")]),
            )
            .by("reviews")
            .without_item()
            .with(STATUS),
            Endpoint::delete("delete-product-review", "reviewId").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
];
