//! The other half of the table: what is sold, invoiced, paid and shipped, and with whom.

use hoopai::serde_json::json;
use hoopai_mock::{CLIENT_ID, COMPANY};

use super::rows::{Row, row};
use super::seeds::{installed, of, plain, with};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = money();
    rows.extend(partners());
    rows
}

fn money() -> Vec<Row> {
    vec![
        row!(
            invoices::LIST_ESTIMATE_TEMPLATES,
            "_id",
            |m, n| plain(m, "estimate-templates", n),
            |c, _| c.invoices().list_estimate_templates(),
            limit("5")
        ),
        row!(
            invoices::LIST_ESTIMATES,
            "_id",
            |m, n| plain(m, "estimates", n),
            |c, _| c.invoices().list_estimates(),
            limit("5")
        ),
        row!(
            invoices::LIST_INVOICE_SCHEDULES,
            "_id",
            |m, n| plain(m, "invoice-schedules", n),
            |c, _| c.invoices().list_invoice_schedules(),
            limit("5")
        ),
        row!(
            invoices::LIST_INVOICE_TEMPLATES,
            "_id",
            |m, n| plain(m, "invoice-templates", n),
            |c, _| c.invoices().list_invoice_templates(),
            limit("5")
        ),
        row!(
            invoices::LIST_INVOICES,
            "_id",
            |m, n| plain(m, "invoices", n),
            |c, _| c.invoices().list_invoices(),
            limit("5")
        ),
        row!(
            payments::LIST_COUPONS,
            "_id",
            |m, n| plain(m, "coupons", n),
            |c, _| c.payments().list_coupons(),
            limit(5)
        ),
        row!(
            payments::LIST_ORDERS,
            "_id",
            |m, n| plain(m, "orders", n),
            |c, _| c.payments().list_orders(),
            limit(5)
        ),
        row!(
            payments::LIST_SUBSCRIPTIONS,
            "_id",
            |m, n| plain(m, "subscriptions", n),
            |c, _| c.payments().list_subscriptions(),
            limit(5)
        ),
        row!(
            payments::LIST_TRANSACTIONS,
            "_id",
            |m, n| plain(m, "transactions", n),
            |c, _| c.payments().list_transactions(),
            limit(5)
        ),
        row!(
            payments::LIST_WHITE_LABEL_PROVIDERS,
            "_id",
            |m, n| plain(m, "integration-providers", n),
            |c, _| c.payments().list_white_label_providers(),
            limit(5)
        ),
        row!(
            products::LIST_INVENTORY,
            "_id",
            |m, n| plain(m, "prices", n),
            |c, _| c.products().list_inventory(),
            limit(5)
        ),
        row!(
            products::LIST_PRODUCT_COLLECTIONS,
            "_id",
            |m, n| plain(m, "product-collections", n),
            |c, _| c.products().list_product_collections(),
            limit(5)
        ),
        row!(
            products::LIST_PRODUCT_REVIEWS,
            "_id",
            |m, n| plain(m, "product-reviews", n),
            |c, _| c.products().list_product_reviews(),
            limit(5)
        ),
        row!(
            products::LIST_PRODUCTS,
            "_id",
            |m, n| plain(m, "products", n),
            |c, _| c.products().list_products(),
            limit(5)
        ),
        row!(
            products::LIST_PRICES,
            "_id",
            |m, n| of(m, "prices", "products", n),
            |c, of| c.products().list_prices().product_id(of),
            limit(5)
        ),
        row!(
            store::LIST_SHIPPING_RATES,
            "_id",
            |m, n| of(m, "shipping-rates", "shipping-zones", n),
            |c, of| c.store().list_shipping_rates().shipping_zone_id(of),
            limit(5)
        ),
        row!(
            store::LIST_SHIPPING_ZONES,
            "_id",
            |m, n| plain(m, "shipping-zones", n),
            |c, _| c.store().list_shipping_zones(),
            limit(5)
        ),
        row!(
            marketplace::LIST_CHARGES,
            "chargeId",
            |m, n| plain(m, "charges", n),
            |c, _| c.marketplace().list_charges(),
            limit(5)
        ),
    ]
}

fn partners() -> Vec<Row> {
    vec![
        row!(
            affiliate_manager::LIST_AFFILIATES,
            "_id",
            |m, n| plain(m, "affiliates", n),
            |c, _| c.affiliate_manager().list_affiliates(),
            limit(5)
        ),
        row!(
            affiliate_manager::LIST_COMMISSIONS,
            "_id",
            |m, n| plain(m, "affiliate-commissions", n),
            |c, _| c.affiliate_manager().list_commissions(),
            limit(5)
        ),
        row!(
            affiliate_manager::LIST_PAYOUTS,
            "_id",
            |m, n| plain(m, "affiliate-payouts", n),
            |c, _| c.affiliate_manager().list_payouts(),
            limit(5)
        ),
        row!(
            oauth::LIST_INSTALLED_LOCATIONS,
            "_id",
            installed,
            |c, _| c
                .oauth()
                .list_installed_locations()
                .app_id(CLIENT_ID)
                .company_id(COMPANY),
            limit("5")
        )
        .oldest_first(),
        // The size of these pages is the platform's.
        row!(
            saas::LIST_SAAS_LOCATIONS,
            "locationId",
            |m, n| plain(m, "saas-locations", n),
            |c, _| c.saas().list_saas_locations().company_id(COMPANY)
        )
        .paged_by(10),
        row!(
            saas::LIST_SAAS_LOCATIONS_DEPRECATED,
            "locationId",
            |m, n| plain(m, "saas-locations", n),
            |c, _| c
                .saas()
                .list_saas_locations_deprecated()
                .company_id(COMPANY)
        )
        .paged_by(10),
        row!(
            snapshots::LIST_SNAPSHOT_PUSHES,
            "id",
            |m, n| with(m, "snapshot-pushes", &json!({"snapshotId": "s1"}), n),
            |c, _| c
                .snapshots()
                .list_snapshot_pushes()
                .snapshot_id("s1")
                .company_id(COMPANY)
                .from_2("2020-01-01")
                .to("2090-01-01"),
            limit("5")
        ),
    ]
}
