//! TLS of stores on a server: trusted certificates, and errors that say what to do.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, RootCertStore};

use crate::store_error::StoreError;

/// Returns the cryptography that the process has chosen for rustls, or else that of aws-lc-rs.
pub fn provider() -> Arc<CryptoProvider> {
    let chosen = CryptoProvider::get_default().cloned();
    chosen.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

/// Reads the certificates of a PEM file, which are trusted instead of those of the operating
/// system.
///
/// # Errors
/// Fails if one cannot be read, or if there is none.
pub fn root_certificates(pem: &[u8]) -> Result<RootCertStore, StoreError> {
    let unreadable = |cause: String| {
        StoreError::new(
            format!("the trusted certificates cannot be read: {cause}"),
            "use a PEM file of certificates, each from BEGIN CERTIFICATE to END CERTIFICATE",
        )
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there is no certificate".to_owned()));
    }
    Ok(roots)
}

/// Returns the error of a connection whose TLS failed. `None`: there was another error. `server` is
/// the name of the server in a sentence.
pub fn error(server: &str, error: &(dyn Error + 'static)) -> Option<StoreError> {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        UnknownIssuer,
    };
    let error = cause(error)?;
    let (problem, remedy) = match error {
        // The signature is bad if a trusted issuer has the same name and another key.
        rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature) => (
            format!("the certificate of {server} has an unknown issuer"),
            "pass the certificate of its issuer to `connect_with_root_certificates`, or set \
             HOOPAI_STORE_CA to the path of its PEM file",
        ),
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => (
            format!("the certificate of {server} is for another host"),
            "use a host name of the certificate in the URL",
        ),
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => (
            format!("the certificate of {server} has expired"),
            "renew it, or check the clock of this machine",
        ),
        _ => (
            format!("the TLS connection to {server} failed: {error}"),
            "check that the server uses TLS on this port, and its certificate",
        ),
    };
    Some(StoreError::new(problem, remedy).caused_by(error.clone()))
}

/// Finds the error of rustls among the causes of an error.
fn cause<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // Both of these name the causes of what they wrap as theirs, and not what they wrap.
        let wrapped = match error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
            Some(shared) => Some(&**shared as &(dyn Error + 'static)),
            None => (error.downcast_ref::<io::Error>())
                .and_then(io::Error::get_ref)
                .map(|inner| inner as &(dyn Error + 'static)),
        };
        error = wrapped.or_else(|| error.source())?;
    }
}
