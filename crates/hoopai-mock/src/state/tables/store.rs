//! What a store ships with, its settings, and who takes its payments.

use super::super::collection::{
    Act, Collection, Filter, Missing, Parent, Row, STATUS, SUCCESS, Sample, Value,
};
use super::super::{derive, paging::Paging};
use super::pages;

/// What the interface says of a location without a provider.
const NO_CONFIG: Missing =
    Missing::Words("No such config exists for given locationId and marketplaceAppId");

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "shipping-zones",
        noun: "Shipping zone",
        defaults: &[
            ("altType", Value::Text("location")),
            ("countries", Value::List),
        ],
        sample: &[("name", Sample::Numbered("Zone"))],
        rows: &[
            Row::list("store.list-shipping-zones", "data", &pages::TOTAL),
            Row::create("store.create-shipping-zone", "data").says(STATUS),
            Row::get("store.get-shipping-zones", "shippingZoneId", "data").says(STATUS),
            Row::update("store.update-shipping-zone", "shippingZoneId", "data").says(STATUS),
            Row::delete("store.delete-shipping-zone", "shippingZoneId").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "shipping-rates",
        noun: "Shipping rate",
        parent: Some(Parent {
            collection: "shipping-zones",
            field: "shippingZoneId",
            parameter: "shippingZoneId",
        }),
        sample: &[
            ("shippingZoneId", Sample::Of("shipping-zones")),
            ("name", Sample::Numbered("Rate")),
            ("amount", Sample::Number(1, 50)),
            ("currency", Sample::Fixed(Value::Text("USD"))),
            ("conditionType", Sample::Fixed(Value::Text("none"))),
            ("minCondition", Sample::Fixed(Value::Number(0))),
            ("maxCondition", Sample::Fixed(Value::Number(0))),
            ("shippingCarrierId", Sample::Of("shipping-carriers")),
        ],
        rows: &[
            Row::list("store.list-shipping-rates", "data", &pages::TOTAL),
            Row::create("store.create-shipping-rate", "data").says(STATUS),
            Row::get("store.get-shipping-rates", "shippingRateId", "data").says(STATUS),
            Row::update("store.update-shipping-rate", "shippingRateId", "data").says(STATUS),
            Row::delete("store.delete-shipping-rate", "shippingRateId").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "shipping-carriers",
        noun: "Shipping carrier",
        defaults: &[
            ("altType", Value::Text("location")),
            ("services", Value::List),
        ],
        sample: &[
            ("name", Sample::Numbered("Carrier")),
            (
                "callbackUrl",
                Sample::Fixed(Value::Text("https://example.com/rates")),
            ),
        ],
        rows: &[
            Row::list("store.list-shipping-carriers", "data", &Paging::ALL).says(STATUS),
            Row::create("store.create-shipping-carrier", "data").says(STATUS),
            Row::get("store.get-shipping-carriers", "shippingCarrierId", "data").says(STATUS),
            Row::update("store.update-shipping-carrier", "shippingCarrierId", "data").says(STATUS),
            Row::delete("store.delete-shipping-carrier", "shippingCarrierId").says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "store-settings",
        noun: "Store setting",
        single: true,
        sample: &[],
        rows: &[
            Row::get("store.get-store-settings", "", "data").says(STATUS),
            Row::new("store.create-store-setting", Act::Upsert)
                .at("data")
                .says(STATUS),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "payment-providers",
        noun: "Provider",
        single: true,
        missing: NO_CONFIG,
        defaults: &[("deleted", Value::False)],
        read: derive::provider_read,
        sample: &[
            ("name", Sample::Numbered("Provider")),
            ("description", Sample::Fixed(Value::Text("Made up"))),
        ],
        rows: &[
            Row::new("payments.create-integration", Act::Upsert),
            Row::delete("payments.delete-integration", "").says(SUCCESS),
            Row::get("payments.fetch-config", "", ""),
            Row::update("payments.create-config", "", ""),
            Row::update(
                "payments.custom-provider-marketplace-app-update-capabilities",
                "",
                "",
            )
            .silent()
            .says(SUCCESS),
            Row::new(
                "payments.disconnect-config",
                Act::By(
                    "liveMode",
                    &[("true", Act::Clear("live")), ("false", Act::Clear("test"))],
                ),
            )
            .silent()
            .says(SUCCESS),
        ],
        ..Collection::HEX
    },
    Collection {
        name: "integration-providers",
        noun: "Provider",
        text: &["title"],
        sample: &[
            ("title", Sample::Numbered("Provider")),
            ("provider", Sample::OneOf(&["nmi", "authorize-net"])),
            ("uniqueName", Sample::Key("provider")),
        ],
        rows: &[
            Row::list(
                "payments.list-integration-providers",
                "providers",
                &pages::SILENT_OFFSET,
            ),
            Row::create("payments.create-integration provider", ""),
        ],
        ..Collection::PAID
    },
    Collection {
        name: "charges",
        noun: "Charge",
        id: "chargeId",
        ids: super::super::collection::Ids::Hex,
        scope: super::super::collection::Scope::Company,
        place: "companyId",
        text: &["description"],
        written: derive::charge_written,
        sample: &[
            ("appId", Sample::AnyId),
            ("meterId", Sample::AnyId),
            ("eventId", Sample::AnyId),
            ("units", Sample::Number(1, 9)),
            ("price", Sample::Number(1, 5)),
            ("description", Sample::Numbered("Charge")),
        ],
        rows: &[
            Row::list("marketplace.getCharges", "charges", &pages::CHARGES).filters(&[
                Filter::is("eventId", "eventId"),
                Filter::is("meterId", "meterId"),
                Filter::is("userId", "userId"),
                Filter::from("startDate", "createdAt"),
                Filter::to("endDate", "createdAt"),
            ]),
            Row::create("marketplace.charge", "").says(SUCCESS),
            Row::get("marketplace.getSpecificCharge", "chargeId", ""),
            Row::delete("marketplace.deleteCharge", "chargeId").says(SUCCESS),
        ],
        created: &["createdAt"],
        changed: &["updatedAt"],
        ..Collection::PLAIN
    },
];
