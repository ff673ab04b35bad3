//! The missing values of a call, and the error that lists them.

use crate::call_site::CallSite;
use crate::error::Error;
use crate::operation::{BodyKind, Location, ParamLocation};
use crate::{Handle, auth::Credentials};

/// A required value that is not set.
pub(crate) enum Missing {
    Path(String),
    Query(&'static str),
    /// A field of the body, as a path such as `items[0].name`.
    Field(String),
    /// The location, which has no default either.
    Location(Location),
    /// The whole body.
    Body(Option<BodyKind>),
}

impl Missing {
    /// The wire name.
    fn name(&self) -> &str {
        match self {
            Missing::Path(name) | Missing::Field(name) => name,
            Missing::Query(name) => name,
            Missing::Location(location) => location.name,
            Missing::Body(_) => "body",
        }
    }

    /// A description of the value, and how to set it.
    fn describe(&self, call_site: &CallSite, handle: &Handle) -> (String, String) {
        let call = |name: &str| match call_site.operation {
            Some(_) => format!("call `.{}(..)`", setter(name)),
            None => format!("call `.path(\"{name}\", ..)`"),
        };
        match self {
            Missing::Path(name) => (format!("path parameter `{name}`"), call(name)),
            Missing::Query(name) => (format!("query parameter `{name}`"), call(name)),
            Missing::Field(path) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                let remedy = match call_site.operation.and_then(|operation| operation.body) {
                    Some(body) if body.kind == BodyKind::Multipart => call(name),
                    _ => format!("set it with `.{}(..)` in the body", setter(name)),
                };
                (format!("body field `{path}`"), remedy)
            }
            Missing::Location(location) => {
                let default = match handle.0.credentials {
                    Credentials::Account(_) | Credentials::NoAccount(_) => {
                        "select one with `as_location`"
                    }
                    Credentials::PrivateToken(_) | Credentials::Source(_) => {
                        "set a default with `.location(..)` on the builder of the client (`from_env` reads it from HOOPAI_LOCATION_ID)"
                    }
                };
                let mut setters = format!("`.{}(..)`", setter(location.name));
                if location.alt_type {
                    setters += " and `.alt_type(..)`";
                }
                let remedy = match location.part {
                    ParamLocation::Path | ParamLocation::Query => {
                        format!("{default}, or call {setters}")
                    }
                    ParamLocation::Body => format!("{default}, or set {setters} in the body"),
                };
                (format!("location (`{}`)", location.name), remedy)
            }
            Missing::Body(Some(BodyKind::Multipart)) => (
                "body".to_owned(),
                "set at least one of its fields or files".to_owned(),
            ),
            Missing::Body(_) => ("body".to_owned(), "call `.body(..)`".to_owned()),
        }
    }
}

/// The error of a call with missing values.
#[cold]
pub(crate) fn error(call_site: &CallSite, handle: &Handle, missing: &[Missing]) -> Error {
    let descriptions: Vec<_> = missing
        .iter()
        .map(|missing| missing.describe(call_site, handle))
        .collect();
    let text = match &descriptions[..] {
        [(what, remedy)] => format!("the {what} is not set: {remedy}"),
        several => {
            let mut text = format!("{} values are not set", several.len());
            for (index, (what, remedy)) in several.iter().enumerate() {
                text += if index == 0 { ": " } else { "; " };
                text += &format!("the {what} ({remedy})");
            }
            text
        }
    };
    let error = Error::request(call_site.clone(), text);
    missing
        .iter()
        .fold(error, |error, missing| error.about(missing.name()))
}

/// The name of a parameter's setter: `start_after_id` for `startAfterId`.
fn setter(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let name = name.replace("SaaS", "Saas");
    let mut rest = name.chars().peekable();
    let mut last = '_';
    while let Some(c) = rest.next() {
        let starts_word = c.is_ascii_uppercase()
            && (!last.is_ascii_uppercase() || rest.peek().is_some_and(char::is_ascii_lowercase));
        if (starts_word || !c.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        last = c;
    }
    let name = out.trim_end_matches('_');
    // The generated names of parameters that are Rust keywords.
    match name {
        "type" | "in" | "for" | "ref" | "match" | "use" | "where" | "move" => format!("{name}_"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::setter;

    #[test]
    fn setter_names_match_generated_code() {
        for (name, expected) in [
            ("limit", "limit"),
            ("startAfterId", "start_after_id"),
            ("location_id", "location_id"),
            ("altID", "alt_id"),
            ("SMSSender", "sms_sender"),
            ("tags[]", "tags"),
            ("filter[from-date]", "filter_from_date"),
            ("type", "type_"),
            ("isSaaSV2", "is_saas_v2"),
        ] {
            assert_eq!(setter(name), expected);
        }
    }
}
