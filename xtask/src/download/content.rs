//! Checks the content of downloaded files, with a separate error for each problem.

use hoopai_codegen::is_supported_version;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, error::Category};

use crate::download::error::FetchError;

/// The expected content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedContent {
    /// An OpenAPI 3 document.
    OpenApi,
    /// Any JSON: a file that interface files refer to.
    Json,
}

/// Checks that `bytes` have the expected content.
pub(crate) fn check(bytes: &[u8], expected: ExpectedContent) -> Result<(), FetchError> {
    #[derive(Deserialize)]
    struct Interface {
        openapi: Option<Value>,
        swagger: Option<Value>,
        paths: Option<IgnoredAny>,
    }

    let address = "check the address, or use another --source";
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if [&b"\xff\xfe"[..], b"\xfe\xff"]
        .iter()
        .any(|mark| bytes.starts_with(mark))
    {
        return Err(FetchError::permanent(
            "is UTF-16 instead of UTF-8",
            "save the file as UTF-8, or use another --source",
        ));
    }
    let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
        return Err(FetchError::transient("is empty", address));
    };
    if *first == b'<' {
        return Err(FetchError::permanent(
            "is HTML instead of JSON",
            "open the address in a browser: the response may come from an error page, a login or a proxy; or use another --source",
        ));
    }
    if [&b"openapi:"[..], b"swagger:", b"---", b"%YAML"]
        .iter()
        .any(|start| bytes.starts_with(start))
    {
        return Err(FetchError::permanent(
            "is YAML instead of JSON",
            "convert the file to JSON, or use another --source",
        ));
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        return Err(FetchError::permanent(
            format!("is not UTF-8 at byte {at}"),
            address,
        ));
    }
    let not_json = |error: serde_json::Error| match error.classify() {
        Category::Eof => FetchError::transient(
            format!(
                "is cut off: the JSON ends at line {} before it is complete",
                error.line()
            ),
            "run the command again",
        ),
        _ => FetchError::permanent(format!("is not JSON: {error}"), address),
    };
    if expected == ExpectedContent::Json {
        return serde_json::from_slice::<IgnoredAny>(bytes)
            .map(drop)
            .map_err(not_json);
    }
    // Two steps, since an array is valid JSON, but not an OpenAPI document.
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(not_json)?;
    let not_openapi =
        |problem: &str| FetchError::permanent(format!("is JSON but {problem}"), address);
    if *first != b'{' {
        return Err(not_openapi("not an OpenAPI document: it is not an object"));
    }
    let interface = serde_json::from_slice::<Interface>(bytes)
        .map_err(|error| not_openapi(&format!("not an OpenAPI document: {error}")))?;
    match (interface.openapi, interface.swagger) {
        (Some(Value::String(version)), _) if is_supported_version(&version) => {}
        (Some(version), _) | (None, Some(version)) => {
            let version = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            let version: String = version.chars().take(20).collect();
            return Err(FetchError::permanent(
                format!("is OpenAPI {version}, not 3.0 or 3.1"),
                "use such a file of another --source; the generator supports no other version",
            ));
        }
        (None, None) => return Err(not_openapi("not an OpenAPI document: it has no `openapi`")),
    }
    match interface.paths {
        Some(_) => Ok(()),
        None => Err(not_openapi("an OpenAPI document without `paths`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &[u8]) -> String {
        check(text, ExpectedContent::OpenApi)
            .expect_err("rejected")
            .problem
    }

    #[test]
    fn check_reports_each_problem() {
        for good in [
            r#"{"openapi":"3.0.0","paths":{}}"#,
            r#"{"openapi":"3.1.0","paths":{}}"#,
            "\u{feff}{\"openapi\":\"3.0.3\",\"paths\":{}}",
        ] {
            assert!(
                check(good.as_bytes(), ExpectedContent::OpenApi).is_ok(),
                "{good}"
            );
        }
        assert!(check(br#"{"components":{}}"#, ExpectedContent::Json).is_ok());
        for (text, expected) in [
            (&b"  "[..], "is empty"),
            (b"\n<!doctype html>", "is HTML"),
            (b"{\"a\": \"\xff\"}", "not UTF-8 at byte 7"),
            (br#"{"openapi":"3.0.0","paths":{"/"#, "is cut off"),
            (br#"{"openapi":,}"#, "is not JSON"),
            (b"[]", "it is not an object"),
            (br#"{"statusCode":404}"#, "has no `openapi`"),
            (
                br#"{"openapi":"4.0.0","paths":{}}"#,
                "is OpenAPI 4.0.0, not 3.0 or 3.1",
            ),
            (br#"{"openapi":3,"paths":{}}"#, "is OpenAPI 3, not 3.0"),
            (
                br#"{"swagger":"2.0","paths":{}}"#,
                "is OpenAPI 2.0, not 3.0",
            ),
            (
                br#"{"openapi":"3.0.0","openapi":"3.0.0"}"#,
                "duplicate field `openapi`",
            ),
            (b"\xff\xfe{\0}\0", "is UTF-16"),
            (b"openapi: 3.0.0\n", "is YAML"),
            (b"{\0}", "is not JSON"),
            (br#"{"openapi":"3.0.1"}"#, "without `paths`"),
        ] {
            assert!(
                problem(text).contains(expected),
                "{}: {}",
                String::from_utf8_lossy(text),
                problem(text)
            );
        }
    }
}
