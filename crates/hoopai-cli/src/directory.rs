//! The directory of profiles, tokens and shared limits.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

const VARIABLE: &str = "HOOPAI_CONFIG_DIR";

/// The directory of the program's files, which only its owner can read.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// The directory of `HOOPAI_CONFIG_DIR`, or that of the operating system's convention. It need
    /// not exist.
    pub(crate) fn find() -> Result<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = set(VARIABLE) {
            return Ok(Directory(path.into()));
        }
        let base = if cfg!(windows) {
            set("APPDATA").map(PathBuf::from)
        } else {
            set("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
        };
        match base {
            Some(base) => Ok(Directory(base.join("hoopai"))),
            None => Err(Failure::usage(format_args!(
                "there is no home directory for the profiles: set {VARIABLE} to a directory"
            ))),
        }
    }

    #[cfg(test)]
    pub(crate) fn at(path: &Path) -> Self {
        Directory(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The file of profiles and their credentials.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.0.join("profiles.json")
    }

    /// The directory of the token store of OAuth apps.
    pub(crate) fn tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    /// The directory of the token store of OAuth apps whose secrets are in the keychain.
    #[cfg(feature = "keychain")]
    pub(crate) fn encrypted_tokens(&self) -> PathBuf {
        self.0.join("tokens-encrypted")
    }

    /// The directory of the limits that processes share.
    pub(crate) fn limits(&self) -> PathBuf {
        self.0.join("limits")
    }

    /// Creates a directory for its owner alone, and those above it.
    pub(crate) fn create(path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    /// Replaces a file in one step. Only its owner can read it.
    pub(crate) fn replace(path: &Path, content: &[u8]) -> Result {
        let failed = |error: io::Error| Failure::file(path, "written", &error);
        let directory = path.parent().unwrap_or(Path::new("."));
        Self::create(directory).map_err(failed)?;
        // Created with mode 600.
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Why others can read a file or write to a directory, if they can.
    #[cfg(unix)]
    pub(crate) fn exposure(path: &Path) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| {
            format!(
                "{} has mode {mode:o}, so other users can access it: run chmod go-rwx on it",
                path.display()
            )
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn exposure(_: &Path) -> Option<String> {
        None
    }
}
