//! The window of an app in an account, in a file that the processes of a machine share.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::window::Window;
use crate::directory::Directory;

/// A window in a file.
pub(super) struct LimitFile(PathBuf);

impl LimitFile {
    /// Opens the file. `None`: the directory cannot be written to, so processes share no limit.
    pub(super) fn open(directory: &Path, name: &str) -> Option<Self> {
        Directory::create(directory).ok()?;
        let file = LimitFile(directory.join(format!("{name}.json")));
        file.file().ok()?;
        Some(file)
    }

    fn file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0)
    }

    /// Changes the window under the lock of the file. A file that cannot be read as a window, such
    /// as that of a process that was killed while it wrote, counts as a full window.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Window, u64) -> T) -> io::Result<T> {
        let mut file = self.file()?;
        fs4::FileExt::lock(&file)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let now = now();
        let mut window = Window::read(&content, now);
        let result = change(&mut window, now);
        let content = window.write();
        file.rewind()?;
        file.write_all(&content)?;
        file.set_len(content.len() as u64)?;
        Ok(result)
    }
}

/// The time since 1970 in milliseconds, which all processes of a machine share.
fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
