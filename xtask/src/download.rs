//! A module's interface file and what it refers to outside itself, from whichever source has it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{Either, select};
use hoopai_codegen::{Module, external_references, redacted_reference};
use tokio::sync::OnceCell;

use crate::{
    Fetcher, FileError, Result, Source,
    console::Progress,
    content::{self, Expected},
    fault::{chain, fault},
    fetch::Miss,
    lock::Origin,
    source::Place,
};

/// More than any honest document refers to; a server that always names one more file must not keep us for ever.
const OUTSIDE_FILES: usize = 64;

/// A module's interface as it came.
pub(crate) struct Document {
    pub(crate) origin: Origin,
    /// Where it was found, to name it in faults.
    pub(crate) address: String,
    pub(crate) bytes: Vec<u8>,
    /// What it refers to outside itself, by the path as the reference has it.
    pub(crate) outside: BTreeMap<String, Vec<u8>>,
}

type Shared = Arc<OnceCell<Result<Vec<u8>>>>;

/// The downloads of one run. A file that several modules refer to is loaded once.
pub(crate) struct Downloads<'a> {
    pub(crate) source: &'a Source,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) progress: &'a Progress<'a>,
    shared: Mutex<HashMap<Place, Shared>>,
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
        }
    }

    /// The interface of one module.
    pub(crate) async fn document(&self, module: &Module) -> Result<Document> {
        let places = self.source.places(module)?;
        let loading = RefCell::new(String::new());
        let download = pin!(self.first_of(places, &loading));
        let time = pin!(self.fetcher.module_time());
        match select(download, time).await {
            Either::Left((document, _)) => document,
            Either::Right(_) => Err(fault(
                loading.take(),
                format!(
                    "module `{}` is not complete within {} s, retries and the files that it refers to included",
                    module.name,
                    self.fetcher.limits().module.as_secs_f32()
                ),
                "run the command again when the server is faster, or take another --source",
            )),
        }
    }

    /// The first place that has the document. A place that does not hand it out lets the next one have its turn; a place
    /// that has it in a bad state does not, since that is to be repaired and not to be covered up.
    async fn first_of(
        &self,
        places: Vec<(Origin, Place)>,
        loading: &RefCell<String>,
    ) -> Result<Document> {
        let mut missed: Vec<FileError> = Vec::new();
        for (origin, place) in places {
            loading.replace(place.to_string());
            match self.load(&place, Expected::Interface).await {
                Ok(bytes) => {
                    let outside = self.outside(&place, &bytes, loading).await?;
                    let address = place.to_string();
                    return Ok(Document {
                        origin,
                        address,
                        bytes,
                        outside,
                    });
                }
                Err(miss) => {
                    let absent = miss.is_absent();
                    missed.push(fault(place.to_string(), miss.problem, miss.remedy));
                    if !absent {
                        break;
                    }
                }
            }
        }
        // The last place decides what to do; what the ones before it said is told with it.
        let Some(mut last) = missed.pop() else {
            return Err(fault("--source", "names no place", "name one that does"));
        };
        for before in missed {
            last.problem = format!("{} (and {}: {})", last.problem, before.file, before.problem);
        }
        Err(last)
    }

    async fn outside(
        &self,
        document: &Place,
        bytes: &[u8],
        loading: &RefCell<String>,
    ) -> Result<BTreeMap<String, Vec<u8>>> {
        let limit = self.fetcher.limits().bytes;
        let mut size = bytes.len();
        let mut found: BTreeMap<String, (Place, Vec<u8>)> = BTreeMap::new();
        let mut open: Vec<(Place, String)> = Vec::new();
        let refer = |place: &Place, bytes: &[u8], open: &mut Vec<_>| -> Result<()> {
            let references = external_references(&place.to_string(), bytes)?;
            open.extend(
                references
                    .into_iter()
                    .map(|reference| (place.clone(), reference)),
            );
            Ok(())
        };
        refer(document, bytes, &mut open)?;
        while let Some((from, reference)) = open.pop() {
            let place = from.join(&reference)?;
            match found.get(&reference) {
                Some((known, _)) if *known == place => continue,
                Some((known, _)) => {
                    return Err(fault(
                        from.to_string(),
                        format!(
                            "refers to {place} as `{}`, which is {known} elsewhere in the same document",
                            redacted_reference(&reference)
                        ),
                        "take the module from another --source",
                    ));
                }
                None => {}
            }
            if found.len() == OUTSIDE_FILES {
                return Err(fault(
                    document.to_string(),
                    format!("refers to more than {OUTSIDE_FILES} files outside itself"),
                    "take the module from another --source",
                ));
            }
            loading.replace(place.to_string());
            let bytes = self.shared(&place).await?;
            size += bytes.len();
            if size > limit {
                return Err(fault(
                    document.to_string(),
                    format!(
                        "is larger than the {} KiB that are taken, together with the files that it refers to",
                        limit.div_ceil(1024)
                    ),
                    "take the module from another --source",
                ));
            }
            refer(&place, &bytes, &mut open)?;
            found.insert(reference, (place, bytes));
        }
        Ok(found
            .into_iter()
            .map(|(reference, (_, bytes))| (reference, bytes))
            .collect())
    }

    async fn shared(&self, place: &Place) -> Result<Vec<u8>> {
        let cell = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.entry(place.clone()).or_default().clone()
        };
        let load = async || {
            let loaded = self.load(place, Expected::Json).await;
            loaded.map_err(|miss| fault(place.to_string(), miss.problem, miss.remedy))
        };
        cell.get_or_init(load).await.clone()
    }

    async fn load(&self, place: &Place, expected: Expected) -> std::result::Result<Vec<u8>, Miss> {
        match place {
            Place::Url(url) => {
                let fetched = self.fetcher.fetch(url, expected, |miss, wait| {
                    self.progress.note(format_args!(
                        "{place}: {}; again in {:.1} s",
                        miss.problem,
                        wait.as_secs_f32()
                    ));
                });
                fetched.await
            }
            Place::File { file, .. } => {
                let limit = self.fetcher.limits().bytes;
                let mut bytes = Vec::new();
                // Opening a pipe would wait for its writer.

                if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
                    return Err(Miss::last(
                        "is no regular file",
                        "check the folder, or take another --source",
                    ));
                }
                let read = fs::File::open(file)
                    .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
                match read {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(Miss::absent(
                            "is not there",
                            "check the folder, or take another --source",
                        ));
                    }
                    Err(error) => {
                        let problem = format!("cannot be read: {}", chain(&error));
                        return Err(Miss::last(problem, "check who may read it"));
                    }
                    Ok(_) if bytes.len() > limit => {
                        let problem = format!(
                            "is larger than the {} KiB that are taken",
                            limit.div_ceil(1024)
                        );
                        return Err(Miss::last(
                            problem,
                            "check the folder: no interface file is that large",
                        ));
                    }
                    Ok(_) => {}
                }
                content::check(&bytes, expected)?;
                Ok(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Console, Limits};

    const GOOD: &str = r#"{"openapi":"3.0.0","paths":{}}"#;

    /// Looks for a document in `platform.json`, then in `github.json`.
    fn look_in(folder: &Path) -> Result<Document> {
        let place = |name: &str| Place::File {
            folder: folder.to_owned(),
            file: folder.join(name),
        };
        let places = vec![
            (Origin::Platform("p".to_owned()), place("platform.json")),
            (Origin::Github("g".to_owned()), place("github.json")),
        ];
        let (console, _) = Console::captured();
        let progress = console.progress("downloading", 1);
        let fetcher = Fetcher::new(Limits::default())?;
        let downloads = Downloads::new(&Source::Platform, &fetcher, &progress);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(downloads.first_of(places, &RefCell::default()))
    }

    #[test]
    fn the_next_place_has_its_turn_only_where_the_first_has_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");

        let fault = look_in(folder).err().expect("nothing there");
        assert!(
            fault.file.ends_with("github.json")
                && fault.problem.contains("platform.json: is not there"),
            "{fault}"
        );

        write("github.json", GOOD);
        assert_eq!(look_in(folder).expect("found").origin.kind(), "github");
        write("platform.json", GOOD);
        assert_eq!(look_in(folder).expect("found").origin.kind(), "platform");
        write("platform.json", "<html>");
        let fault = look_in(folder).err().expect("bad");
        assert!(
            fault.file.ends_with("platform.json") && fault.problem.contains("HTML"),
            "{fault}"
        );
    }
}
