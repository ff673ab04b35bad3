//! Settings of connections: certificates, proxies, names and the pool.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, redirect, retry, tls};

use crate::client::base_url::BaseUrl;
use crate::{Error, HandleBuilder};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What was set; everything else is as reqwest has it.
#[derive(Default)]
pub(crate) struct ConnectionSettings {
    client: Option<Client>,
    builder: Option<ClientBuilder>,
    connect_timeout: Option<Duration>,
    proxy: Option<Proxy>,
    roots: Vec<Certificate>,
    only_these_roots: bool,
    identity: Option<Identity>,
    min_tls_version: Option<tls::Version>,
    addresses: Vec<(String, Vec<SocketAddr>)>,
    pool_idle_timeout: Option<Duration>,
    pool_max_idle: Option<usize>,
}

impl HandleBuilder {
    /// Limits the time that connecting takes. 10 seconds unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout = Some(timeout);
        self
    }

    /// Sends all requests through a proxy. Unless set, the environment determines it.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.connection.proxy = Some(proxy);
        self
    }

    /// Trusts a root certificate as well, such as that of a proxy that inspects TLS. May be called several times.
    pub fn add_root_certificate(mut self, certificate: Certificate) -> Self {
        self.connection.roots.push(certificate);
        self
    }

    /// Trusts only the certificates given to [`add_root_certificate`](HandleBuilder::add_root_certificate), and not those of
    /// the machine.
    pub fn only_added_root_certificates(mut self, only: bool) -> Self {
        self.connection.only_these_roots = only;
        self
    }

    /// Presents a certificate of the client, for a proxy or gateway that demands one.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.connection.identity = Some(identity);
        self
    }

    /// Rejects servers with an older version of TLS. TLS 1.2 unless set.
    pub fn min_tls_version(mut self, version: tls::Version) -> Self {
        self.connection.min_tls_version = Some(version);
        self
    }

    /// Connects to this address in place of the one that DNS has for a host; the port is used if it is not 0. Several
    /// addresses for a host are tried in turn.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        let host = host.into();
        let addresses = &mut self.connection.addresses;
        match addresses.iter_mut().find(|(known, _)| *known == host) {
            Some((_, addresses)) => addresses.push(address),
            None => addresses.push((host, vec![address])),
        }
        self
    }

    /// Closes connections that were idle for this long. 90 seconds unless set.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.connection.pool_idle_timeout = Some(timeout);
        self
    }

    /// Limits the number of idle connections that are kept. No limit unless set.
    pub fn pool_max_idle(mut self, connections: usize) -> Self {
        self.connection.pool_max_idle = Some(connections);
        self
    }

    /// A builder of the caller's own for the HTTP client, for settings that have no method here. Redirects and retries are switched
    /// off in it: a redirect could carry tokens to another server, and only this crate knows which calls may be sent again. Other
    /// settings of this builder are applied to it.
    pub fn http_client_builder(mut self, builder: ClientBuilder) -> Self {
        self.connection.builder = Some(builder);
        self
    }

    /// An HTTP client of the caller's own, to share its connections. Prefer
    /// [`http_client_builder`](HandleBuilder::http_client_builder), and set `redirect::Policy::none()` in the client.
    ///
    /// A client that follows redirects has sent the request on before this crate sees the reply. Such a reply is an error, and the
    /// call is not sent again. Requests for tokens never use the client, because their bodies hold secrets.
    pub fn http_client(mut self, client: Client) -> Self {
        self.connection.client = Some(client);
        self
    }
}

impl ConnectionSettings {
    /// The client for calls.
    pub(crate) fn for_calls(&mut self, base_url: &BaseUrl) -> Result<Client, Error> {
        self.check()?;
        match &self.client {
            Some(given) => Ok(given.clone()),
            None => self.make(base_url),
        }
    }

    /// The client for requests for tokens, next to the one for calls.
    pub(crate) fn for_tokens(
        mut self,
        for_calls: &Client,
        base_url: &BaseUrl,
    ) -> Result<Client, Error> {
        match self.client {
            Some(_) => self.make(base_url),
            None => Ok(for_calls.clone()),
        }
    }

    /// A client that is made already takes no more settings.
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
            "{} cannot be applied to the client given to `http_client`, which is made already: set it in that client, or use `http_client_builder`",
            names.join(", ")
        )))
    }

    fn make(&mut self, base_url: &BaseUrl) -> Result<Client, Error> {
        if self.only_these_roots && self.roots.is_empty() {
            return Err(Error::config(
                "`only_added_root_certificates` is set and no certificate is added, so that no server could be trusted: call `add_root_certificate`",
            ));
        }
        let own = self.builder.is_none();
        let mut builder = self.builder.take().unwrap_or_default();
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        } else if own {
            builder = builder.connect_timeout(CONNECT_TIMEOUT);
        }
        if let Some(proxy) = self.proxy.take() {
            builder = builder.proxy(proxy);
        } else if own && base_url.is_loopback() {
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
            // A redirect is a reply to report: followed, it could carry the token elsewhere.
            .redirect(redirect::Policy::none())
            // Whether a call is sent again is decided by this crate, which knows what may be.
            .retry(retry::never())
            .build()
            .map_err(Error::no_client)
    }
}
