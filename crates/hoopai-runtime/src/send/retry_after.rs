//! Parses the wait that the platform asks for.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The wait that a reply asks for: `retry-after-ms`, or `Retry-After` in seconds or as a date.
/// Other values are ignored.
pub(crate) fn server_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(ms) = text(headers, RETRY_AFTER_MS)
        && let Some(wait) = seconds(ms, 0.001)
    {
        return Some(wait);
    }
    let value = text(headers, RETRY_AFTER)?;
    if let Some(wait) = seconds(value, 1.0) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let now = server_time(headers, now);
    // A date in the past asks for no wait.
    Some(date.duration_since(now).unwrap_or_default())
}

/// The time of day in the `Date` header, or else the local one, which may be wrong.
pub(crate) fn server_time(headers: &HeaderMap, now: SystemTime) -> SystemTime {
    let date = text(headers, DATE);
    date.and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    // A wait beyond the range of `Duration` is a very long wait.
    Some(Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::server_wait;

    #[test]
    fn retry_after_forms_are_parsed() {
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
        assert_eq!(
            wait("retry-after", "1e300"),
            Some(Duration::MAX.as_millis())
        );
        for nonsense in ["", "soon", "-1", "NaN", "inf"] {
            assert_eq!(wait("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
