//! `specs/lock.toml`: where each spec came from, and the sums of what came and of what was kept. Sorted and without
//! dates, so that it changes only when something changed.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use crate::{
    Result, Workspace,
    fault::fault,
    workspace::{LOCK, spec_file},
};

const HEADER: &str = "\
# Written by `cargo xtask regen`, never by hand: one row a module.
#   source             platform, github, url, or mirror: a local folder or server, kept without its address
#   downloaded_sha256  of the interface file as it came
#   outside            sha256 of each file that it refers to outside itself
#   kept_sha256        of specs/<name>/openapi.json, what was kept of them
";

/// All rows, by module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock(pub(crate) BTreeMap<String, Row>);

/// What is known of one module's spec.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    name: String,
    source: String,
    #[serde(default)]
    address: Option<String>,
    downloaded_sha256: String,
    #[serde(default)]
    outside: BTreeMap<String, String>,
    pub(crate) kept_sha256: String,
}

/// Where a spec came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Platform(String),
    Github(String),
    Url(String),
    /// A folder or a server of this machine: its address says nothing to anybody else.
    Mirror,
}

impl Origin {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Platform(_) => "platform",
            Self::Github(_) => "github",
            Self::Url(_) => "url",
            Self::Mirror => "mirror",
        }
    }

    fn address(&self) -> Option<&str> {
        match self {
            Self::Platform(address) | Self::Github(address) | Self::Url(address) => Some(address),
            Self::Mirror => None,
        }
    }
}

impl Row {
    pub(crate) fn new(
        name: &str,
        origin: &Origin,
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

    /// Whether both rows stand for the same downloaded bytes.
    pub(crate) fn same_download(&self, other: &Self) -> bool {
        self.downloaded_sha256 == other.downloaded_sha256 && self.outside == other.outside
    }
}

impl Lock {
    /// The lock of a tree; empty where there is none yet.
    pub(crate) fn read(tree: &Workspace) -> Result<Self> {
        tree.text(LOCK)?
            .map_or_else(|| Ok(Self::default()), |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            module: Vec<Row>,
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
            fault(LOCK, format!("line {line}: {}", error.message()), remedy)
        })?;
        let mut rows = BTreeMap::new();
        for row in file.module {
            if let Some(row) = rows.insert(row.name.clone(), row) {
                return Err(fault(
                    LOCK,
                    format!("module `{}` has two rows", row.name),
                    remedy,
                ));
            }
        }
        Ok(Self(rows))
    }

    /// The file, byte for byte the same for the same rows.
    pub(crate) fn write(&self) -> String {
        let mut rows = ArrayOfTables::new();
        for row in self.0.values() {
            let mut table = Table::new();
            table.insert("name", value(&row.name));
            table.insert("source", value(&row.source));
            if let Some(address) = &row.address {
                table.insert("address", value(address));
            }
            table.insert("downloaded_sha256", value(&row.downloaded_sha256));
            if !row.outside.is_empty() {
                let outside: InlineTable = row.outside.iter().collect();
                table.insert("outside", value(outside));
            }
            table.insert("kept_sha256", value(&row.kept_sha256));
            rows.push(table);
        }
        let mut document = DocumentMut::new();
        document.insert("module", Item::ArrayOfTables(rows));
        format!("{HEADER}\n{}", document.to_string().trim_start())
    }
}

/// In hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A lock row that does not agree with its spec.
pub(crate) fn disagreement(row: Option<&Row>, module: &str, spec: &[u8]) -> Option<String> {
    match row {
        None => Some(format!("has no row for module `{module}`")),
        Some(row) if row.kept_sha256 != sha256(spec) => Some(format!(
            "kept_sha256 of module `{module}` is not that of {}",
            spec_file(module)
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let outside = BTreeMap::from([("../common/\"odd\".json".to_owned(), b"common".to_vec())]);
        let platform = Origin::Platform("https://example.com/b.json".to_owned());
        let rows = [
            Row::new("a", &Origin::Mirror, b"download", &outside, b"kept"),
            Row::new("b", &platform, b"download", &BTreeMap::new(), b"kept"),
        ];
        let lock = Lock(
            rows.into_iter()
                .map(|row| (row.name.clone(), row))
                .collect(),
        );
        let text = lock.write();
        assert_eq!(Lock::parse(&text), Ok(lock), "{text}");
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
    fn two_rows_for_one_module_are_refused() {
        let row = "[[module]]\nname = \"a\"\nsource = \"mirror\"\ndownloaded_sha256 = \"\"\nkept_sha256 = \"\"\n";
        let fault = Lock::parse(&row.repeat(2)).expect_err("refused");
        assert!(fault.problem.contains("module `a` has two rows"), "{fault}");
    }
}
