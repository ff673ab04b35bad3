//! Module `store`: shipping zones, rates, carriers and store settings.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "shipping-zones",
        noun: "Shipping zone",
        defaults: &[
            ("altType", FieldValue::Text("location")),
            ("countries", FieldValue::List),
        ],
        sample: &[("name", Sample::Numbered("Zone"))],
        endpoints: &[
            Endpoint::list("list-shipping-zones", "data", &paging::TOTAL),
            Endpoint::create("create-shipping-zone", "data").with(STATUS),
            Endpoint::get("get-shipping-zones", "shippingZoneId", "data").with(STATUS),
            Endpoint::update("update-shipping-zone", "shippingZoneId", "data").with(STATUS),
            Endpoint::delete("delete-shipping-zone", "shippingZoneId").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "shipping-rates",
        noun: "Shipping rate",
        parent: Some(Parent::new("shipping-zones", "shippingZoneId")),
        sample: &[
            ("shippingZoneId", Sample::Reference("shipping-zones")),
            ("name", Sample::Numbered("Rate")),
            ("amount", Sample::Number(1, 50)),
            ("currency", Sample::Text("USD")),
            ("conditionType", Sample::Text("none")),
            ("minCondition", Sample::Fixed(FieldValue::Number(0))),
            ("maxCondition", Sample::Fixed(FieldValue::Number(0))),
            ("shippingCarrierId", Sample::Reference("shipping-carriers")),
        ],
        endpoints: &[
            Endpoint::list("list-shipping-rates", "data", &paging::TOTAL),
            Endpoint::create("create-shipping-rate", "data").with(STATUS),
            Endpoint::get("get-shipping-rates", "shippingRateId", "data").with(STATUS),
            Endpoint::update("update-shipping-rate", "shippingRateId", "data").with(STATUS),
            Endpoint::delete("delete-shipping-rate", "shippingRateId").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "shipping-carriers",
        noun: "Shipping carrier",
        defaults: &[
            ("altType", FieldValue::Text("location")),
            ("services", FieldValue::List),
        ],
        sample: &[
            ("name", Sample::Numbered("Carrier")),
            ("callbackUrl", Sample::Text("https://example.com/rates")),
        ],
        endpoints: &[
            Endpoint::list("list-shipping-carriers", "data", &Paging::ALL).with(STATUS),
            Endpoint::create("create-shipping-carrier", "data").with(STATUS),
            Endpoint::get("get-shipping-carriers", "shippingCarrierId", "data").with(STATUS),
            Endpoint::update("update-shipping-carrier", "shippingCarrierId", "data").with(STATUS),
            Endpoint::delete("delete-shipping-carrier", "shippingCarrierId").with(STATUS),
        ],
        ..Collection::PAYMENT
    },
    Collection {
        name: "store-settings",
        noun: "Store setting",
        singleton: true,
        sample: &[],
        endpoints: &[
            Endpoint::get("get-store-settings", "", "data").with(STATUS),
            Endpoint::new("create-store-setting", Action::Upsert)
                .reply_path("data")
                .with(STATUS),
        ],
        ..Collection::PAYMENT
    },
];
