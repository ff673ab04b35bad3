//! How long the platform asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The wait that a reply asks for: `retry-after-ms`, or `Retry-After` in seconds or as a date. What is neither says nothing.
pub(crate) fn server_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |value: &reqwest::header::HeaderValue| {
        value.to_str().ok().map(|text| text.trim().to_owned())
    };
    let millis = headers.get("retry-after-ms").and_then(text);
    if let Some(wait) = millis.and_then(|text| seconds(&text, 0.001)) {
        return Some(wait);
    }
    let text = headers.get(RETRY_AFTER).and_then(text)?;
    seconds(&text, 1.0).or_else(|| {
        let date = httpdate::parse_http_date(&text).ok()?;
        // A date that is past asks for no wait.
        Some(date.duration_since(now).unwrap_or_default())
    })
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(number * unit).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::server_wait;

    #[test]
    fn every_form_of_it_is_read() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let wait = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
            server_wait(&headers, now).map(|wait| wait.as_millis())
        };
        assert_eq!(wait("retry-after", "2"), Some(2000));
        assert_eq!(wait("retry-after", " 1.5 "), Some(1500));
        assert_eq!(wait("retry-after-ms", "250"), Some(250));
        assert_eq!(
            wait("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT"),
            Some(30_000)
        );
        assert_eq!(
            wait("retry-after", "Tue, 14 Nov 2000 22:13:50 GMT"),
            Some(0)
        );
        for nonsense in ["", "soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(wait("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
