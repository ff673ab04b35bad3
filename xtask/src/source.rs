//! Where interface files come from: `--source`, and the place of each file there.

use std::{
    ffi::OsStr,
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{builder::TypedValueParser, error::ErrorKind};
use hoopai_codegen::{Module, is_invisible, redacted_reference};
use url::{Host, Url};

use crate::{Result, fault::fault, lock::Origin};

const PLATFORM: &str = "https://services.leadconnectorhq.com/{module}/openapi.json";
const GITHUB: &str = "https://raw.githubusercontent.com/GoHighLevel/highlevel-api-docs/main/";
const SLOT: &str = "{module}";
const CHOICES: &str =
    "take platform, github, a URL with {module} in it, or a folder with <module>/openapi.json";

/// What `--source` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The platform, and the documentation repository for what the platform does not hand out.
    #[default]
    PlatformThenGithub,
    /// The platform's own server.
    Platform,
    /// The raw files of the public API documentation repository.
    Github,
    /// A URL with `{module}` in it.
    Template(String),
    /// A folder that has `<module>/openapi.json`.
    Folder(PathBuf),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "platform" => Ok(Self::Platform),
            "github" => Ok(Self::Github),
            _ if text.contains("://") => {
                if !text.contains(SLOT) {
                    return Err(format!("the URL has no {{module}} in it; {CHOICES}"));
                }
                let url = Url::parse(&text.replace(SLOT, "module"))
                    .map_err(|error| format!("no URL: {error}; {CHOICES}"))?;
                check_road(&url)?;
                Ok(Self::Template(text.to_owned()))
            }
            _ if Path::new(text).is_dir() => Ok(Self::Folder(text.into())),
            _ => Err(format!("there is no such folder; {CHOICES}")),
        }
    }
}

/// Reads `--source` for clap. Its own parser repeats the value in its errors, and the value may hold a password or a key.
#[derive(Clone)]
pub(crate) struct SourceParser;

impl TypedValueParser for SourceParser {
    type Value = Source;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> std::result::Result<Source, clap::Error> {
        let parsed = value.to_str().ok_or("is not UTF-8".to_owned());
        parsed.and_then(str::parse).map_err(|problem: String| {
            let text = format!("--source: {problem}\n");
            clap::Error::raw(ErrorKind::ValueValidation, text).with_cmd(command)
        })
    }
}

impl Source {
    /// The places to look for a module's file, the best first.
    pub(crate) fn places(&self, module: &Module) -> Result<Vec<(Origin, Place)>> {
        let platform = || -> Result<_> {
            let url = url(PLATFORM.replace(SLOT, &module.name))?;
            Ok((Origin::Platform(url.to_string()), Place::Url(url)))
        };
        let github = || -> Result<_> {
            let path = module
                .github
                .clone()
                .unwrap_or_else(|| format!("apps/{}.json", module.name));
            let url = url(format!("{GITHUB}{path}"))?;
            Ok((Origin::Github(url.to_string()), Place::Url(url)))
        };
        Ok(match self {
            Self::PlatformThenGithub => vec![platform()?, github()?],
            Self::Platform => vec![platform()?],
            Self::Github => vec![github()?],
            Self::Template(template) => {
                let url = url(template.replace(SLOT, &module.name))?;
                let origin = if is_loopback(&url) {
                    Origin::Mirror
                } else {
                    // A query may carry a key, which is nobody else's business.
                    let mut address = url.clone();
                    address.set_query(None);
                    address.set_fragment(None);
                    Origin::Url(address.to_string())
                };
                vec![(origin, Place::Url(url))]
            }
            Self::Folder(folder) => {
                let file = folder.join(&module.name).join("openapi.json");
                let folder = folder.clone();
                vec![(Origin::Mirror, Place::File { folder, file })]
            }
        })
    }
}

fn url(text: String) -> Result<Url> {
    let unusable = |problem: String| fault(redacted_reference(&text), problem, CHOICES);
    let url = Url::parse(&text).map_err(|error| unusable(format!("is no URL: {error}")))?;
    check_road(&url).map_err(unusable)?;
    Ok(url)
}

/// Refuses addresses that are not safe to load from: what is loaded becomes code.
pub(crate) fn check_road(url: &Url) -> std::result::Result<(), String> {
    if has_credentials(url) {
        return Err(
            "a URL with a user name or password in it is refused; give one without".to_owned(),
        );
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => {
            Err("plain http is refused, except from this machine; give an https URL".to_owned())
        }
        other => Err(format!("`{other}:` is refused; give an https URL")),
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// One file, at one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Url(Url),
    File { folder: PathBuf, file: PathBuf },
}

impl Place {
    /// The place of a file that the document at this place refers to. It may not leave the server or the folder.
    pub(crate) fn join(&self, reference: &str) -> Result<Self> {
        let remedy = "a document may only refer to files beside it; take it from another --source";
        let refuse = |problem: &str| {
            fault(
                self.to_string(),
                format!("refers to `{}`, {problem}", redacted_reference(reference)),
                remedy,
            )
        };
        if reference.contains(is_invisible) {
            return Err(refuse("whose name contains a hidden character"));
        }
        match self {
            Self::Url(base) => {
                let url = base
                    .join(reference)
                    .map_err(|_| refuse("which is no address"))?;
                if url.origin() != base.origin() {
                    return Err(refuse("which is on another server"));
                }
                // The reference is an entry of the lock, and what loads it becomes code.
                if has_credentials(&url) {
                    return Err(refuse("which carries a user name or password"));
                }
                if url.query().is_some() {
                    return Err(refuse("which carries a query"));
                }
                Ok(Self::Url(url))
            }
            Self::File { folder, file } => {
                let beside = file.parent().unwrap_or(folder).join(reference);
                let inside = || {
                    Some(
                        beside
                            .canonicalize()
                            .ok()?
                            .starts_with(folder.canonicalize().ok()?),
                    )
                };
                match inside() {
                    None => Err(refuse("which is not there")),
                    Some(false) => Err(refuse("which is outside the folder")),
                    Some(true) => Ok(Self::File {
                        folder: folder.clone(),
                        file: beside,
                    }),
                }
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                // As above: no query, it may carry a key.
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                write!(f, "{shown}")
            }
            Self::File { file, .. } => write!(f, "{}", file.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Source>().expect_err(text)
    }

    #[test]
    fn a_source_is_https_or_of_this_machine() {
        for good in [
            "https://example.com/{module}/openapi.json",
            "http://127.0.0.1:8080/{module}.json",
            "http://[::1]/{module}",
            "http://localhost:1/{module}",
        ] {
            assert_eq!(good.parse(), Ok(Source::Template(good.to_owned())));
        }
        assert!(refusal("http://example.com/{module}").contains("plain http is refused"));
        assert!(refusal("http://127.0.0.1.example.com/{module}").contains("plain http is refused"));
        assert!(refusal("ftp://example.com/{module}").contains("`ftp:` is refused"));
        assert!(
            refusal("https://me:secret@example.com/{module}").contains("user name or password")
        );
        assert!(refusal("https://example.com/openapi.json").contains("no {module} in it"));
        assert!(refusal("no-such-folder").contains("no such folder"));
    }

    #[test]
    fn references_stay_on_the_server() {
        let base = Place::Url(
            Url::parse("https://example.com/contacts/openapi.json?key=1").expect("a URL"),
        );
        assert_eq!(
            base.join("../common/common.json").expect("beside it"),
            Place::Url(Url::parse("https://example.com/common/common.json").expect("a URL"))
        );
        for away in [
            "https://example.org/x.json",
            "//example.org/x.json",
            "http://example.com/x.json",
        ] {
            let fault = base.join(away).expect_err(away);
            assert!(fault.problem.contains("another server"), "{fault}");
            assert_eq!(fault.file, "https://example.com/contacts/openapi.json");
        }
    }

    #[test]
    fn each_source_knows_its_places_and_what_the_lock_may_say_of_them() {
        let module = |github: Option<&str>| Module {
            name: "saas".to_owned(),
            product: "SaaS".to_owned(),
            aliases: Vec::new(),
            github: github.map(str::to_owned),
            default: false,
        };
        let origins = |source: Source, github: Option<&str>| -> Vec<Origin> {
            let places = source.places(&module(github)).expect("places");
            places.into_iter().map(|(origin, _)| origin).collect()
        };
        let platform =
            Origin::Platform("https://services.leadconnectorhq.com/saas/openapi.json".to_owned());
        let github = |path: &str| Origin::Github(format!("{GITHUB}{path}"));
        assert_eq!(
            origins(Source::default(), None),
            [platform, github("apps/saas.json")]
        );
        assert_eq!(
            origins(Source::Github, Some("apps/saas-api.json")),
            [github("apps/saas-api.json")]
        );
        let template = Source::Template("https://example.com/{module}.json?key=secret".to_owned());
        assert_eq!(
            origins(template, None),
            [Origin::Url("https://example.com/saas.json".to_owned())]
        );
        let mirror = Source::Template("http://localhost:80/{module}.json".to_owned());
        assert_eq!(origins(mirror, None), [Origin::Mirror]);
    }
}
