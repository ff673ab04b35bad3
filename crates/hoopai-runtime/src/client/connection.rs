//! Connection settings: certificates, proxies, addresses and the pool.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, redirect, retry, tls};

use crate::error::Error;
use crate::request::base_url::BaseUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings that differ from those of reqwest.
#[derive(Default)]
pub(crate) struct ConnectionSettings {
    pub(super) client: Option<Client>,
    pub(super) builder: Option<ClientBuilder>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) proxy: Option<Proxy>,
    pub(super) roots: Vec<Certificate>,
    pub(super) only_these_roots: bool,
    pub(super) identity: Option<Identity>,
    pub(super) min_tls_version: Option<tls::Version>,
    pub(super) addresses: Vec<(String, Vec<SocketAddr>)>,
    pub(super) pool_idle_timeout: Option<Duration>,
    pub(super) pool_max_idle: Option<usize>,
}

impl ConnectionSettings {
    /// Returns the HTTP client of calls.
    pub(crate) fn for_calls(&mut self, base_url: &BaseUrl) -> Result<Client, Error> {
        self.check()?;
        match &self.client {
            Some(client) => Ok(client.clone()),
            None => self.build(base_url),
        }
    }

    /// Returns the HTTP client of token requests.
    pub(crate) fn for_tokens(
        mut self,
        for_calls: &Client,
        base_url: &BaseUrl,
    ) -> Result<Client, Error> {
        match self.client {
            Some(_) => self.build(base_url),
            None => Ok(for_calls.clone()),
        }
    }

    /// Rejects settings that cannot be applied to a client that is already built.
    fn check(&self) -> Result<(), Error> {
        if self.client.is_none() {
            return Ok(());
        }
        let set = [
            ("http_client_builder", self.builder.is_some()),
            ("connect_timeout", self.connect_timeout.is_some()),
            ("proxy", self.proxy.is_some()),
            ("add_root_certificate", !self.roots.is_empty()),
            ("only_added_root_certificates", self.only_these_roots),
            ("identity", self.identity.is_some()),
            ("min_tls_version", self.min_tls_version.is_some()),
            ("resolve", !self.addresses.is_empty()),
            ("pool_idle_timeout", self.pool_idle_timeout.is_some()),
            ("pool_max_idle", self.pool_max_idle.is_some()),
        ];
        let names: Vec<String> = set
            .iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::config(format!(
            "{} cannot be applied to the client that is set with `http_client`, which is already built: set it in that client, or use `http_client_builder`",
            names.join(", ")
        )))
    }

    fn build(&mut self, base_url: &BaseUrl) -> Result<Client, Error> {
        if self.only_these_roots && self.roots.is_empty() {
            return Err(Error::config(
                "`only_added_root_certificates` is set but no certificate is added, so no server can be trusted: call `add_root_certificate`",
            ));
        }
        let has_defaults = self.builder.is_none();
        let mut builder = self.builder.take().unwrap_or_default();
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        } else if has_defaults {
            builder = builder.connect_timeout(CONNECT_TIMEOUT);
        }
        if let Some(proxy) = self.proxy.take() {
            builder = builder.proxy(proxy);
        } else if has_defaults && base_url.is_loopback() {
            builder = builder.no_proxy();
        }
        if self.only_these_roots {
            builder = builder.tls_certs_only(self.roots.drain(..));
        } else if !self.roots.is_empty() {
            builder = builder.tls_certs_merge(self.roots.drain(..));
        }
        if let Some(identity) = self.identity.take() {
            builder = builder.identity(identity);
        }
        if let Some(version) = self.min_tls_version {
            builder = builder.tls_version_min(version);
        }
        for (host, addresses) in &self.addresses {
            builder = builder.resolve_to_addrs(host, addresses);
        }
        if let Some(timeout) = self.pool_idle_timeout {
            builder = builder.pool_idle_timeout(timeout);
        }
        if let Some(connections) = self.pool_max_idle {
            builder = builder.pool_max_idle_per_host(connections);
        }
        builder
            // A redirect is reported as an error; following it could send the token to another
            // server.
            .redirect(redirect::Policy::none())
            // The pipeline decides on retries. With a maximum of 0, requests are not copied for one.
            .retry(retry::never().max_retries_per_request(0))
            .build()
            .map_err(Error::no_client)
    }
}
