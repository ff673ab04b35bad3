//! Checks of a complete call for errors that the platform, or a host in front of it, is known to
//! reject.

use super::Call;
use crate::error::Error;
use crate::operation::{PageParam, ParamLocation};
use crate::request::path::encode;

/// The longest URL that is sent, in bytes.
///
/// RFC 9110, section 4.1, recommends that servers accept at least 8,000. Nginx and Apache reject a
/// request line above 8 KiB, including method and HTTP version, with 414. Other hosts answer with
/// an HTML page or close the connection.
pub(super) const MAX_URL: usize = 8_000;

impl Call {
    /// Checks the length of the complete URL.
    pub(super) fn check_url(&self, url: &str) -> Result<(), Error> {
        if url.len() <= MAX_URL {
            return Ok(());
        }
        let too_long = format!(
            "the URL has {} bytes, and servers accept {MAX_URL} at most",
            url.len()
        );
        let error =
            |remedy: &str| Error::request(self.call_site.clone(), too_long.clone() + remedy);
        let path = self.longest_in_path();
        let query = self.query.longest();
        match (path, query) {
            (path, Some((name, length))) if path.as_ref().is_none_or(|path| path.1 <= length) => {
                let remedy = format!(
                    ": the query parameter `{name}` is too long, so pass fewer values at once"
                );
                Err(error(&remedy).about(name))
            }
            (Some((name, _)), _) => {
                let remedy =
                    format!(": the path parameter `{name}` is too long, so check its value");
                Err(error(&remedy).about(name))
            }
            (None, _) => Err(error(": shorten the path")),
        }
    }

    /// The longest parameter of the path, and its length in the URL.
    fn longest_in_path(&self) -> Option<(String, usize)> {
        let mut longest: Option<(String, usize)> = None;
        let mut consider = |name: &str, value: &str| {
            let length = encode(value).len();
            if longest.as_ref().is_none_or(|longest| longest.1 < length) {
                longest = Some((name.to_owned(), length));
            }
        };
        for (name, value) in &self.path {
            consider(name, value);
        }
        let location = self.call_site.operation.and_then(|row| row.location);
        if let (Some(param), Some(value)) = (location, self.handle.location())
            && param.part == ParamLocation::Path
            && !self.path.iter().any(|(name, _)| name == param.name)
        {
            consider(param.name, value);
        }
        longest
    }

    /// Checks the page size. The platform rejects a larger one with a message that resembles one
    /// about permissions.
    pub(super) fn check_page_size(&self) -> Result<(), Error> {
        let paging = self.call_site.operation.and_then(|row| row.paging);
        let Some(size) = paging.and_then(|paging| paging.size) else {
            return Ok(());
        };
        if !size.declared {
            return Ok(());
        }
        let Some(json) = self.parameter(size.to) else {
            return Ok(());
        };
        match json.trim_matches('"').trim().parse::<f64>() {
            Ok(asked) if asked > f64::from(size.max) => {
                let (name, max) = (size.to.name(), size.max);
                let kind = match size.to {
                    PageParam::Query(_) => "query parameter",
                    PageParam::Body { .. } => "body field",
                };
                let text = format!(
                    "the page size in the {kind} `{name}` is above the platform's maximum of {max}: set {max} or less, or leave it out and read the whole list with `stream()`"
                );
                Err(Error::request(self.call_site.clone(), text).about(name))
            }
            _ => Ok(()),
        }
    }
}
