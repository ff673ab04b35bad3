//! `specs/lock.toml`: the source of each spec, and the checksums of downloaded and kept files.
//! Sorted and without dates, so that it changes only if a spec changes.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::{LOCK, Workspace, spec_file};
use crate::error::{Result, file_error};

const HEADER: &str = "\
# Written by `cargo xtask regen`, never by hand: one row a module.
#   source             platform, github, url, git, or mirror: a local folder or server, kept without its address
#   address            the URL, or the commit and the path in the repository
#   downloaded_sha256  of the interface file as it came
#   outside            sha256 of each file that it refers to outside itself
#   kept_sha256        of specs/<name>/openapi.json, what was kept of them
";

/// The entries by module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpecLock(pub(crate) BTreeMap<String, LockEntry>);

/// The source and checksums of one module's spec.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockEntry {
    name: String,
    source: String,
    #[serde(default)]
    address: Option<String>,
    downloaded_sha256: String,
    #[serde(default)]
    outside: BTreeMap<String, String>,
    kept_sha256: String,
}

/// The source of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SpecOrigin {
    Platform(String),
    Github(String),
    Url(String),
    /// A commit of a local repository and the path in it, `<commit>:<path>`. The folder of the
    /// repository is not stored.
    Git(String),
    /// A folder or server of this machine. Its address is not stored.
    Mirror,
}

impl SpecOrigin {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Platform(_) => "platform",
            Self::Github(_) => "github",
            Self::Url(_) => "url",
            Self::Git(_) => "git",
            Self::Mirror => "mirror",
        }
    }

    fn address(&self) -> Option<&str> {
        match self {
            Self::Platform(address)
            | Self::Github(address)
            | Self::Url(address)
            | Self::Git(address) => Some(address),
            Self::Mirror => None,
        }
    }
}

impl LockEntry {
    pub(crate) fn new(
        name: &str,
        origin: &SpecOrigin,
        downloaded: &[u8],
        outside: &BTreeMap<String, Vec<u8>>,
        kept: &[u8],
    ) -> Self {
        Self {
            name: name.to_owned(),
            source: origin.kind().to_owned(),
            address: origin.address().map(str::to_owned),
            downloaded_sha256: sha256(downloaded),
            outside: outside
                .iter()
                .map(|(path, bytes)| (path.clone(), sha256(bytes)))
                .collect(),
            kept_sha256: sha256(kept),
        }
    }

    /// Whether both entries describe the same downloaded bytes.
    pub(crate) fn same_download(&self, other: &Self) -> bool {
        self.downloaded_sha256 == other.downloaded_sha256 && self.outside == other.outside
    }
}

impl SpecLock {
    /// Reads the lock of a tree. A missing file is an empty lock.
    pub(crate) fn read(tree: &Workspace) -> Result<Self> {
        tree.text(LOCK)?
            .map_or_else(|| Ok(Self::default()), |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            module: Vec<LockEntry>,
        }
        let remedy = "restore it from version control, or remove it and run cargo xtask regen";
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                1 + text
                    .bytes()
                    .take(span.start)
                    .filter(|byte| *byte == b'\n')
                    .count()
            });
            file_error(LOCK, format!("line {line}: {}", error.message()), remedy)
        })?;
        let mut entries = BTreeMap::new();
        for entry in file.module {
            if let Some(entry) = entries.insert(entry.name.clone(), entry) {
                return Err(file_error(
                    LOCK,
                    format!("module `{}` has two entries", entry.name),
                    remedy,
                ));
            }
        }
        Ok(Self(entries))
    }

    /// How the entry of a module differs from its spec.
    pub(crate) fn mismatch(&self, module: &str, spec: &[u8]) -> Option<String> {
        match self.0.get(module) {
            None => Some(format!("has no entry for module `{module}`")),
            Some(entry) if entry.kept_sha256 != sha256(spec) => Some(format!(
                "kept_sha256 of module `{module}` is not that of {}",
                spec_file(module)
            )),
            Some(_) => None,
        }
    }

    /// The text of the file. Equal entries give equal bytes.
    pub(crate) fn write(&self) -> String {
        let mut entries = ArrayOfTables::new();
        for entry in self.0.values() {
            let mut table = Table::new();
            table.insert("name", value(&entry.name));
            table.insert("source", value(&entry.source));
            if let Some(address) = &entry.address {
                table.insert("address", value(address));
            }
            table.insert("downloaded_sha256", value(&entry.downloaded_sha256));
            if !entry.outside.is_empty() {
                let outside: InlineTable = entry.outside.iter().collect();
                table.insert("outside", value(outside));
            }
            table.insert("kept_sha256", value(&entry.kept_sha256));
            entries.push(table);
        }
        let mut document = DocumentMut::new();
        document.insert("module", Item::ArrayOfTables(entries));
        format!("{HEADER}\n{}", document.to_string().trim_start())
    }
}

/// The SHA-256 checksum in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_what_write_wrote() {
        let outside = BTreeMap::from([("../common/\"odd\".json".to_owned(), b"common".to_vec())]);
        let platform = SpecOrigin::Platform("https://example.com/b.json".to_owned());
        let entries = [
            LockEntry::new("a", &SpecOrigin::Mirror, b"download", &outside, b"kept"),
            LockEntry::new("b", &platform, b"download", &BTreeMap::new(), b"kept"),
        ];
        let lock = SpecLock(
            entries
                .into_iter()
                .map(|entry| (entry.name.clone(), entry))
                .collect(),
        );
        let text = lock.write();
        assert_eq!(SpecLock::parse(&text), Ok(lock), "{text}");
        assert!(
            text.contains("address = \"https://example.com/b.json\""),
            "{text}"
        );
        assert_eq!(
            sha256(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn parse_rejects_two_entries_for_one_module() {
        let entry = "[[module]]\nname = \"a\"\nsource = \"mirror\"\ndownloaded_sha256 = \"\"\nkept_sha256 = \"\"\n";
        let error = SpecLock::parse(&entry.repeat(2)).expect_err("rejected");
        assert!(
            error.problem.contains("module `a` has two entries"),
            "{error}"
        );
    }
}
