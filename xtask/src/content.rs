//! What a downloaded file is, before anything is made of it: each way to be something else gets its own reason.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, error::Category};

use crate::fetch::Miss;

/// What a file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// An OpenAPI 3.0 document.
    Interface,
    /// Any JSON: a part of an interface that others refer to.
    Json,
}

/// Says why `bytes` are not what they should be.
pub(crate) fn check(bytes: &[u8], expected: Expected) -> Result<(), Miss> {
    #[derive(Deserialize)]
    struct Interface {
        openapi: Option<Value>,
        swagger: Option<Value>,
        paths: Option<IgnoredAny>,
    }

    let address = "check the address, or take another --source";
    let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
        return Err(Miss::transient("is empty", address));
    };
    if *first == b'<' {
        return Err(Miss::last(
            "is HTML in place of JSON",
            "open the address in a browser: an error page, a login or a proxy may stand in the way; or take another --source",
        ));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        return Err(Miss::last(format!("is not UTF-8 at byte {at}"), address));
    }
    let not_json = |error: serde_json::Error| match error.classify() {
        Category::Eof => Miss::transient(
            format!(
                "is cut off: the JSON ends at line {} before it is complete",
                error.line()
            ),
            "run the command again",
        ),
        _ => Miss::last(format!("is no JSON: {error}"), address),
    };
    if expected == Expected::Json {
        return serde_json::from_slice::<IgnoredAny>(bytes)
            .map(drop)
            .map_err(not_json);
    }
    // Two steps, since JSON that is whole but no object is no fault of the JSON.
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(not_json)?;
    let not_openapi = |what: &str| Miss::last(format!("is JSON but {what}"), address);
    let Ok(interface) = serde_json::from_slice::<Interface>(bytes) else {
        return Err(not_openapi("no OpenAPI document: it is no object"));
    };
    match (interface.openapi, interface.swagger) {
        (Some(Value::String(version)), _) if version == "3.0" || version.starts_with("3.0.") => {}
        (Some(version), _) | (None, Some(version)) => {
            let version = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            let version: String = version.chars().take(20).collect();
            return Err(Miss::last(
                format!("is OpenAPI {version}, not 3.0"),
                "take a 3.0 file from another --source; this generator reads no other version",
            ));
        }
        (None, None) => return Err(not_openapi("no OpenAPI document: it has no `openapi`")),
    }
    match interface.paths {
        Some(_) => Ok(()),
        None => Err(not_openapi("an OpenAPI document without `paths`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &[u8]) -> String {
        check(text, Expected::Interface)
            .expect_err("refused")
            .problem
    }

    #[test]
    fn each_wrong_content_has_its_reason() {
        assert!(check(br#"{"openapi":"3.0.0","paths":{}}"#, Expected::Interface).is_ok());
        assert!(check(br#"{"components":{}}"#, Expected::Json).is_ok());
        for (text, expected) in [
            (&b"  "[..], "is empty"),
            (b"\n<!doctype html>", "is HTML"),
            (b"{\"a\": \"\xff\"}", "not UTF-8 at byte 7"),
            (br#"{"openapi":"3.0.0","paths":{"/"#, "is cut off"),
            (br#"{"openapi":,}"#, "is no JSON"),
            (b"[]", "it is no object"),
            (br#"{"statusCode":404}"#, "has no `openapi`"),
            (
                br#"{"openapi":"3.1.0","paths":{}}"#,
                "is OpenAPI 3.1.0, not 3.0",
            ),
            (br#"{"openapi":3,"paths":{}}"#, "is OpenAPI 3, not 3.0"),
            (
                br#"{"swagger":"2.0","paths":{}}"#,
                "is OpenAPI 2.0, not 3.0",
            ),
            (br#"{"openapi":"3.0.1"}"#, "without `paths`"),
        ] {
            assert!(
                reason(text).contains(expected),
                "{}: {}",
                String::from_utf8_lossy(text),
                reason(text)
            );
        }
    }
}
