//! Finds the reason of a failed request in the TLS and HTTP/2 errors below an error of reqwest.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// The HTTP/2 signal by which the server states that it did not process a request, if there is one.
///
/// A stream gets the error of a `GOAWAY` frame only if its id is above the last one that the server
/// processes.
pub(super) fn unprocessed(error: &reqwest::Error) -> Option<&'static str> {
    let error: &h2::Error = find(error)?;
    if !error.is_remote() {
        return None;
    }
    if error.is_go_away() {
        return Some("GOAWAY");
    }
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    refused.then_some("REFUSED_STREAM")
}

/// The reason and remedy of a TLS failure that a retry does not change.
pub(super) fn permanent_tls_failure(error: &reqwest::Error) -> Option<String> {
    let error: &TlsError = find(error)?;
    let text = match error {
        TlsError::InvalidCertificate(invalid) => certificate_text(invalid),
        TlsError::AlertReceived(alert) => return alert_text(*alert),
        TlsError::InvalidMessage(_) => {
            "the server does not answer with TLS: check the base URL and any proxy"
        }
        TlsError::PeerIncompatible(_) | TlsError::NoApplicationProtocol => {
            "the server and this client have no TLS version or cipher in common: check `min_tls_version`"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn certificate_text(invalid: &CertificateError) -> &'static str {
    match invalid {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid today: check this machine's clock, and contact the server's operator"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host name: check the base URL, and any `resolve` setting"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is from an authority that this machine does not trust: if a proxy of your network issues it, add its root with `add_root_certificate`"
        }
        CertificateError::Revoked => {
            "the server's certificate was revoked: contact the server's operator"
        }
        _ => {
            "the server's certificate is not valid: check the base URL and any proxy, or add its root with `add_root_certificate`"
        }
    }
}

/// The reason and remedy of a handshake that the server ended. `None`: a later one may succeed.
fn alert_text(alert: AlertDescription) -> Option<String> {
    let remedy = match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            "it requires a client certificate, or does not accept the given one: see `identity`"
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity
        | AlertDescription::HandshakeFailure
        | AlertDescription::NoApplicationProtocol => {
            "it has no TLS version or cipher in common with this client: see `min_tls_version`"
        }
        AlertDescription::UnrecognisedName => {
            "it does not serve this host name: check the base URL, and any `resolve` setting"
        }
        _ => return None,
    };
    Some(format!(
        "the server ended the TLS handshake, because {remedy}"
    ))
}

/// The first error of a type in a chain.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            // `source` would skip the inner error.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}
