//! Normal forms of email addresses and telephone numbers.

use phonenumber::{Mode, country};

/// The largest number of digits of a number by E.164.
const MOST_DIGITS: usize = 15;

/// A country of telephone numbers.
#[derive(Clone, Copy)]
pub(super) struct Country(country::Id);

impl Country {
    /// Parses a code of two letters.
    pub(super) fn parse(code: &str) -> Option<Country> {
        code.to_ascii_uppercase().parse().ok().map(Country)
    }

    pub(super) fn code(self) -> String {
        self.0.as_ref().to_owned()
    }
}

/// An email address in lower case. The error is a reason without the address.
pub(super) fn email(text: &str) -> Result<String, &'static str> {
    let address = text.to_lowercase();
    if address.matches('@').count() > 1 && address.contains([',', ';', ' ', '/', '|']) {
        return Err("it has several email addresses, of which the platform keeps one");
    }
    let is_valid = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    match is_valid && !address.contains(|c: char| c.is_whitespace() || c == ',' || c == ';') {
        true => Ok(address),
        false => Err("it is not an email address"),
    }
}

/// A telephone number in the form of E.164: `+15550100199`. The error is a reason without the number.
pub(super) fn e164(text: &str, country: Option<Country>) -> Result<String, &'static str> {
    let number =
        phonenumber::parse(country.map(|country| country.0), text).map_err(|error| {
            match (error, country) {
                (phonenumber::ParseError::InvalidCountryCode, None) => {
                    "it has no country code, and no country is set for such numbers"
                }
                _ => "it is not a telephone number",
            }
        })?;
    if number.extension().is_some() {
        return Err("it has an extension, which E.164 lacks");
    }
    let normal = number.format().mode(Mode::E164).to_string();
    match normal.len() <= MOST_DIGITS + 1 && normal.len() > 7 {
        true => Ok(normal),
        false => Err("it is not a telephone number"),
    }
}
