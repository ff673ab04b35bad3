//! Formats rules as text, in the form in which they are parsed.

use std::fmt;
use std::time::Duration;

use super::error_reply::{ErrorBody, Failure, RetryAfter};
use super::fault::Fault;
use super::parse::{DENIAL_KINDS, DRIFT_KINDS, ERROR_BODY_KINDS};
use super::rule::FaultRule;

/// Formats a rule as it is parsed. Texts that contain commas are not parsed again.
impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options: Vec<(&str, String)> = Vec::new();
        match &self.fault {
            Fault::Status(failure) => {
                write!(f, "{}", failure.status)?;
                options.extend(of_failure(failure));
            }
            Fault::StatusAfter(failure) => {
                write!(f, "after={}", failure.status)?;
                options.extend(of_failure(failure));
            }
            Fault::Denied(denial) => write!(f, "denied={}", name(DENIAL_KINDS, denial))?,
            Fault::CloseBefore => f.write_str("close-before")?,
            Fault::ResetBefore => f.write_str("reset-before")?,
            Fault::CloseAfter => f.write_str("close-after")?,
            Fault::ResetAfter => f.write_str("reset-after")?,
            Fault::Cut => f.write_str("cut")?,
            Fault::Delay(delay) => write!(f, "delay={}", time(*delay))?,
            Fault::Drip { bytes, pause } => write!(f, "drip={bytes}/{}", time(*pause))?,
            Fault::Drift(drift) => write!(f, "drift={}", name(DRIFT_KINDS, drift))?,
            Fault::DriftAt(drift, pointer) => {
                write!(f, "drift={}", name(DRIFT_KINDS, drift))?;
                options.push(("at", pointer.clone()));
            }
            Fault::Success(status) => write!(f, "success={status}")?,
        }
        if self.operations != "*" {
            options.push(("on", self.operations.clone()));
        }
        if let Some(times) = self.times {
            options.push(("times", times.to_string()));
        }
        if self.skip > 0 {
            options.push(("skip", self.skip.to_string()));
        }
        if self.every > 1 {
            options.push(("every", self.every.to_string()));
        }
        if let Some(chance) = self.chance {
            options.push(("chance", chance.to_string()));
        }
        if let Some((from, until)) = self.between {
            options.push(("from", time(from)));
            if until < Duration::MAX {
                options.push(("until", time(until)));
            }
        }
        for (name, value) in options {
            write!(f, ",{name}={value}")?;
        }
        Ok(())
    }
}

fn of_failure(failure: &Failure) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    match &failure.body {
        ErrorBody::Json => {}
        ErrorBody::Text(text) => options.push(("text", text.clone())),
        ErrorBody::OtherCode(code) => options.push(("other-code", code.to_string())),
        body => options.push(("body", name(ERROR_BODY_KINDS, body).to_owned())),
    }
    options.extend(failure.retry_after.as_ref().map(|value| match value {
        RetryAfter::Seconds(seconds) => ("retry-after", seconds.to_string()),
        RetryAfter::Date(ahead) => ("retry-after-date", time(*ahead)),
        RetryAfter::Milliseconds(millis) => ("retry-after-ms", millis.to_string()),
        RetryAfter::Text(text) => ("retry-after-text", text.clone()),
    }));
    for (name, value) in &failure.headers {
        options.push(("header", format!("{name}: {value}")));
    }
    options
}

/// The name of a kind; kinds and names are complete, which a test checks.
fn name<T: PartialEq>(kinds: &[(&'static str, T)], kind: &T) -> &'static str {
    let found = kinds.iter().find(|(_, other)| other == kind);
    found.map_or("", |(name, _)| name)
}

fn time(time: Duration) -> String {
    match time.subsec_nanos() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_secs_f64() * 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displayed_rules_are_parsed_again() {
        let kinds = |option: &str, names: Vec<&str>| -> Vec<String> {
            names.iter().map(|name| format!("{option}{name}")).collect()
        };
        let mut rules = kinds(
            "denied=",
            DENIAL_KINDS.iter().map(|(name, _)| *name).collect(),
        );
        rules.extend(kinds(
            "drift=",
            DRIFT_KINDS.iter().map(|(name, _)| *name).collect(),
        ));
        let bodies = ERROR_BODY_KINDS.iter().map(|(name, _)| *name);
        rules.extend(kinds(
            "500,body=",
            bodies.filter(|name| *name != "json").collect(),
        ));
        rules.extend(
            [
                "503",
                "after=422,text=oops,header=x-a: b",
                "400,other-code=422,retry-after-text=soon",
                "429,retry-after=3,on=contacts.*,times=2,skip=1,every=3,chance=0.5",
                "429,retry-after-ms=3000,from=1s,until=3s",
                "429,retry-after-date=60s,from=1s",
                "close-before",
                "reset-before",
                "close-after",
                "reset-after",
                "cut",
                "delay=1500ms",
                "drip=16/50ms",
                "drift=null,at=/contact/email",
                "success=201",
            ]
            .map(str::to_owned),
        );
        for text in rules {
            let rule: FaultRule = text.parse().expect(&text);
            assert_eq!(rule.to_string(), text);
            let json = serde_json::Value::from(text.as_str());
            assert_eq!(FaultRule::from_json(&json), Ok(rule));
        }
    }
}
