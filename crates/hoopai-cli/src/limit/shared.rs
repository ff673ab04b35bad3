//! The window of an app in an account, in a file that processes share.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::window::{Admission, Window};

use crate::directory::Directory;

/// The window of one app in one account, in a file.
pub(crate) struct SharedLimit {
    path: PathBuf,
    in_flight: Mutex<InFlight>,
}

/// The requests of this process since none was in progress.
#[derive(Default)]
struct InFlight {
    slots: Vec<u64>,
    /// How many of them have not ended. Which ones is not known.
    open: usize,
}

impl SharedLimit {
    /// The limit of this app and account. `None`: the directory cannot be written to, so processes
    /// share no limit.
    pub(crate) fn new(directory: &Path, key: &[&str]) -> Option<Arc<Self>> {
        Directory::create(directory).ok()?;
        let path = directory.join(format!("{:016x}.json", fnv(key)));
        let limit = SharedLimit {
            path,
            in_flight: Mutex::default(),
        };
        limit.open().ok()?;
        Some(Arc::new(limit))
    }

    /// Waits until a request may be sent, and takes a slot.
    pub(crate) async fn acquire(&self) -> io::Result<()> {
        loop {
            let admission = self.update(|window| window.admit(now(), std::process::id()))?;
            match admission {
                Admission::Slot(slot) => {
                    let mut in_flight = self.in_flight();
                    in_flight.slots.push(slot);
                    in_flight.open += 1;
                    return Ok(());
                }
                Admission::Wait(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// A request of this process ended. Its interval begins now; with several requests at a time,
    /// when the last of them ends. The limit that replies declare is stored.
    pub(crate) fn completed(&self, declared: Option<(usize, Duration)>) {
        let ended = {
            let mut in_flight = self.in_flight();
            in_flight.open = in_flight.open.saturating_sub(1);
            match in_flight.open {
                0 => std::mem::take(&mut in_flight.slots),
                _ => Vec::new(),
            }
        };
        // An error leaves the slots taken, so that at most the next requests wait longer.
        let _ = self.update(|window| {
            window.complete(now(), &ended);
            if let Some((max, interval)) = declared {
                window.declare(max, interval);
            }
        });
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, InFlight> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    /// Changes the window under the lock of the file. A file that cannot be read as a window, such
    /// as that of a process that was killed while it wrote, counts as a full window.
    fn update<T>(&self, change: impl FnOnce(&mut Window) -> T) -> io::Result<T> {
        let mut file = self.open()?;
        fs4::FileExt::lock(&file)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let mut window = Window::read(&content, now());
        let result = change(&mut window);
        let content = window.write();
        file.rewind()?;
        file.write_all(&content)?;
        file.set_len(content.len() as u64)?;
        Ok(result)
    }
}

/// The time since 1970 in milliseconds, which all processes share.
fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// FNV-1a, which is equal in all versions of the program.
fn fnv(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
