//! Downloads of interface files.
//!
//! `source` lists the locations of a file, `http` fetches one URL, `git` reads a commit, `content`
//! checks the bytes.
//! Files here may use `console`, `error` and `workspace`.

mod content;
mod error;
mod git;
mod http;
mod source;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{self, Read},
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{Either, select};
use hoopai_codegen::{Module, external_references, redacted_reference};
use tokio::sync::OnceCell;

use content::ExpectedContent;
use error::{FetchError, FetchErrorKind};
pub use git::Commit;
pub use http::{Fetcher, Limits};
pub use source::Source;
pub(crate) use source::{Location, SourceParser};

use crate::{
    console::Progress,
    error::{FileError, Result, error_chain, file_error},
    workspace::SpecOrigin,
};

/// The limit of files that one document refers to, directly or indirectly.
const MAX_EXTERNAL_FILES: usize = 64;

/// A module's interface as downloaded.
pub(crate) struct Document {
    pub(crate) origin: SpecOrigin,
    /// Its URL or path, for errors.
    pub(crate) address: String,
    pub(crate) bytes: Vec<u8>,
    /// The other files that it refers to, by the path in the reference.
    pub(crate) external_files: BTreeMap<String, Vec<u8>>,
}

/// The bytes of a file, or `None` if it does not exist.
type Shared = Arc<OnceCell<Result<Option<Vec<u8>>>>>;

/// The downloads of one run. A file that several modules refer to is downloaded once.
pub(crate) struct Downloads<'a> {
    pub(crate) source: &'a Source,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) progress: &'a Progress<'a>,
    shared: Mutex<HashMap<Location, Shared>>,
    /// The modules that no location of the source has.
    missing: Mutex<BTreeSet<String>>,
}

impl<'a> Downloads<'a> {
    pub(crate) fn new(
        source: &'a Source,
        fetcher: &'a Fetcher,
        progress: &'a Progress<'a>,
    ) -> Self {
        Self {
            source,
            fetcher,
            progress,
            shared: Mutex::default(),
            missing: Mutex::default(),
        }
    }

    /// The modules that no location of the source has, of those that were requested.
    pub(crate) fn missing(self) -> BTreeSet<String> {
        let missing = self.missing.into_inner();
        missing.unwrap_or_else(PoisonError::into_inner)
    }

    /// The interface of one module.
    pub(crate) async fn document(&self, module: &Module) -> Result<Document> {
        let locations = self.source.locations(module)?;
        let loading = RefCell::new(String::new());
        let download = pin!(self.first_available(&module.name, locations, &loading));
        let timeout = pin!(self.fetcher.module_timeout());
        match select(download, timeout).await {
            Either::Left((document, _)) => document,
            Either::Right(_) => Err(file_error(
                loading.take(),
                format!(
                    "module `{}` is not complete within {} s, retries and the files that it refers to included",
                    module.name,
                    self.fetcher.limits().module.as_secs_f32()
                ),
                "run the command again when the server is faster, or use another --source",
            )),
        }
    }

    /// Loads the document from the first location that provides it. Other errors than a missing
    /// document end the search: a broken document is reported, and not hidden by the next location.
    async fn first_available(
        &self,
        module: &str,
        locations: Vec<(SpecOrigin, Location)>,
        loading: &RefCell<String>,
    ) -> Result<Document> {
        let mut errors: Vec<FileError> = Vec::new();
        let mut is_missing = true;
        for (origin, location) in locations {
            loading.replace(location.to_string());
            match self.load(&location, ExpectedContent::OpenApi).await {
                Ok(bytes) => {
                    let external_files = self.external_files(&location, &bytes, loading).await?;
                    let address = location.to_string();
                    return Ok(Document {
                        origin,
                        address,
                        bytes,
                        external_files,
                    });
                }
                Err(error) => {
                    let (unavailable, error_kind) = (error.is_unavailable(), error.kind);
                    errors.push(file_error(
                        location.to_string(),
                        error.problem,
                        error.remedy,
                    ));
                    is_missing &= error_kind == FetchErrorKind::Missing;
                    if !unavailable {
                        break;
                    }
                }
            }
        }
        if is_missing {
            let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            missing.insert(module.to_owned());
        }
        // The remedy of the last location applies. The problems of the others are added.
        let Some(mut last) = errors.pop() else {
            return Err(file_error(
                "--source",
                "names no location",
                "name one that does",
            ));
        };
        for before in errors {
            last.problem = format!("{} (and {}: {})", last.problem, before.file, before.problem);
        }
        Err(last)
    }

    /// Loads the files that a document refers to, directly or indirectly. Files that do not exist
    /// are noted and left out: the references to them are deviations of the document.
    async fn external_files(
        &self,
        document: &Location,
        bytes: &[u8],
        loading: &RefCell<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>> {
        let limit = self.fetcher.limits().bytes;
        let reject = |from: &Location, problem: String| {
            file_error(
                from.to_string(),
                problem,
                "use another --source for the module",
            )
        };
        let mut size = bytes.len();
        let mut files: BTreeMap<String, (Location, Vec<u8>)> = BTreeMap::new();
        let mut open = references(document, bytes)?;
        while let Some((from, reference)) = open.pop() {
            let Some(location) = from.join(&reference)? else {
                self.note_missing(&from, &reference);
                continue;
            };
            if let Some((other, _)) = files.get(&reference) {
                if *other == location {
                    continue;
                }
                let reference = redacted_reference(&reference);
                let problem = format!(
                    "refers to {location} as `{reference}`, which is {other} elsewhere in the same document"
                );
                return Err(reject(&from, problem));
            }
            if files.len() == MAX_EXTERNAL_FILES {
                let problem =
                    format!("refers to more than {MAX_EXTERNAL_FILES} files outside itself");
                return Err(reject(document, problem));
            }
            loading.replace(location.to_string());
            let Some(bytes) = self.shared(&location).await? else {
                self.note_missing(&from, &reference);
                continue;
            };
            size += bytes.len();
            if size > limit {
                let limit = limit.div_ceil(1024);
                let problem = format!(
                    "exceeds the limit of {limit} KiB, together with the files that it refers to"
                );
                return Err(reject(document, problem));
            }
            open.extend(references(&location, &bytes)?);
            files.insert(reference, (location, bytes));
        }
        let files = files.into_iter();
        Ok(files
            .map(|(reference, (_, bytes))| (reference, bytes))
            .collect())
    }

    fn note_missing(&self, from: &Location, reference: &str) {
        let reference = redacted_reference(reference);
        self.progress.note(format_args!(
            "{from}: refers to `{reference}`, which does not exist"
        ));
    }

    async fn shared(&self, location: &Location) -> Result<Option<Vec<u8>>> {
        let cell = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.entry(location.clone()).or_default().clone()
        };
        let load = async || match self.load(location, ExpectedContent::Json).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind == FetchErrorKind::Missing => Ok(None),
            Err(error) => Err(file_error(
                location.to_string(),
                error.problem,
                error.remedy,
            )),
        };
        cell.get_or_init(load).await.clone()
    }

    async fn load(
        &self,
        location: &Location,
        expected: ExpectedContent,
    ) -> std::result::Result<Vec<u8>, FetchError> {
        match location {
            Location::Url(url) => {
                let fetched = self.fetcher.fetch(url, expected, |error, wait| {
                    self.progress.note(format_args!(
                        "{location}: {}; again in {:.1} s",
                        error.problem,
                        wait.as_secs_f32()
                    ));
                });
                fetched.await
            }
            Location::Git { commit, path } => {
                let bytes = commit.read(path, self.fetcher.limits().bytes)?;
                content::check(&bytes, expected)?;
                Ok(bytes)
            }
            Location::File { file, .. } => {
                let bytes = read_file(file, self.fetcher.limits().bytes)?;
                content::check(&bytes, expected)?;
                Ok(bytes)
            }
        }
    }
}

/// The references to other files in the document at a location.
fn references(location: &Location, bytes: &[u8]) -> Result<Vec<(Location, String)>> {
    let references = external_references(&location.to_string(), bytes)?.into_iter();
    Ok(references
        .map(|reference| (location.clone(), reference))
        .collect())
}

fn read_file(file: &Path, limit: usize) -> std::result::Result<Vec<u8>, FetchError> {
    let remedy = "check the folder, or use another --source";
    // Opening a pipe would wait for its writer.
    if fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(FetchError::permanent("is not a regular file", remedy));
    }
    let mut bytes = Vec::new();
    let read =
        fs::File::open(file).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(FetchError::missing("does not exist", remedy))
        }
        Err(error) => Err(FetchError::permanent(
            format!("cannot be read: {}", error_chain(&error)),
            "check its permissions",
        )),
        Ok(size) if size > limit => Err(FetchError::permanent(
            format!("exceeds the limit of {} KiB", limit.div_ceil(1024)),
            "check the folder: no interface file is that large",
        )),
        Ok(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Console;

    const GOOD: &str = r#"{"openapi":"3.0.0","paths":{}}"#;

    /// Loads a document from `platform.json`, then from `github.json`.
    fn load_from(folder: &Path) -> Result<Document> {
        let location = |name: &str| Location::File {
            folder: folder.to_owned(),
            file: folder.join(name),
        };
        let locations = vec![
            (
                SpecOrigin::Platform("p".to_owned()),
                location("platform.json"),
            ),
            (SpecOrigin::Github("g".to_owned()), location("github.json")),
        ];
        let (console, _) = Console::captured();
        let progress = console.progress("downloading", 1);
        let fetcher = Fetcher::new(Limits::default())?;
        let downloads = Downloads::new(&Source::Platform, &fetcher, &progress);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(downloads.first_available("a", locations, &RefCell::default()))
    }

    #[test]
    fn next_location_is_tried_only_if_the_document_is_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");

        let error = load_from(folder).err().expect("missing");
        assert!(
            error.file.ends_with("github.json")
                && error.problem.contains("platform.json: does not exist"),
            "{error}"
        );

        write("github.json", GOOD);
        assert_eq!(load_from(folder).expect("found").origin.kind(), "github");
        write("platform.json", GOOD);
        assert_eq!(load_from(folder).expect("found").origin.kind(), "platform");
        write("platform.json", "<html>");
        let error = load_from(folder).err().expect("bad");
        assert!(
            error.file.ends_with("platform.json") && error.problem.contains("HTML"),
            "{error}"
        );
    }
}
