//! Stories of money: invoices, products, providers, orders, shipping.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story::{Step, at, delete, get, patch, post, put, tell};

fn estimate() -> Value {
    at(json!({
        "name": "Roof", "currency": "USD", "businessDetails": { "name": "Harbour" },
        "contactDetails": { "id": "c", "name": "Ada", "email": "ada@example.com", "phoneNo": "+15550100001" },
        "discount": { "type": "fixed", "value": 0 }, "frequencySettings": { "enabled": false, "schedule": {} },
        "items": [{ "name": "Tiles", "amount": 40, "qty": 3, "currency": "USD" }],
    }))
}

#[tokio::test]
async fn an_estimate_becomes_an_invoice() {
    let convert = |mark| {
        post(
            "/invoices/estimate/{e}/invoice",
            at(json!({ "markAsInvoiced": mark })),
        )
    };
    tell(
        &[],
        vec![
            get("/invoices/generate-invoice-number?altId={L}&altType=location").sees("/invoiceNumber", 1),
            get("/invoices/estimate/number/generate?altId={L}&altType=location").sees("/estimateNumber", 1),
            post("/invoices/estimate", estimate()).keeps("e", "/_id").sees("/total", 120),
            get("/invoices/estimate/number/generate?altId={L}&altType=location").sees("/estimateNumber", 2),
            convert(true)
                .keeps("i", "/invoice/_id")
                .sees("/estimate/_id", "{e}")
                .sees("/invoice/total", 120)
                .sees("/invoice/name", "Roof")
                .sees("/invoice/status", "draft")
                .sees("/invoice/invoiceNumber", 1),
            get("/invoices/{i}?altId={L}&altType=location").sees("/amountDue", 120),
            get("/invoices/?altId={L}&altType=location&limit=10&offset=0").sees("/total", 1),
            get("/invoices/generate-invoice-number?altId={L}&altType=location").sees("/invoiceNumber", 2),
            get("/invoices/estimate/list?altId={L}&altType=location&limit=10&offset=0&status=invoiced").sees("/total", 1),
            patch("/invoices/stats/last-visited-at", json!({ "invoiceId": "{i}" })),
            patch("/invoices/estimate/stats/last-visited-at", json!({ "estimateId": "none" })).refused(404, "Estimate not found"),
            Step::new(Method::DELETE, "/invoices/estimate/{e}", at(json!({}))),
            convert(false).refused(404, "Estimate not found"),
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
async fn a_discount_is_taken_off_what_is_to_be_paid() {
    let item = |product: &str, amount: f64, qty: u32| json!({ "name": "Tiles", "productId": product, "amount": amount, "qty": qty, "currency": "USD" });
    let items = json!([item("p", 40.0, 3), item("q", 9.99, 1)]);
    let with = |discount: Value| {
        pay(json!({ "action": "draft", "id": "{i}", "items": items, "discount": discount }))
    };
    let read = || get("/invoices/{i}?altId={L}&altType=location");
    let mut reduced = estimate();
    reduced["discount"] = json!({ "type": "fixed", "value": 15 });
    tell(
        &[],
        vec![
            pay(json!({ "action": "draft", "items": items, "discount": { "type": "fixed", "value": 29.99 } }))
                .keeps("i", "/invoice/_id")
                .sees("/invoice/total", 100)
                .sees("/invoice/amountDue", 100),
            read()
                .sees("/totalSummary/subTotal", 129.99)
                .sees("/totalSummary/discount", 29.99)
                .sees("/invoiceItems/0/amount", 40.0),
            // What is paid is left paid.
            post("/invoices/{i}/record-payment", at(json!({
                "amount": 20, "mode": "cash", "notes": "", "card": { "brand": "", "last4": "" }, "cheque": { "number": "" },
            })))
            .sees("/invoice/amountDue", 80),
            with(json!({ "type": "percentage", "value": 12.5 })).sees("/invoice/total", 113.74).sees("/invoice/amountDue", 93.74),
            with(json!({ "type": "percentage", "value": 50, "validOnProductIds": ["p"] })).sees("/invoice/total", 69.99),
            with(json!({ "type": "fixed", "value": 50, "validOnProductIds": ["q"] })).sees("/invoice/total", 120),
            with(json!({ "type": "fixed", "value": 500 })).sees("/invoice/total", 0),
            with(json!({ "type": "fixed" })).sees("/invoice/total", 129.99),
            post("/invoices/estimate", reduced).keeps("e", "/_id").sees("/total", 105),
            post("/invoices/estimate/{e}/invoice", at(json!({ "markAsInvoiced": true }))).sees("/invoice/total", 105),
        ],
    )
    .await;
}

#[tokio::test]
async fn text2pay_makes_and_changes_an_invoice() {
    tell(
        &[],
        vec![
            pay(json!({ "action": "draft" })).keeps("i", "/invoice/_id").sees("/invoice/status", "draft"),
            pay(json!({ "action": "send", "id": "{i}", "name": "Roof and wall" }))
                .sees("/invoice/_id", "{i}")
                .sees("/invoice/status", "sent"),
            get("/invoices/{i}?altId={L}&altType=location").sees("/name", "Roof and wall").sees("/status", "sent"),
            pay(json!({ "action": "send", "id": "none" })).refused(404, "Invoice not found"),
            post("/invoices/{i}/record-payment", at(json!({
                "amount": 20, "mode": "cash", "notes": "", "card": { "brand": "", "last4": "" }, "cheque": { "number": "" },
            })))
            .sees("/invoice/status", "partially_paid")
            .sees("/invoice/amountDue", 100),
            post("/invoices/{i}/void", at(json!({}))).sees("/status", "void"),
        ],
    )
    .await;
}

#[tokio::test]
async fn schedules_of_invoices_come_and_go() {
    let pay = at(json!({ "id": "other", "autoPayment": { "enable": true, "type": "card" } }));
    tell(
        &["invoice-schedules"],
        vec![
            post(
                "/invoices/schedule/{invoice-schedules}/auto-payment",
                pay.clone(),
            )
            .sees("/_id", "{invoice-schedules}"),
            post(
                "/invoices/schedule/{invoice-schedules}/updateAndSchedule",
                Value::Null,
            ),
            get("/invoices/schedule/{invoice-schedules}?altId={L}&altType=location")
                .sees("/autoPayment/type", "card"),
            get("/invoices/schedule?altId={L}&altType=location&limit=10&offset=0&status=scheduled")
                .sees("/total", 1),
            post("/invoices/schedule/none/auto-payment", pay).refused(404, "Schedule not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn products_change_together() {
    let bulk = |kind: &str, more: Value| {
        let mut body = at(json!({ "type": kind, "productIds": ["{products}", "none"] }));
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        post("/products/bulk-update", body).sees("/status", true)
    };
    let price = |kind: &str, value: f64| json!({ "price": { "type": kind, "value": value, "roundToWhole": true } });
    let amount = |amount: i64| {
        get("/products/{products}/price/{prices}?locationId={L}").sees("/amount", amount)
    };
    let stats = |included: u64, excluded: u64| {
        get("/products/store/shop/stats?altId={L}&altType=location")
            .sees("/totalProducts", 1)
            .sees("/includedInStore", included)
            .sees("/excludedFromStore", excluded)
    };
    let store = |action: &str| {
        post(
            "/products/store/shop",
            at(json!({ "action": action, "productIds": ["{products}"] })),
        )
    };
    let listed = |count: u64| {
        get("/products/?locationId={L}&storeId=shop&includedInStore=true")
            .sees("/total/0/total", count)
    };
    tell(
        &["products", "prices"],
        vec![
            post("/products/bulk-update/edit", at(json!({ "products": [
                { "_id": "{products}", "name": "Brush", "prices": [{ "_id": "{prices}", "amount": 100 }] },
                { "_id": "none", "name": "Comb" },
            ] })))
            .sees("/updatedCount", 1),
            get("/products/{products}?locationId={L}").sees("/name", "Brush").sees("/prices", Value::Null),
            amount(100),
            bulk("bulk-update-price", price("INCREASE_BY_PERCENTAGE", 10.4)),
            amount(110),
            bulk("bulk-update-price", price("REDUCE_BY_AMOUNT", 200.0)),
            amount(0),
            bulk("bulk-update-price", price("SET_NEW_PRICE", 12.0)),
            bulk("bulk-update-currency", json!({ "currency": "EUR" })),
            amount(12).sees("/currency", "EUR"),
            bulk("bulk-update-availability", json!({ "availability": false })),
            bulk("bulk-update-product-collection", json!({ "collectionIds": ["c1"] })),
            get("/products/{products}?locationId={L}").sees("/availableInStore", false).sees("/collectionIds", json!(["c1"])),
            post("/products/inventory", at(json!({ "items": [{ "priceId": "{prices}", "availableQuantity": 7 }] }))),
            get("/products/inventory?altId={L}&altType=location").sees("/inventory/0/availableQuantity", 7),
            stats(0, 1),
            store("include"),
            stats(1, 0),
            listed(1),
            get("/products/{products}?locationId={L}").sees("/stores", Value::Null),
            store("exclude"),
            stats(0, 1),
            listed(0),
            bulk("bulk-delete-products", json!({})),
            get("/products/{products}?locationId={L}").refused(404, "Product not found"),
            get("/products/{products}/price/{prices}?locationId={L}").refused(404, "not found"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_location_has_one_payment_provider() {
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
    tell(
        &[],
        vec![
            get("/payments/custom-provider/connect?locationId={L}").refused(400, none),
            post(
                "/payments/custom-provider/connect?locationId={L}",
                json!({ "live": keys, "test": keys }),
            )
            .refused(400, none),
            provider("Mine").keeps("p", "/_id"),
            provider("Ours").sees("/_id", "{p}"),
            connect.sees("/paymentProvider/live/liveMode", true),
            config
                .sees("/name", "Ours")
                .sees("/paymentProvider/test/apiKey", "a")
                .sees("/live", Value::Null),
            put(
                "/payments/custom-provider/capabilities",
                json!({ "locationId": "{L}", "supportsSubscriptionSchedules": false }),
            ),
            post(
                "/payments/custom-provider/disconnect?locationId={L}",
                json!({ "liveMode": true }),
            )
            .sees("/success", true),
            get("/payments/custom-provider/connect?locationId={L}")
                .sees("/paymentProvider/live", Value::Null)
                .sees("/paymentProvider/test/apiKey", "a"),
            delete("/payments/custom-provider/provider?locationId={L}").sees("/success", true),
            get("/payments/custom-provider/connect?locationId={L}").refused(400, none),
        ],
    )
    .await;
}

#[tokio::test]
async fn orders_and_stores_ship() {
    let fulfil = at(
        json!({ "items": [{ "priceId": "p", "qty": 1 }], "trackings": [{ "trackingNumber": "1Z" }], "notifyCustomer": false }),
    );
    let rate = at(
        json!({ "name": "Standard", "amount": 5, "currency": "USD", "conditionType": "none", "minCondition": 0,
                          "maxCondition": 0, "shippingCarrierId": "{c}" }),
    );
    let origin = |city: &str| {
        let origin = json!({ "name": "Shop", "country": "US", "city": city, "street1": "1 Pier", "zip": "10001" });
        post(
            "/store/store-setting",
            at(json!({ "shippingOrigin": origin })),
        )
        .sees("/data/shippingOrigin/city", city)
    };
    let rates = "/store/shipping-zone/{z}/shipping-rate?altId={L}&altType=location";
    tell(
        &["orders"],
        vec![
            get("/payments/orders/{orders}/notes?altId={L}&altType=location"),
            get("/payments/orders/none/notes?altId={L}&altType=location")
                .refused(404, "Order not found"),
            post("/payments/orders/{orders}/fulfillments", fulfil).keeps("f", "/data/_id"),
            get("/payments/orders/{orders}/fulfillments?altId={L}&altType=location")
                .sees("/data/0/_id", "{f}"),
            post(
                "/store/shipping-carrier",
                at(json!({ "name": "Post", "callbackUrl": "https://example.com/" })),
            )
            .keeps("c", "/data/_id"),
            post(
                "/store/shipping-zone",
                at(json!({ "name": "Home", "countries": [{ "code": "US" }] })),
            )
            .keeps("z", "/data/_id"),
            post("/store/shipping-zone/{z}/shipping-rate", rate)
                .keeps("r", "/data/_id")
                .sees("/data/shippingZoneId", "{z}"),
            get(rates).sees("/total", 1).sees("/data/0/_id", "{r}"),
            put(
                "/store/shipping-zone/{z}/shipping-rate/{r}",
                json!({ "amount": 6 }),
            )
            .sees("/data/amount", 6),
            put("/store/shipping-carrier/{c}", json!({ "name": "Van" })),
            get("/store/shipping-carrier?altId={L}&altType=location").sees("/data/0/name", "Van"),
            delete("/store/shipping-zone/{z}?altId={L}&altType=location"),
            get(rates).refused(404, "Shipping zone not found"),
            get("/store/shipping-zone?altId={L}&altType=location").sees("/total", 0),
            get("/store/store-setting?altId={L}&altType=location")
                .refused(404, "Store setting not found"),
            origin("Boston"),
            origin("Salem"),
            get("/store/store-setting?altId={L}&altType=location")
                .sees("/data/shippingOrigin/city", "Salem"),
        ],
    )
    .await;
}
