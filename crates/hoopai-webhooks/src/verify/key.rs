//! Public keys.

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::KeyError;

/// The platform's key of `X-GHL-Signature`.
pub(super) const PUBLISHED_ED25519: &str =
    "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=";

/// The platform's key of `X-WH-Signature`.
#[cfg(feature = "rsa")]
pub(super) const PUBLISHED_RSA: &str = "-----BEGIN PUBLIC KEY-----
MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC
Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6
dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB
csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv
uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF
3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU
J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp
IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN
h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC
HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ
PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk
T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ==
-----END PUBLIC KEY-----";

/// The start of the DER of each Ed25519 key (RFC 8410). The 32 bytes of the key follow.
const ED25519_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The start of the DER of each RSA key of 4096 bits with the exponent 65537. The `RSAPublicKey`
/// follows.
#[cfg(feature = "rsa")]
const RSA_4096_PREFIX: [u8; 24] = [
    0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x02, 0x0f, 0x00,
];

/// Decodes PEM, or the base64 between its first and last line.
fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    let lines = text.lines().map(str::trim);
    let base64: String = lines.filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).map_err(|_| KeyError::Encoding)
}

pub(super) fn parse_ed25519(text: &str) -> Result<ParsedPublicKey, KeyError> {
    let der = decode(text)?;
    match der.strip_prefix(&ED25519_PREFIX) {
        Some(key) if key.len() == 32 => {
            ParsedPublicKey::new(&ED25519, &der).map_err(|_| KeyError::NotEd25519)
        }
        _ => Err(KeyError::NotEd25519),
    }
}

#[cfg(feature = "rsa")]
pub(super) fn parse_rsa(text: &str) -> Result<ParsedPublicKey, KeyError> {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaParameters};

    let der = decode(text)?;
    let key = der
        .strip_prefix(&RSA_4096_PREFIX)
        .ok_or(KeyError::NotRsa4096)?;
    match RsaParameters::public_modulus_len(key) {
        Ok(4096) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der)
            .map_err(|_| KeyError::NotRsa4096),
        _ => Err(KeyError::NotRsa4096),
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyError, PUBLISHED_ED25519, decode, parse_ed25519};

    #[test]
    fn published_ed25519_key_parses() {
        let der = decode(PUBLISHED_ED25519).unwrap();
        let hex: String = der[12..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "8b61d1d6cacbe28d7c3bc0516bb815258ec6edbba96cddc7f40c09ac708388e8"
        );
        parse_ed25519(PUBLISHED_ED25519).unwrap();
    }

    #[cfg(feature = "rsa")]
    #[test]
    fn published_rsa_key_parses() {
        use super::{PUBLISHED_RSA, parse_rsa};
        use aws_lc_rs::digest::{SHA256, digest};

        let der = decode(PUBLISHED_RSA).unwrap();
        assert_eq!(der.len(), 550);
        let hash = digest(&SHA256, &der);
        let hex: String = hash
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "2f62045d413b1b7747e26770ce7f57840cbf86288cd20ceb90d299a62501fd25"
        );
        parse_rsa(PUBLISHED_RSA).unwrap();
        let one_line: String = PUBLISHED_RSA
            .lines()
            .filter(|l| l.len() <= 64 && !l.starts_with('-'))
            .collect();
        parse_rsa(&one_line).unwrap();
        assert_eq!(
            parse_rsa(PUBLISHED_ED25519).unwrap_err(),
            KeyError::NotRsa4096
        );
        assert_eq!(
            parse_ed25519(PUBLISHED_RSA).unwrap_err(),
            KeyError::NotEd25519
        );
    }

    #[test]
    fn unusable_text_is_an_error() {
        for text in [
            "",
            "AAAA",
            "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiA==",
        ] {
            assert_eq!(
                parse_ed25519(text).unwrap_err(),
                KeyError::NotEd25519,
                "{text}"
            );
        }
        for text in ["é", "MCow BQ", "----", &PUBLISHED_ED25519[1..]] {
            assert_eq!(
                parse_ed25519(text).unwrap_err(),
                KeyError::Encoding,
                "{text}"
            );
        }
    }
}
