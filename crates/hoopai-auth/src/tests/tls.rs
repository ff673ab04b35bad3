//! Errors of TLS, as the clients of databases wrap them, and trusted certificates.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;

use crate::tls;

fn text(error: &(dyn Error + 'static)) -> String {
    let error = tls::error("the server", error);
    error.expect("an error of TLS").to_string()
}

#[test]
fn errors_of_certificates_say_what_to_do() {
    use rustls::Error::InvalidCertificate;
    for (error, problem, remedy) in [
        (
            InvalidCertificate(CertificateError::UnknownIssuer),
            "the certificate of the server has an unknown issuer",
            "connect_with_root_certificates",
        ),
        (
            InvalidCertificate(CertificateError::NotValidForName),
            "is for another host",
            "host name of the certificate",
        ),
        (
            InvalidCertificate(CertificateError::Expired),
            "has expired",
            "clock",
        ),
        (
            InvalidCertificate(CertificateError::Revoked),
            "TLS connection to the server failed",
            "certificate",
        ),
        (
            rustls::Error::HandshakeNotComplete,
            "TLS connection to the server failed",
            "uses TLS on this port",
        ),
    ] {
        let wrapped = io::Error::other(error.clone());
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(io::Error::other(error.clone()));
        for text in [
            text(&error),
            text(&wrapped),
            text(&io::Error::other(io::Error::other(error.clone()))),
            text(&shared),
        ] {
            assert!(text.contains(problem) && text.contains(remedy), "{text}");
        }
    }
}

#[test]
fn other_errors_are_none_of_tls() {
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    assert!(tls::error("the server", &refused).is_none());
    let other = io::Error::other("another");
    assert!(tls::error("the server", &other).is_none());
}

#[test]
fn certificates_are_read_from_pem() {
    let make = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["db.test".to_owned()]).unwrap();
        params.self_signed(&key).unwrap().pem()
    };
    let (one, other) = (make(), make());
    for (pem, count) in [(one.clone(), 1), (format!("# CA\n{one}\n{other}"), 2)] {
        assert_eq!(tls::root_certificates(pem.as_bytes()).unwrap().len(), count);
    }
    let cut = one.replace("-----END CERTIFICATE-----", "");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for wrong in ["", "no pem", &cut, garbage] {
        let error = tls::root_certificates(wrong.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("PEM file"), "{error}");
    }
}
