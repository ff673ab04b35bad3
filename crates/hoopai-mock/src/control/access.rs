//! Refuses requests to the control interface that a web page of another origin made.
//!
//! A page of another origin can send requests to a server of this machine. Browsers name its origin
//! in `Origin` and `Sec-Fetch-Site`. A page whose name was changed to resolve to this machine
//! (DNS rebinding) has the same origin as the server, and its name in `Host`.

use std::net::IpAddr;

use crate::exchange::Request;
use crate::problem::Problem;

/// The names under which the control interface can be reached.
#[derive(Clone, Debug)]
pub(crate) struct HostRules {
    names: Vec<String>,
}

impl HostRules {
    pub(crate) fn new(names: &[&str]) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase());
        Self {
            names: names.collect(),
        }
    }

    /// Checks `Host`, `Origin` and `Sec-Fetch-Site`.
    pub(super) fn check(&self, request: &Request) -> Result<(), Problem> {
        let host = request.header("host").unwrap_or_default();
        let name = name(host);
        if !self.is_allowed(name) {
            return Err(Problem::forbidden(
                "the control interface is not served under this host name; call it by an IP \
                 address or `localhost`, or start the program with --allow-host NAME",
            ));
        }
        let same_origin = format!("http://{host}");
        let origins: Vec<&[u8]> = request
            .headers
            .get_all(http::header::ORIGIN)
            .iter()
            .map(|origin| origin.as_bytes())
            .collect();
        let is_same = |origin: &&[u8]| origin.eq_ignore_ascii_case(same_origin.as_bytes());
        let site = request.header("sec-fetch-site").unwrap_or("none");
        if !origins.iter().all(is_same) || !["none", "same-origin"].contains(&site) {
            return Err(Problem::forbidden(
                "the control interface refuses requests from web pages of other origins; call it \
                 from a program, or from a page of this server",
            ));
        }
        Ok(())
    }

    fn is_allowed(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.names.contains(&name)
    }
}

/// The host without its port, and without the brackets of an IPv6 address.
fn name(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}
