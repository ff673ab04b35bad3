//! Parses rules from text, for the command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;

use super::drift::Drift;
use super::error_reply::{Denial, ErrorBody, Failure, RetryAfter};
use super::fault::Fault;
use super::rule::FaultRule;

/// The error of parsing a [`FaultRule`]. The message names the invalid part and the valid values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFaultRuleError {
    message: String,
}

impl fmt::Display for ParseFaultRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseFaultRuleError {}

const KINDS: &str = "a status such as 503, after=STATUS, denied=KIND, close-before, reset-before, \
     close-after, reset-after, cut, delay=TIME, drip=BYTES/TIME, drift=KIND, success=STATUS";
const OPTIONS: &str = "on=OPERATIONS, times=N, skip=N, every=N, chance=0.0..1.0, from=TIME, \
     until=TIME; with a status also body=KIND, text=BODY, other-code=STATUS, header=NAME: VALUE, \
     retry-after=SECONDS, retry-after-date=TIME, retry-after-ms=MILLISECONDS, \
     retry-after-text=TEXT; with drift also at=POINTER";

/// Parses `FAULT[,OPTION=VALUE]…`, such as `503,on=contacts.*,times=2`, `429,retry-after=3`,
/// `422,body=html`, `after=422`, `denied=scope`, `close-after`, `delay=2s,chance=0.1`,
/// `drip=16/50ms`, `drift=null,at=/contact/email`, `cut,from=10s,until=20s`.
impl FromStr for FaultRule {
    type Err = ParseFaultRuleError;

    fn from_str(text: &str) -> Result<Self, ParseFaultRuleError> {
        let mut parts = text.split(',').map(str::trim);
        let fault = parts.next().unwrap_or_default();
        let options = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
        rule(fault, options)
    }
}

impl FaultRule {
    /// Reads a rule from JSON: its text, or an object with the text of the fault under `fault` and
    /// the options under their names. Values in objects can contain commas. `headers` is an object.
    pub(crate) fn from_json(value: &Value) -> Result<Self, ParseFaultRuleError> {
        let error = || {
            let expected = concat!(
                r#"a text such as "503,times=2", "#,
                r#"or an object such as {"fault": "503", "times": 2}"#
            );
            invalid("rule of a fault", &value.to_string(), expected)
        };
        let object = match value {
            Value::String(text) => return text.parse(),
            Value::Object(object) => object,
            _ => return Err(error()),
        };
        let fault = object.get("fault").map(plain).ok_or_else(error)?;
        let mut options = Vec::new();
        for (name, value) in object.iter().filter(|(name, _)| *name != "fault") {
            match value {
                Value::Object(headers) if name == "headers" => {
                    let headers = headers.iter();
                    let header = |(name, value)| format!("{name}: {}", plain(value));
                    options.extend(headers.map(header).map(|header| ("header", header)));
                }
                Value::Null => {}
                _ => options.push((name.as_str(), plain(value))),
            }
        }
        let options = options.iter().map(|(name, value)| (*name, value.as_str()));
        rule(&fault, options)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn rule<'a>(
    text: &str,
    options: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<FaultRule, ParseFaultRuleError> {
    let mut rule = FaultRule::new(fault(text)?);
    let mut between = None;
    for (name, value) in options {
        rule = match name {
            "on" => rule
                .try_on(value)
                .map_err(|message| ParseFaultRuleError { message })?,
            "times" => rule.times(number(name, value)?),
            "skip" => rule.skip(number(name, value)?),
            "every" => rule.every(number(name, value)?),
            "chance" => {
                let chance: f64 = number(name, value)?;
                if !(0.0..=1.0).contains(&chance) {
                    return Err(invalid("chance", value, "a number from 0.0 to 1.0"));
                }
                rule.chance(chance)
            }
            "from" | "until" => {
                let (from, until) = between.get_or_insert((Duration::ZERO, Duration::MAX));
                *(if name == "from" { from } else { until }) = time(name, value)?;
                rule
            }
            _ => {
                rule.fault = with_option(rule.fault, name, value)?;
                rule
            }
        };
    }
    Ok(match between {
        Some((from, until)) if from >= until => {
            return Err(invalid("until", text, "a time after `from`"));
        }
        Some((from, until)) => rule.between(from, until),
        None => rule,
    })
}

fn fault(text: &str) -> Result<Fault, ParseFaultRuleError> {
    let (kind, value) = text.split_once('=').unwrap_or((text, ""));
    Ok(match kind {
        "after" => Fault::StatusAfter(Failure::new(status(value)?)),
        "denied" => Fault::Denied(named("denied", value, DENIAL_KINDS)?),
        "close-before" => Fault::CloseBefore,
        "reset-before" => Fault::ResetBefore,
        "close-after" => Fault::CloseAfter,
        "reset-after" => Fault::ResetAfter,
        "cut" => Fault::Cut,
        "delay" => Fault::Delay(time(kind, value)?),
        "drip" => {
            let (bytes, pause) = value.split_once('/').unwrap_or((value, "50ms"));
            Fault::Drip {
                bytes: number(kind, bytes)?,
                pause: time(kind, pause)?,
            }
        }
        "drift" => Fault::Drift(named("drift", value, DRIFT_KINDS)?),
        "success" => Fault::Success(status(value)?),
        _ if kind.bytes().all(|byte| byte.is_ascii_digit()) && !kind.is_empty() => {
            Fault::Status(Failure::new(status(kind)?))
        }
        _ => return Err(invalid("fault", text, KINDS)),
    })
}

fn with_option(fault: Fault, name: &str, value: &str) -> Result<Fault, ParseFaultRuleError> {
    let change = |failure: Failure| {
        Ok(match name {
            "body" => failure.body(named("body", value, ERROR_BODY_KINDS)?),
            "text" => failure.body(ErrorBody::Text(value.to_owned())),
            "other-code" => failure.body(ErrorBody::OtherCode(number(name, value)?)),
            "header" => {
                let (name, value) = value.split_once(':').ok_or_else(|| {
                    invalid("header", value, "a name and a value, as in `x-a: b`")
                })?;
                failure.header(name.trim(), value.trim())
            }
            "retry-after-text" => failure.retry_after(RetryAfter::Text(value.to_owned())),
            "retry-after" => failure.retry_after(RetryAfter::Seconds(number(name, value)?)),
            "retry-after-ms" => failure.retry_after(RetryAfter::Milliseconds(number(name, value)?)),
            "retry-after-date" => failure.retry_after(RetryAfter::Date(time(name, value)?)),
            _ => return Err(invalid("option of a fault", name, OPTIONS)),
        })
    };
    Ok(match fault {
        Fault::Status(failure) => Fault::Status(change(failure)?),
        Fault::StatusAfter(failure) => Fault::StatusAfter(change(failure)?),
        Fault::Drift(kind) if name == "at" => Fault::DriftAt(kind, value.to_owned()),
        _ => return Err(invalid("option of this fault", name, OPTIONS)),
    })
}

fn status(value: &str) -> Result<u16, ParseFaultRuleError> {
    let status: u16 = number("status", value)?;
    if (200..=599).contains(&status) {
        Ok(status)
    } else {
        Err(invalid("status", value, "a number from 200 to 599"))
    }
}

pub(super) const DENIAL_KINDS: &[(&str, Denial)] = &[
    ("expired", Denial::Expired),
    ("scope", Denial::Scope),
    ("unsupported-route", Denial::UnsupportedRoute),
    ("auth-class", Denial::AuthClass),
    ("private-token", Denial::PrivateToken),
    ("version-missing", Denial::VersionMissing),
    ("version-invalid", Denial::VersionInvalid),
    ("location", Denial::Location),
];

pub(super) const DRIFT_KINDS: &[(&str, Drift)] = &[
    ("null", Drift::Null),
    ("missing", Drift::Missing),
    ("extra", Drift::Extra),
    ("scalar", Drift::Scalar),
    ("container", Drift::Container),
    ("enum", Drift::EnumValue),
    ("envelope", Drift::Envelope),
    ("empty", Drift::Empty),
    ("any", Drift::Any),
];

pub(super) const ERROR_BODY_KINDS: &[(&str, ErrorBody)] = &[
    ("json", ErrorBody::Json),
    ("short", ErrorBody::Short),
    ("fields", ErrorBody::Fields),
    ("named", ErrorBody::Named),
    ("error-and-status", ErrorBody::ErrorAndStatus),
    ("bare", ErrorBody::Bare),
    ("canonical", ErrorBody::Canonical),
    ("html", ErrorBody::Html),
    ("empty", ErrorBody::Empty),
];

fn named<T: Clone>(what: &str, value: &str, kinds: &[(&str, T)]) -> Result<T, ParseFaultRuleError> {
    let found = kinds.iter().find(|(name, _)| *name == value);
    found.map(|(_, kind)| kind.clone()).ok_or_else(|| {
        let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
        invalid(what, value, &names.join(", "))
    })
}

fn number<T: FromStr>(what: &str, value: &str) -> Result<T, ParseFaultRuleError> {
    let number = value.trim().parse();
    number.map_err(|_| invalid(what, value, "a number"))
}

/// Parses `500ms`, `2s`, `1.5s` or `3m`. A number without a unit is seconds.
fn time(what: &str, value: &str) -> Result<Duration, ParseFaultRuleError> {
    let value = value.trim();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match value.get(digits.len()..).unwrap_or_default() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => f64::NAN,
    };
    let seconds = digits.parse::<f64>().unwrap_or(f64::NAN) * unit;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| invalid(what, value, "a time such as 500ms, 2s or 3m"))
}

fn invalid(what: &str, value: &str, expected: &str) -> ParseFaultRuleError {
    let message = format!("`{value}` is not a valid {what}; expected {expected}");
    ParseFaultRuleError { message }
}
