//! Scenarios of invoices, products, payment providers, orders and shipping.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scenario::{Step, delete, get, patch, post, put, run, with_alt_id};

fn estimate() -> Value {
    with_alt_id(json!({
        "name": "Roof", "currency": "USD", "businessDetails": { "name": "Harbour" },
        "contactDetails": { "id": "c", "name": "Ada", "email": "ada@example.com", "phoneNo": "+15550100001" },
        "discount": { "type": "fixed", "value": 0 }, "frequencySettings": { "enabled": false, "schedule": {} },
        "items": [{ "name": "Tiles", "amount": 40, "qty": 3, "currency": "USD" }],
    }))
}

#[tokio::test]
async fn estimate_is_converted_to_an_invoice() {
    let convert = |mark| {
        post(
            "/invoices/estimate/{e}/invoice",
            with_alt_id(json!({ "markAsInvoiced": mark })),
        )
    };
    run(
        &[],
        vec![
            get("/invoices/generate-invoice-number?altId={L}&altType=location").expects("/invoiceNumber", 1),
            get("/invoices/estimate/number/generate?altId={L}&altType=location").expects("/estimateNumber", 1),
            post("/invoices/estimate", estimate()).saves("e", "/_id").expects("/total", 120),
            get("/invoices/estimate/number/generate?altId={L}&altType=location").expects("/estimateNumber", 2),
            convert(true)
                .saves("i", "/invoice/_id")
                .expects("/estimate/_id", "{e}")
                .expects("/invoice/total", 120)
                .expects("/invoice/name", "Roof")
                .expects("/invoice/status", "draft")
                .expects("/invoice/invoiceNumber", 1),
            get("/invoices/{i}?altId={L}&altType=location").expects("/amountDue", 120),
            get("/invoices/?altId={L}&altType=location&limit=10&offset=0").expects("/total", 1),
            get("/invoices/generate-invoice-number?altId={L}&altType=location").expects("/invoiceNumber", 2),
            get("/invoices/estimate/list?altId={L}&altType=location&limit=10&offset=0&status=invoiced").expects("/total", 1),
            patch("/invoices/stats/last-visited-at", json!({ "invoiceId": "{i}" })),
            patch("/invoices/estimate/stats/last-visited-at", json!({ "estimateId": "none" })).rejected(404, "Estimate not found"),
            Step::new(Method::DELETE, "/invoices/estimate/{e}", with_alt_id(json!({}))),
            convert(false).rejected(404, "Estimate not found"),
        ],
    )
    .await;
}

fn pay(more: Value) -> Step {
    let mut body = estimate();
    body.as_object_mut()
        .expect("a body")
        .remove("frequencySettings");
    body["issueDate"] = "2026-03-14".into();
    body["sentTo"] = json!({ "email": ["ada@example.com"] });
    body["liveMode"] = false.into();
    body["userId"] = "u".into();
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    post("/invoices/text2pay", body)
}

#[tokio::test]
async fn discount_reduces_the_total() {
    let item = |product: &str, amount: f64, qty: u32| json!({ "name": "Tiles", "productId": product, "amount": amount, "qty": qty, "currency": "USD" });
    let items = json!([item("p", 40.0, 3), item("q", 9.99, 1)]);
    let with = |discount: Value| {
        pay(json!({ "action": "draft", "id": "{i}", "items": items, "discount": discount }))
    };
    let read = || get("/invoices/{i}?altId={L}&altType=location");
    let mut reduced = estimate();
    reduced["discount"] = json!({ "type": "fixed", "value": 15 });
    run(
        &[],
        vec![
            pay(json!({ "action": "draft", "items": items, "discount": { "type": "fixed", "value": 29.99 } }))
                .saves("i", "/invoice/_id")
                .expects("/invoice/total", 100)
                .expects("/invoice/amountDue", 100),
            read()
                .expects("/totalSummary/subTotal", 129.99)
                .expects("/totalSummary/discount", 29.99)
                .expects("/invoiceItems/0/amount", 40.0),
            // Payments stay recorded.
            post("/invoices/{i}/record-payment", with_alt_id(json!({
                "amount": 20, "mode": "cash", "notes": "", "card": { "brand": "", "last4": "" }, "cheque": { "number": "" },
            })))
            .expects("/invoice/amountDue", 80),
            with(json!({ "type": "percentage", "value": 12.5 })).expects("/invoice/total", 113.74).expects("/invoice/amountDue", 93.74),
            with(json!({ "type": "percentage", "value": 50, "validOnProductIds": ["p"] })).expects("/invoice/total", 69.99),
            with(json!({ "type": "fixed", "value": 50, "validOnProductIds": ["q"] })).expects("/invoice/total", 120),
            with(json!({ "type": "fixed", "value": 500 })).expects("/invoice/total", 0),
            with(json!({ "type": "fixed" })).expects("/invoice/total", 129.99),
            post("/invoices/estimate", reduced).saves("e", "/_id").expects("/total", 105),
            post("/invoices/estimate/{e}/invoice", with_alt_id(json!({ "markAsInvoiced": true }))).expects("/invoice/total", 105),
        ],
    )
    .await;
}

#[tokio::test]
async fn text2pay_creates_and_updates_an_invoice() {
    run(
        &[],
        vec![
            pay(json!({ "action": "draft" })).saves("i", "/invoice/_id").expects("/invoice/status", "draft"),
            pay(json!({ "action": "send", "id": "{i}", "name": "Roof and wall" }))
                .expects("/invoice/_id", "{i}")
                .expects("/invoice/status", "sent"),
            get("/invoices/{i}?altId={L}&altType=location").expects("/name", "Roof and wall").expects("/status", "sent"),
            pay(json!({ "action": "send", "id": "none" })).rejected(404, "Invoice not found"),
            post("/invoices/{i}/record-payment", with_alt_id(json!({
                "amount": 20, "mode": "cash", "notes": "", "card": { "brand": "", "last4": "" }, "cheque": { "number": "" },
            })))
            .expects("/invoice/status", "partially_paid")
            .expects("/invoice/amountDue", 100),
            post("/invoices/{i}/void", with_alt_id(json!({}))).expects("/status", "void"),
        ],
    )
    .await;
}

#[tokio::test]
async fn invoice_schedules_are_scheduled_and_deleted() {
    let pay =
        with_alt_id(json!({ "id": "other", "autoPayment": { "enable": true, "type": "card" } }));
    run(
        &["invoice-schedules"],
        vec![
            post(
                "/invoices/schedule/{invoice-schedules}/auto-payment",
                pay.clone(),
            )
            .expects("/_id", "{invoice-schedules}"),
            post(
                "/invoices/schedule/{invoice-schedules}/updateAndSchedule",
                Value::Null,
            ),
            get("/invoices/schedule/{invoice-schedules}?altId={L}&altType=location")
                .expects("/autoPayment/type", "card"),
            get("/invoices/schedule?altId={L}&altType=location&limit=10&offset=0&status=scheduled")
                .expects("/total", 1),
            post("/invoices/schedule/none/auto-payment", pay).rejected(404, "Schedule not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn products_are_changed_in_bulk() {
    let bulk = |kind: &str, more: Value| {
        let mut body = with_alt_id(json!({ "type": kind, "productIds": ["{products}", "none"] }));
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        post("/products/bulk-update", body).expects("/status", true)
    };
    let price = |kind: &str, value: f64| json!({ "price": { "type": kind, "value": value, "roundToWhole": true } });
    let amount = |amount: i64| {
        get("/products/{products}/price/{prices}?locationId={L}").expects("/amount", amount)
    };
    let stats = |included: u64, excluded: u64| {
        get("/products/store/shop/stats?altId={L}&altType=location")
            .expects("/totalProducts", 1)
            .expects("/includedInStore", included)
            .expects("/excludedFromStore", excluded)
    };
    let store = |action: &str| {
        post(
            "/products/store/shop",
            with_alt_id(json!({ "action": action, "productIds": ["{products}"] })),
        )
    };
    let listed = |count: u64| {
        get("/products/?locationId={L}&storeId=shop&includedInStore=true")
            .expects("/total/0/total", count)
    };
    run(
        &["products", "prices"],
        vec![
            post("/products/bulk-update/edit", with_alt_id(json!({ "products": [
                { "_id": "{products}", "name": "Brush", "prices": [{ "_id": "{prices}", "amount": 100 }] },
                { "_id": "none", "name": "Comb" },
            ] })))
            .expects("/updatedCount", 1),
            get("/products/{products}?locationId={L}").expects("/name", "Brush").expects("/prices", Value::Null),
            amount(100),
            bulk("bulk-update-price", price("INCREASE_BY_PERCENTAGE", 10.4)),
            amount(110),
            bulk("bulk-update-price", price("REDUCE_BY_AMOUNT", 200.0)),
            amount(0),
            bulk("bulk-update-price", price("SET_NEW_PRICE", 12.0)),
            bulk("bulk-update-currency", json!({ "currency": "EUR" })),
            amount(12).expects("/currency", "EUR"),
            bulk("bulk-update-availability", json!({ "availability": false })),
            bulk("bulk-update-product-collection", json!({ "collectionIds": ["c1"] })),
            get("/products/{products}?locationId={L}").expects("/availableInStore", false).expects("/collectionIds", json!(["c1"])),
            post("/products/inventory", with_alt_id(json!({ "items": [{ "priceId": "{prices}", "availableQuantity": 7 }] }))),
            get("/products/inventory?altId={L}&altType=location").expects("/inventory/0/availableQuantity", 7),
            stats(0, 1),
            store("include"),
            stats(1, 0),
            listed(1),
            get("/products/{products}?locationId={L}").expects("/stores", Value::Null),
            store("exclude"),
            stats(0, 1),
            listed(0),
            bulk("bulk-delete-products", json!({})),
            get("/products/{products}?locationId={L}").rejected(404, "Product not found"),
            get("/products/{products}/price/{prices}?locationId={L}").rejected(404, "not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn location_has_one_payment_provider() {
    let provider = |name: &str| {
        let body = json!({ "name": name, "description": "d", "imageUrl": "https://example.com/i", "queryUrl": "https://example.com/q",
                           "paymentsUrl": "https://example.com/p", "supportsSubscriptionSchedule": true });
        post("/payments/custom-provider/provider?locationId={L}", body)
    };
    let config = get("/payments/custom-provider/connect?locationId={L}");
    let keys = json!({ "apiKey": "a", "publishableKey": "p" });
    let connect = post(
        "/payments/custom-provider/connect?locationId={L}",
        json!({ "live": keys, "test": keys }),
    );
    let none = "No such config exists";
    run(
        &[],
        vec![
            get("/payments/custom-provider/connect?locationId={L}").rejected(400, none),
            post(
                "/payments/custom-provider/connect?locationId={L}",
                json!({ "live": keys, "test": keys }),
            )
            .rejected(400, none),
            provider("Mine").saves("p", "/_id"),
            provider("Ours").expects("/_id", "{p}"),
            connect.expects("/paymentProvider/live/liveMode", true),
            config
                .expects("/name", "Ours")
                .expects("/paymentProvider/test/apiKey", "a")
                .expects("/live", Value::Null),
            put(
                "/payments/custom-provider/capabilities",
                json!({ "locationId": "{L}", "supportsSubscriptionSchedules": false }),
            ),
            post(
                "/payments/custom-provider/disconnect?locationId={L}",
                json!({ "liveMode": true }),
            )
            .expects("/success", true),
            get("/payments/custom-provider/connect?locationId={L}")
                .expects("/paymentProvider/live", Value::Null)
                .expects("/paymentProvider/test/apiKey", "a"),
            delete("/payments/custom-provider/provider?locationId={L}").expects("/success", true),
            get("/payments/custom-provider/connect?locationId={L}").rejected(400, none),
        ],
    )
    .await;
}

#[tokio::test]
async fn orders_and_stores_have_shipping() {
    let fulfil = with_alt_id(
        json!({ "items": [{ "priceId": "p", "qty": 1 }], "trackings": [{ "trackingNumber": "1Z" }], "notifyCustomer": false }),
    );
    let rate = with_alt_id(
        json!({ "name": "Standard", "amount": 5, "currency": "USD", "conditionType": "none", "minCondition": 0,
                          "maxCondition": 0, "shippingCarrierId": "{c}" }),
    );
    let origin = |city: &str| {
        let origin = json!({ "name": "Shop", "country": "US", "city": city, "street1": "1 Pier", "zip": "10001" });
        post(
            "/store/store-setting",
            with_alt_id(json!({ "shippingOrigin": origin })),
        )
        .expects("/data/shippingOrigin/city", city)
    };
    let rates = "/store/shipping-zone/{z}/shipping-rate?altId={L}&altType=location";
    run(
        &["orders"],
        vec![
            get("/payments/orders/{orders}/notes?altId={L}&altType=location"),
            get("/payments/orders/none/notes?altId={L}&altType=location")
                .rejected(404, "Order not found"),
            post("/payments/orders/{orders}/fulfillments", fulfil).saves("f", "/data/_id"),
            get("/payments/orders/{orders}/fulfillments?altId={L}&altType=location")
                .expects("/data/0/_id", "{f}"),
            post(
                "/store/shipping-carrier",
                with_alt_id(json!({ "name": "Post", "callbackUrl": "https://example.com/" })),
            )
            .saves("c", "/data/_id"),
            post(
                "/store/shipping-zone",
                with_alt_id(json!({ "name": "Home", "countries": [{ "code": "US" }] })),
            )
            .saves("z", "/data/_id"),
            post("/store/shipping-zone/{z}/shipping-rate", rate)
                .saves("r", "/data/_id")
                .expects("/data/shippingZoneId", "{z}"),
            get(rates)
                .expects("/total", 1)
                .expects("/data/0/_id", "{r}"),
            put(
                "/store/shipping-zone/{z}/shipping-rate/{r}",
                json!({ "amount": 6 }),
            )
            .expects("/data/amount", 6),
            put("/store/shipping-carrier/{c}", json!({ "name": "Van" })),
            get("/store/shipping-carrier?altId={L}&altType=location")
                .expects("/data/0/name", "Van"),
            delete("/store/shipping-zone/{z}?altId={L}&altType=location"),
            get(rates).rejected(404, "Shipping zone not found"),
            get("/store/shipping-zone?altId={L}&altType=location").expects("/total", 0),
            get("/store/store-setting?altId={L}&altType=location")
                .rejected(404, "Store setting not found"),
            origin("Boston"),
            origin("Salem"),
            get("/store/store-setting?altId={L}&altType=location")
                .expects("/data/shippingOrigin/city", "Salem"),
        ],
    )
    .await;
}
