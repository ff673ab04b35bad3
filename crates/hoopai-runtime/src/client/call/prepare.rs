//! Converts the values of a call to a request: path, query and body, with the default location. The
//! error lists all missing values.

use reqwest::header::HeaderValue;

use super::Call;
use crate::client::missing::{self, Missing};
use crate::error::Error;
use crate::operation::{ListStyle, Location, ParamLocation};
use crate::request::body::{Body, Fault as BodyFault, Fill, Payload};
use crate::request::path::{self, Fault as PathFault};
use crate::send::transport::PreparedRequest;
use crate::{DEFAULT_API_VERSION, Handle};

impl Call {
    /// Completes and checks the call. Nothing is sent if it fails.
    pub(crate) fn prepare(mut self, streamed: bool) -> Result<(Handle, PreparedRequest), Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let handle = self.handle.clone();
        let mut missing = Vec::new();
        let path = self.fill_path(&mut missing)?;
        self.fill_query(&mut missing);
        if !self.options.unchecked {
            self.check_page_size()?;
        }
        let version = self.version(&handle)?;
        let payload = if self.has_no_body() {
            Payload::Empty
        } else {
            self.finish_body(&mut missing)?
        };
        if !missing.is_empty() {
            return Err(missing::error(&self.call_site, &handle, &missing));
        }
        let Some(url) = handle.base_url().join(&path, &self.query.encode()) else {
            return Err(Error::request(
                self.call_site,
                "the path would change when it is sent: encode or remove the characters that a path cannot contain",
            ));
        };
        self.check_url(url.as_str())?;
        Ok((
            handle,
            PreparedRequest {
                call_site: self.call_site,
                url,
                version,
                accept: if streamed { "*/*" } else { "application/json" },
                headers: self.headers,
                payload,
                token: None,
                previous_token: None,
                streamed,
                options: self.options,
            },
        ))
    }

    /// The location of the operation, if it belongs to this part of the request, and the default
    /// location.
    fn location_in(&self, part: ParamLocation) -> Option<(Location, Option<&str>)> {
        let location = self.call_site.operation?.location?;
        (location.part == part).then_some((location, self.handle.location()))
    }

    fn fill_path(&self, missing: &mut Vec<Missing>) -> Result<String, Error> {
        let location = self.location_in(ParamLocation::Path);
        let value = |name: &str| {
            if let Some((_, value)) = self.path.iter().find(|(other, _)| other == name) {
                return Some(value.as_str());
            }
            location.filter(|(location, _)| location.name == name)?.1
        };
        let fault = match path::fill(&self.call_site.template, value) {
            Ok(path) => return Ok(path),
            Err(fault) => fault,
        };
        let before = missing.len();
        for name in path::names(&self.call_site.template) {
            if value(name).is_none() {
                missing.push(match location {
                    Some((location, _)) if location.name == name => Missing::Location(location),
                    _ => Missing::Path(name.to_owned()),
                });
            }
        }
        if missing.len() > before {
            return Ok(String::new());
        }
        let text = match fault {
            PathFault::Missing(name) | PathFault::Unfit(name) => {
                let text = format!(
                    "the path parameter `{name}` is empty, `.` or `..`, which would change the path: set its real value"
                );
                return Err(Error::request(self.call_site.clone(), text).about(name));
            }
            PathFault::Template(reason) => format!("the path cannot be sent: {reason}"),
        };
        Err(Error::request(self.call_site.clone(), text))
    }

    fn fill_query(&mut self, missing: &mut Vec<Missing>) {
        if let Some((location, value)) = self.location_in(ParamLocation::Query)
            && !self.query.has(location.name)
        {
            match value.map(str::to_owned) {
                Some(value) => {
                    self.query
                        .set(location.name, vec![value], ListStyle::Repeat);
                    if location.alt_type && !self.query.has("altType") {
                        self.query
                            .set("altType", vec!["location".to_owned()], ListStyle::Repeat);
                    }
                }
                None if location.required && !self.options.unchecked => {
                    missing.push(Missing::Location(location));
                }
                None => {}
            }
        }
        if self.options.unchecked {
            return;
        }
        let location = self
            .call_site
            .operation
            .and_then(|operation| operation.location);
        for parameter in self.declared_query() {
            let is_location = location.is_some_and(|location| location.name == parameter.name);
            if parameter.required && !is_location && !self.query.has(parameter.name) {
                missing.push(Missing::Query(parameter.name));
            }
        }
    }

    /// Whether the request has no body, neither declared nor set.
    fn has_no_body(&self) -> bool {
        let is_declared = self
            .call_site
            .operation
            .is_some_and(|operation| operation.body.is_some());
        !is_declared
            && self.location_in(ParamLocation::Body).is_none()
            && self.body.is_none()
            && self.extra_body.is_empty()
    }

    fn finish_body(&mut self, missing: &mut Vec<Missing>) -> Result<Payload, Error> {
        let declared = self
            .call_site
            .operation
            .and_then(|operation| operation.body.as_ref());
        let mut body = std::mem::take(&mut self.body);
        let extra = std::mem::take(&mut self.extra_body);
        let location = self.location_in(ParamLocation::Body);
        let fill = match location {
            Some((location, Some(value))) => Some(Fill {
                name: location.name,
                value,
                alt_type: location.alt_type,
            }),
            _ => None,
        };
        let mut required = Vec::new();
        if !self.options.unchecked {
            required.extend(declared.map_or(&[][..], |body| body.fields));
            if let Some((location, _)) = location
                && location.required
                && !required.contains(&location.name)
            {
                required.push(location.name);
            }
        }
        if body.is_none() {
            let omittable = declared.is_some_and(|body| body.omittable);
            let has_only_location = fill.is_some() && (omittable || self.options.unchecked);
            let empty = omittable && location.is_none();
            if !extra.is_empty() || has_only_location || empty {
                body = Body::empty(declared);
            } else if declared.is_some_and(|body| body.required) && !self.options.unchecked {
                match location {
                    Some((location, None)) if omittable || location.required => {
                        missing.push(Missing::Location(location));
                    }
                    _ => {}
                }
                if !omittable {
                    missing.push(Missing::Body(declared.map(|body| body.kind)));
                    for field in declared.map_or(&[][..], |body| body.fields) {
                        let is_location =
                            location.is_some_and(|(location, _)| location.name == *field);
                        if !is_location && !field.contains('.') {
                            missing.push(Missing::Field((*field).to_owned()));
                        }
                    }
                }
                return Ok(Payload::Empty);
            } else {
                return Ok(Payload::Empty);
            }
        }
        let finished = match body.finish(&required, extra, fill) {
            Ok(finished) => finished,
            Err(BodyFault::Missing) => {
                missing.push(Missing::Body(declared.map(|body| body.kind)));
                return Ok(Payload::Empty);
            }
            Err(error) => return Err(self.body_error(error)),
        };
        for field in finished.missing {
            missing.push(match location {
                Some((location, _)) if location.name == field => Missing::Location(location),
                _ => Missing::Field(field),
            });
        }
        Ok(finished.payload)
    }

    /// The API version: that of the call, the client, the operation or the platform, in this order.
    fn version(&self, handle: &Handle) -> Result<HeaderValue, Error> {
        let declared = self
            .call_site
            .operation
            .and_then(|operation| operation.version);
        let text = self
            .options
            .api_version
            .as_deref()
            .or(handle.api_version())
            .or(declared)
            .unwrap_or(DEFAULT_API_VERSION);
        match HeaderValue::from_str(text) {
            Ok(value) if !value.is_empty() => Ok(value),
            _ => Err(Error::request(
                self.call_site.clone(),
                "the API version cannot be sent: set a date such as 2021-07-28",
            )),
        }
    }

    fn body_error(&self, error: BodyFault) -> Error {
        let text = match error {
            BodyFault::Missing => "the body is not set".to_owned(),
            BodyFault::NoObject => {
                "`extra_body` adds fields to an object, but the body is not an object: pass an object, such as `json!({ … })`".to_owned()
            }
            BodyFault::Fieldless(names) => {
                let text = format!(
                    "the body is not a JSON object, so it lacks the required fields `{}`: pass an object, such as `json!({{ … }})`",
                    names.join("`, `")
                );
                let error = Error::request(self.call_site.clone(), text);
                return names.into_iter().fold(error, Error::about);
            }
            BodyFault::Part(name) => {
                let name = name.replace(char::is_control, "");
                format!(
                    "the part `{name}` cannot be sent: its content type is invalid, or its name or file name contains control characters"
                )
            }
        };
        Error::request(self.call_site.clone(), text)
    }
}
