//! The tree that commands work on: paths, reading, and writing.
//!
//! Files here may use `error` and other files of this folder. Paths are relative to the root and
//! written with `/`.

mod attention_list;
mod changes;
mod file_writer;
mod module_list;
mod packages;
mod spec_lock;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use hoopai_codegen::{Module, parse_modules};

pub(crate) use attention_list::{ATTENTION, AttentionList};
pub(crate) use changes::{Changes, WriteLock};
pub(crate) use file_writer::TEMPORARY;
pub use file_writer::{AtomicWriter, FileWriter};
pub(crate) use module_list::{is_module_name, new_module, updated};
pub(crate) use packages::{SourcePackage, source_packages};
pub(crate) use spec_lock::{LockEntry, SpecLock, SpecOrigin};

use crate::error::{Result, file_error, io_error};

pub(crate) const ROOT_MANIFEST: &str = "Cargo.toml";
pub(crate) const MODULES: &str = "specs/modules.toml";
pub(crate) const DOCUMENTATION: &str = "specs/documentation.yaml";
pub(crate) const LOCK: &str = "specs/lock.toml";
pub(crate) const FACADE_MANIFEST: &str = "crates/hoopai/Cargo.toml";
pub(crate) const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];
/// The name of the folder in `specs/` that has the events of webhooks.
pub(crate) const WEBHOOKS: &str = "webhooks";
pub(crate) const EVENTS: &str = "specs/webhooks/events";
pub(crate) const ENVELOPE: &str = "specs/webhooks/envelope.json";
/// The published crates that are not generated.
pub(crate) const HAND_WRITTEN: [&str; 10] = [
    "crates/hoopai",
    "crates/hoopai-mock",
    "crates/hoopai-auth",
    "crates/hoopai-bulk",
    "crates/hoopai-catalogue",
    "crates/hoopai-cli",
    "crates/hoopai-postgres",
    "crates/hoopai-redis",
    "crates/hoopai-runtime",
    "crates/hoopai-webhooks",
];

pub(crate) fn spec_file(module: &str) -> String {
    format!("specs/{module}/openapi.json")
}

pub(crate) fn overlay_file(module: &str) -> String {
    format!("specs/{module}/overlay.yaml")
}

pub(crate) fn documentation_file(module: &str) -> String {
    format!("specs/{module}/documentation.yaml")
}

pub(crate) fn event_file(event: &str) -> String {
    format!("{EVENTS}/{event}.json")
}

pub(crate) fn crate_folder(module: &str) -> String {
    format!("crates/api/{module}")
}

/// The tree that a command works on.
#[derive(Clone)]
pub struct Workspace {
    root: PathBuf,
    writer: Arc<dyn FileWriter>,
}

impl Workspace {
    /// The tree below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            writer: Arc::new(AtomicWriter),
        }
    }

    /// Replaces the functions that write and remove files.
    #[must_use]
    pub fn with_writer(self, writer: impl FileWriter + 'static) -> Self {
        Self {
            writer: Arc::new(writer),
            ..self
        }
    }

    pub(crate) fn writer(&self) -> &dyn FileWriter {
        &*self.writer
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The bytes of a file, or `None` if it does not exist.
    pub(crate) fn bytes(&self, relative: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.path(relative)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(relative, "cannot be read", &error)),
        }
    }

    /// The text of a file, or `None` if it does not exist.
    pub(crate) fn text(&self, relative: &str) -> Result<Option<String>> {
        let Some(bytes) = self.bytes(relative)? else {
            return Ok(None);
        };
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            file_error(
                relative,
                format!("is not UTF-8 at byte {at}"),
                "save it as UTF-8",
            )
        })
    }

    /// All modules in `specs/modules.toml`.
    pub(crate) fn modules(&self) -> Result<Vec<Module>> {
        let text = self.text(MODULES)?.ok_or_else(|| {
            file_error(
                MODULES,
                "is missing",
                "run the command in the workspace, or name its folder with --root",
            )
        })?;
        parse_modules(&text)
    }

    /// The modules that have a spec, and therefore a crate and a feature of the facade.
    pub(crate) fn present(&self, modules: &[Module]) -> Vec<Module> {
        modules
            .iter()
            .filter(|module| self.path(&spec_file(&module.name)).is_file())
            .cloned()
            .collect()
    }

    /// The paths of all files below a folder, without the folders that `enters` rejects. A missing
    /// folder has none.
    pub(crate) fn files_below(
        &self,
        folder: &str,
        mut enters: impl FnMut(&str) -> bool,
    ) -> Result<BTreeSet<String>> {
        let mut files = BTreeSet::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for (name, is_folder) in self.entries(&folder)? {
                let path = format!("{folder}/{name}");
                if !is_folder {
                    files.insert(path);
                } else if enters(&path) {
                    folders.push(path);
                }
            }
        }
        Ok(files)
    }

    /// The names of the folders in a folder, without hidden ones.
    pub(crate) fn folders(&self, folder: &str) -> Result<BTreeSet<String>> {
        let entries = self.entries(folder)?.into_iter();
        Ok(entries
            .filter(|(name, is_folder)| *is_folder && !name.starts_with('.'))
            .map(|(name, _)| name)
            .collect())
    }

    /// The names of the files in a folder, without hidden ones. A missing folder has none.
    pub(crate) fn file_names(&self, folder: &str) -> Result<BTreeSet<String>> {
        let entries = self.entries(folder)?.into_iter();
        Ok(entries
            .filter(|(name, is_folder)| !is_folder && !name.starts_with('.'))
            .map(|(name, _)| name)
            .collect())
    }

    fn entries(&self, folder: &str) -> Result<Vec<(String, bool)>> {
        let unreadable = |error: &io::Error| io_error(folder, "cannot be read", error);
        let entries = match fs::read_dir(self.path(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&error)),
        };
        let mut named = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let is_folder = entry
                .file_type()
                .map_err(|error| unreadable(&error))?
                .is_dir();
            let name = entry.file_name().into_string().map_err(|name| {
                file_error(
                    format!("{folder}/{}", name.to_string_lossy()),
                    "has a name that is not UTF-8",
                    "rename or remove it",
                )
            })?;
            named.push((name, is_folder));
        }
        Ok(named)
    }
}

/// The named modules, or all of them if there are no names.
pub(crate) fn select(all: &[Module], names: &[String]) -> Result<Vec<Module>> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    for name in names {
        if all.iter().any(|module| module.name == *name) {
            continue;
        }
        let name_in_lower_case = name.to_lowercase();
        let similar: Vec<&str> = all
            .iter()
            .filter(|module| {
                let mut known = module.aliases.iter().chain([&module.name, &module.product]);
                known.any(|known| {
                    let known = known.to_lowercase();
                    known.contains(&name_in_lower_case) || name_in_lower_case.contains(&known)
                })
            })
            .map(|module| module.name.as_str())
            .collect();
        let remedy = if similar.is_empty() {
            "use a name from that file".to_owned()
        } else {
            format!("did you mean `{}`?", similar.join("` or `"))
        };
        return Err(file_error(
            MODULES,
            format!("has no module `{name}`"),
            remedy,
        ));
    }
    Ok(all
        .iter()
        .filter(|module| names.contains(&module.name))
        .cloned()
        .collect())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{AtomicWriter, FileWriter, Workspace};

    /// A tree of these files, in a folder that is removed when it is dropped.
    pub(crate) fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            AtomicWriter
                .write(&folder.path().join(path), text.as_bytes())
                .expect("written");
        }
        let tree = Workspace::new(folder.path());
        (folder, tree)
    }
}
