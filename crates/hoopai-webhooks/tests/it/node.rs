//! Signatures of another implementation: the crypto module of Node.js.

use std::process::Command;

use hoopai_webhooks::Verifier;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

/// Signs a body as the platform's documentation describes it, and prints keys and signatures.
const SCRIPT: &str = r#"
const crypto = require("node:crypto");
const body = JSON.stringify({ type: "ContactCreate", name: "Zoë 漢字 🙂", tags: ["a/b", "\u2028"], amount: 1.5 });
const spki = { type: "spki", format: "pem" };
const ed = crypto.generateKeyPairSync("ed25519");
const rsa = crypto.generateKeyPairSync("rsa", { modulusLength: 4096 });
console.log(JSON.stringify({
  body,
  edKey: ed.publicKey.export(spki),
  rsaKey: rsa.publicKey.export(spki),
  edSignature: crypto.sign(null, Buffer.from(body), ed.privateKey).toString("base64"),
  rsaSignature: crypto.createSign("SHA256").update(body).sign(rsa.privateKey, "base64"),
  pssSignature: crypto.sign("sha256", Buffer.from(body), {
    key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
  }).toString("base64"),
  sha512Signature: crypto.createSign("SHA512").update(body).sign(rsa.privateKey, "base64"),
}));
"#;

#[test]
fn signatures_of_node_are_accepted() {
    let output = match Command::new("node").args(["-e", SCRIPT]).output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: node cannot be started: {error}");
            return;
        }
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |key: &str| made[key].as_str().unwrap();
    let verifier = Verifier::builder_without_keys()
        .ed25519_key(text("edKey"))
        .unwrap()
        .rsa_key(text("rsaKey"))
        .unwrap()
        .accept_legacy(true)
        .build();
    let accepts = |header: &'static str, signature: &str, body: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header, HeaderValue::from_str(signature).unwrap());
        verifier.verify(&headers, body.as_bytes()).is_ok()
    };
    let body = text("body");
    assert!(accepts("x-ghl-signature", text("edSignature"), body));
    assert!(accepts("x-wh-signature", text("rsaSignature"), body));
    // Other uses of the same keys.
    assert!(!accepts("x-wh-signature", text("pssSignature"), body));
    assert!(!accepts("x-wh-signature", text("sha512Signature"), body));
    let other = format!("{body} ");
    assert!(!accepts("x-ghl-signature", text("edSignature"), &other));
    assert!(!accepts("x-wh-signature", text("rsaSignature"), &other));
}
