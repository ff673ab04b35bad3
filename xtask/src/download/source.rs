//! The sources of interface files (`--source`), and the location of each file.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fmt, fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{builder::TypedValueParser, error::ErrorKind};
use hoopai_codegen::{Module, is_invisible, redacted_reference};
use url::{Host, Url};

use crate::{
    download::git::Commit,
    error::{Result, file_error, io_error},
    workspace::SpecOrigin,
};

const PLATFORM: &str = "https://services.leadconnectorhq.com/{module}/openapi.json";
const GITHUB: &str = "https://raw.githubusercontent.com/GoHighLevel/highlevel-api-docs/main/";
const MODULE_PLACEHOLDER: &str = "{module}";
/// The folder of the modules' files in the public API documentation repository.
const PUBLIC_FOLDER: &str = "apps";
/// The folder of the files that modules share, in all layouts.
const SHARED_FOLDER: &str = "common";
const CHOICES: &str = "use platform, github, a URL with {module} in it, a folder with <module>/openapi.json or apps/<module>.json, or FOLDER@COMMIT of a git repository";

/// The value of `--source`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The platform, and the documentation repository for modules that the platform does not
    /// provide.
    #[default]
    PlatformThenGithub,
    /// The platform's own server.
    Platform,
    /// The raw files of the public API documentation repository.
    Github,
    /// A URL with `{module}` in it.
    Template(String),
    /// A folder that has `<module>/openapi.json`, or the layout of the public API documentation
    /// repository.
    Folder(PathBuf),
    /// The files of a commit of a local git repository, in one of the layouts of a folder.
    Git(Commit),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "platform" => Ok(Self::Platform),
            "github" => Ok(Self::Github),
            _ if text.contains("://") => {
                let url = Url::parse(&text.replace(MODULE_PLACEHOLDER, "module"))
                    .map_err(|error| format!("not a URL: {error}; {CHOICES}"))?;
                check_url(&url)?;
                if !text.contains(MODULE_PLACEHOLDER) {
                    return Err(format!("the URL does not contain {{module}}; {CHOICES}"));
                }
                Ok(Self::Template(text.to_owned()))
            }
            _ if Path::new(text).is_dir() => Ok(Self::Folder(text.into())),
            _ => match folder_and_commit(text) {
                Some((folder, commit)) => Commit::find(Path::new(folder), commit).map(Self::Git),
                None => Err(format!("{}; {CHOICES}", why_unusable(text))),
            },
        }
    }
}

/// Why a text is neither a folder nor a URL. Without the text, which may contain a password.
fn why_unusable(text: &str) -> String {
    let folder = text.split_once('@').map_or(text, |(folder, _)| folder);
    let error = match fs::metadata(text).or_else(|_| fs::metadata(folder)) {
        Ok(_) => return "it is a file, not a folder".to_owned(),
        Err(error) => error,
    };
    if text.contains(MODULE_PLACEHOLDER) || has_scheme(text) {
        return "neither a folder nor a URL, which starts with `https://`".to_owned();
    }
    match error.kind() {
        io::ErrorKind::NotFound => "no such folder".to_owned(),
        _ => format!("the folder cannot be read: {error}"),
    }
}

/// Whether a text starts as a URL does. One letter is the drive of a path.
fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Splits `FOLDER@COMMIT`. Both may contain `@`.
fn folder_and_commit(text: &str) -> Option<(&str, &str)> {
    let mut splits = text.match_indices('@').map(|(at, _)| text.split_at(at));
    let (folder, commit) = splits.find(|(folder, _)| Path::new(folder).is_dir())?;
    Some((folder, &commit[1..]))
}

/// Parses a source for clap. Clap's own errors repeat the value, which may contain a password or
/// a key.
#[derive(Clone)]
pub(crate) struct SourceParser;

impl TypedValueParser for SourceParser {
    type Value = Source;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> std::result::Result<Source, clap::Error> {
        let parsed = value.to_str().ok_or("is not UTF-8".to_owned());
        parsed.and_then(str::parse).map_err(|problem: String| {
            let name = argument.map_or_else(String::new, |argument| match argument.get_long() {
                Some(long) => format!("--{long}"),
                None => argument.get_id().as_str().to_uppercase(),
            });
            let text = format!("{name}: {problem}\n");
            clap::Error::raw(ErrorKind::ValueValidation, text).with_cmd(command)
        })
    }
}

impl Source {
    /// Whether this is a folder without a file for a module.
    pub(crate) fn lacks(&self, module: &Module) -> bool {
        let is_absent = |(_, location): &(SpecOrigin, Location)| match location {
            Location::Url(_) => false,
            Location::File { file, .. } => !file.exists(),
            Location::Git { commit, path } => !commit.contains(path),
        };
        let locations = self.locations(module).unwrap_or_default();
        !locations.is_empty() && locations.iter().all(is_absent)
    }

    /// The locations of a module's file, in the order of preference.
    pub(crate) fn locations(&self, module: &Module) -> Result<Vec<(SpecOrigin, Location)>> {
        let platform = || -> Result<_> {
            let url = url(PLATFORM.replace(MODULE_PLACEHOLDER, &module.name))?;
            Ok((SpecOrigin::Platform(url.to_string()), Location::Url(url)))
        };
        let github = || -> Result<_> {
            let url = url(format!("{GITHUB}{}", public_path(module)))?;
            Ok((SpecOrigin::Github(url.to_string()), Location::Url(url)))
        };
        Ok(match self {
            Self::PlatformThenGithub => vec![platform()?, github()?],
            Self::Platform => vec![platform()?],
            Self::Github => vec![github()?],
            Self::Template(template) => {
                let url = url(template.replace(MODULE_PLACEHOLDER, &module.name))?;
                let origin = if is_loopback(&url) {
                    SpecOrigin::Mirror
                } else {
                    // A query may contain a key.
                    let mut address = url.clone();
                    address.set_query(None);
                    address.set_fragment(None);
                    SpecOrigin::Url(address.to_string())
                };
                vec![(origin, Location::Url(url))]
            }
            Self::Folder(folder) => {
                let file = folder.join(path_of(module, |path| folder.join(path).exists()));
                let folder = folder.clone();
                vec![(SpecOrigin::Mirror, Location::File { folder, file })]
            }
            Self::Git(commit) => {
                let path = path_of(module, |path| commit.contains(path));
                let origin = SpecOrigin::Git(commit.object(&path));
                let commit = commit.clone();
                vec![(origin, Location::Git { commit, path })]
            }
        })
    }

    /// Whether modules that this source lacks no longer exist. The platform and the public repository
    /// each have modules that the other lacks, so only both together can tell, or a folder or commit
    /// of our layout, which holds the files of both.
    pub(crate) fn has_all_modules(&self) -> Result<bool> {
        let paths = match self {
            Self::PlatformThenGithub => return Ok(true),
            Self::Platform | Self::Github | Self::Template(_) => return Ok(false),
            Self::Folder(folder) => files_of(folder)?,
            Self::Git(commit) => commit.paths().map(str::to_owned).collect(),
        };
        let folders = |path: &String| path.split_once('/').map(|(folder, _)| folder.to_owned());
        let is_public = paths
            .iter()
            .filter_map(folders)
            .any(|name| name == PUBLIC_FOLDER);
        let is_ours = |path: &String| path.ends_with("/openapi.json");
        Ok(!is_public && paths.iter().any(is_ours))
    }

    /// The names of the modules of this source, or `None` if it cannot list them. A file of a
    /// module of `listed` has the name of that module. A folder or commit without any is an error.
    pub(crate) fn module_names(&self, listed: &[Module]) -> Result<Option<BTreeSet<String>>> {
        let (place, paths) = match self {
            Self::Folder(folder) => (folder.display().to_string(), files_of(folder)?),
            Self::Git(commit) => {
                let paths = commit.paths().map(str::to_owned).collect();
                (commit.name(), paths)
            }
            _ => return Ok(None),
        };
        let lacks_all = || listed.iter().all(|module| self.lacks(module));
        let paths_of_listed: BTreeMap<String, &str> = listed
            .iter()
            .flat_map(|module| candidates(module).map(|path| (path, module.name.as_str())))
            .collect();
        let name = |path: &String| {
            let listed = paths_of_listed.get(path).copied();
            listed.or_else(|| module_name(path)).map(str::to_owned)
        };
        let names: BTreeSet<String> = paths.iter().filter_map(name).collect();
        if names.is_empty() && lacks_all() {
            let problem = "has neither <module>/openapi.json nor apps/<module>.json of any module";
            let remedy = "name the folder above those of the modules, or another --source";
            return Err(file_error(place, problem, remedy));
        }
        Ok(Some(names))
    }
}

/// The paths of a folder's files that may be those of modules, with `/` between names.
fn files_of(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for name in names_in(folder)? {
        let path = folder.join(&name);
        let inside = match name.as_str() {
            PUBLIC_FOLDER if path.is_dir() => names_in(&path)?,
            _ => vec!["openapi.json".to_owned(), format!("{name}.json")],
        };
        let inside = inside.into_iter().map(|file| format!("{name}/{file}"));
        let candidates = inside.chain([name.clone()]);
        files.extend(candidates.filter(|path| folder.join(path).is_file()));
    }
    Ok(files)
}

/// The names in a folder. Names that are not UTF-8 are left out: no module has one.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let unreadable =
        |error: io::Error| io_error(folder.display().to_string(), "cannot be read", &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        names.extend(entry.map_err(unreadable)?.file_name().into_string());
    }
    Ok(names)
}

/// The name of the module whose file has this path in one of the layouts. Files in the root are
/// those of listed modules only: other files are there too.
fn module_name(path: &str) -> Option<&str> {
    let (folder, file) = path.split_once('/')?;
    let stem = file.strip_suffix(".json")?;
    match folder {
        SHARED_FOLDER => None,
        PUBLIC_FOLDER => Some(stem).filter(|stem| !stem.contains('/')),
        _ => (stem == "openapi" || stem == folder).then_some(folder),
    }
}

/// The path of a module's file in the public API documentation repository.
fn public_path(module: &Module) -> String {
    let own = module.github.clone();
    own.unwrap_or_else(|| format!("{PUBLIC_FOLDER}/{}.json", module.name))
}

/// The path of a module's file in a folder, in the first layout that has it. If none has it, the
/// path where it would be.
fn path_of(module: &Module, exists: impl Fn(&str) -> bool) -> String {
    let [ours, public, ..] = candidates(module);
    let missing = if exists(PUBLIC_FOLDER) { public } else { ours };
    let found = candidates(module).into_iter().find(|path| exists(path));
    found.unwrap_or(missing)
}

/// The paths of a module's file in each layout: ours, then the current and older layouts of the
/// public repository.
fn candidates(module: &Module) -> [String; 4] {
    let name = &module.name;
    let public = public_path(module);
    let file_name = public.rsplit('/').next().unwrap_or_default().to_owned();
    [
        format!("{name}/openapi.json"),
        public,
        file_name,
        format!("{name}/{name}.json"),
    ]
}

fn url(text: String) -> Result<Url> {
    let unusable = |problem: String| file_error(redacted_reference(&text), problem, CHOICES);
    let url = Url::parse(&text).map_err(|error| unusable(format!("is not a URL: {error}")))?;
    check_url(&url).map_err(unusable)?;
    Ok(url)
}

/// Rejects URLs with credentials, and URLs of other machines without https, since downloads become
/// code.
pub(crate) fn check_url(url: &Url) -> std::result::Result<(), String> {
    if has_credentials(url) {
        return Err("a URL with a user name or password is rejected; use one without".to_owned());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => {
            Err("plain http is rejected, except from this machine; use an https URL".to_owned())
        }
        other => Err(format!("`{other}:` is rejected; use an https URL")),
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether the host of a URL is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// The URL or path of one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    Url(Url),
    File { folder: PathBuf, file: PathBuf },
    Git { commit: Commit, path: String },
}

impl Location {
    /// Resolves a reference of the document at this location. It must stay on the same server or in
    /// the folder. `None` if the file does not exist in the folder or commit.
    pub(crate) fn join(&self, reference: &str) -> Result<Option<Self>> {
        let remedy = "a document may only refer to files beside it; use another --source";
        let reject = |problem: &str| {
            file_error(
                self.to_string(),
                format!("refers to `{}`, {problem}", redacted_reference(reference)),
                remedy,
            )
        };
        if reference.contains(is_invisible) {
            return Err(reject("whose name contains a hidden character"));
        }
        match self {
            Self::Url(base) => {
                let url = base
                    .join(reference)
                    .map_err(|_| reject("which is not an address"))?;
                if url.origin() != base.origin() {
                    return Err(reject("which is on another server"));
                }
                // The lock file contains the reference, and the file becomes code.
                if has_credentials(&url) {
                    return Err(reject("which contains a user name or password"));
                }
                if url.query().is_some() {
                    return Err(reject("which contains a query"));
                }
                Ok(Some(Self::Url(url)))
            }
            Self::Git { commit, path } => {
                let path = join_paths(path, reference)
                    .ok_or_else(|| reject("which is outside the repository"))?;
                let commit = commit.clone();
                Ok(commit.contains(&path).then_some(Self::Git { commit, path }))
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
                    None => Ok(None),
                    Some(false) => Err(reject("which is outside the folder")),
                    Some(true) => Ok(Some(Self::File {
                        folder: folder.clone(),
                        file: beside,
                    })),
                }
            }
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                // A query may contain a key.
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                write!(f, "{shown}")
            }
            Self::File { file, .. } => write!(f, "{}", file.display()),
            Self::Git { commit, path } => write!(f, "{}", commit.object(path)),
        }
    }
}

/// Resolves a relative path. `None` if it leaves the root.
fn join_paths(from: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(text: &str) -> String {
        text.parse::<Source>().expect_err(text)
    }

    #[test]
    fn source_is_https_or_on_this_machine() {
        for good in [
            "https://example.com/{module}/openapi.json",
            "http://127.0.0.1:8080/{module}.json",
            "http://[::1]/{module}",
            "http://localhost:1/{module}",
        ] {
            assert_eq!(good.parse(), Ok(Source::Template(good.to_owned())));
        }
        assert!(parse_error("http://example.com/{module}").contains("plain http is rejected"));
        assert!(
            parse_error("http://127.0.0.1.example.com/{module}").contains("plain http is rejected")
        );
        assert!(parse_error("ftp://example.com/{module}").contains("`ftp:` is rejected"));
        assert!(
            parse_error("https://me:secret@example.com/{module}").contains("user name or password")
        );
        assert!(
            parse_error("https://example.com/openapi.json").contains("does not contain {module}")
        );
    }

    #[test]
    fn error_of_an_unusable_source_names_the_cause_and_not_the_text() {
        let folder = folder(&["links.json"]);
        let file = folder.path().join("links.json");
        let file = file.to_str().expect("UTF-8");
        let no_url = "neither a folder nor a URL";
        for (text, cause) in [
            (file.to_owned(), "a file, not a folder"),
            (format!("{file}@main"), "a file, not a folder"),
            ("no-such-folder".to_owned(), "no such folder"),
            ("no-such-folder@main".to_owned(), "no such folder"),
            (r"C:\no-such-folder".to_owned(), "no such folder"),
            ("htp:/me:secret@example.com".to_owned(), no_url),
            ("example.com/{module}?key=secret".to_owned(), no_url),
            ("htp://me:secret@example.com".to_owned(), "user name"),
            ("htp://example.com".to_owned(), "`htp:` is rejected"),
        ] {
            let error = parse_error(&text);
            assert!(error.contains(cause), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn references_to_other_servers_are_rejected() {
        let base = Location::Url(
            Url::parse("https://example.com/contacts/openapi.json?key=1").expect("a URL"),
        );
        assert_eq!(
            base.join("../common/common.json").expect("resolved"),
            Some(Location::Url(
                Url::parse("https://example.com/common/common.json").expect("a URL")
            ))
        );
        for other in [
            "https://example.org/x.json",
            "//example.org/x.json",
            "http://example.com/x.json",
        ] {
            let error = base.join(other).expect_err(other);
            assert!(error.problem.contains("another server"), "{error}");
            assert_eq!(error.file, "https://example.com/contacts/openapi.json");
        }
    }

    #[test]
    fn locations_of_each_source_and_their_origins_in_the_lock() {
        let module = |github: Option<&str>| Module {
            name: "saas".to_owned(),
            product: "SaaS".to_owned(),
            aliases: Vec::new(),
            github: github.map(str::to_owned),
            default: false,
            deprecated: false,
        };
        let origins = |source: Source, github: Option<&str>| -> Vec<SpecOrigin> {
            let locations = source.locations(&module(github)).expect("locations");
            locations.into_iter().map(|(origin, _)| origin).collect()
        };
        let platform = SpecOrigin::Platform(
            "https://services.leadconnectorhq.com/saas/openapi.json".to_owned(),
        );
        let github = |path: &str| SpecOrigin::Github(format!("{GITHUB}{path}"));
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
            [SpecOrigin::Url("https://example.com/saas.json".to_owned())]
        );
        let mirror = Source::Template("http://localhost:80/{module}.json".to_owned());
        assert_eq!(origins(mirror, None), [SpecOrigin::Mirror]);
    }

    /// A folder with these files.
    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, "{}").expect("written");
        }
        folder
    }

    #[test]
    fn only_both_sources_together_or_our_layout_have_all_modules() {
        let has_all = |source: &Source| source.has_all_modules().expect("readable");
        assert!(has_all(&Source::default()));
        for part in ["platform", "github", "https://example.com/{module}"] {
            assert!(!has_all(&part.parse().expect("a source")), "{part}");
        }
        for (paths, expected) in [
            (&["links/openapi.json", "common/common.json"][..], true),
            (&["apps/links.json", "common/common.json"], false),
            (&["apps/links.json", "links/openapi.json"], false),
            (&["links.json"], false),
            (&["links/links.json"], false),
        ] {
            let folder = folder(paths);
            let source = Source::Folder(folder.path().to_owned());
            assert_eq!(has_all(&source), expected, "{paths:?}");
        }
    }
}
