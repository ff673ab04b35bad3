//! The right to refresh, as files. Everything here blocks.
//!
//! `<name>.lease` tells who has it and until when; `<name>.<holder>.held` is a file that the holder keeps locked while it lives. The
//! right is free where there is no lease, where it has ended, or where the lock can be had: its process is gone. So a process
//! that dies holds up nobody, and one that hangs holds up others no longer than it asked for.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs4::{FileExt, TryLockError};
use hoopai_runtime::time::BoxFuture;

use super::disk::{self, Entry};
use super::{LeaseGuard, StoreError};
use crate::hex;
use crate::json::{Fields, Object};
use crate::record::{millis, time};

struct Note {
    holder: String,
    until: u64,
}

/// A lease that this process has.
pub(super) struct Held {
    sign: PathBuf,
    file: Option<File>,
}

/// Takes the right, if nobody has it.
pub(super) fn take(
    entry: &Entry,
    now: SystemTime,
    ttl: Duration,
) -> Result<Option<Held>, StoreError> {
    let _guard = disk::guard(entry)?;
    let path = entry.file("lease");
    let failed = |cause| StoreError::io("the right to refresh cannot be noted", &path, cause);
    if let Some(note) = read(&path).map_err(failed)? {
        let sign = sign(entry, &note.holder);
        if now < time(note.until) && is_alive(&sign) {
            return Ok(None);
        }
        let _ = fs::remove_file(sign);
    }
    let mut chance = [0; 8];
    getrandom::fill(&mut chance).map_err(|fault| failed(io::Error::other(fault)))?;
    let holder = hex(&chance);
    let sign = sign(entry, &holder);
    let note = Note {
        holder,
        until: millis(now + ttl),
    };
    // The note comes first: should the process end here, it leads the next one to whatever else was made.
    write(&path, &entry.file("lease-new"), &note).map_err(failed)?;
    let file = disk::private()
        .create_new(true)
        .open(&sign)
        .map_err(failed)?;
    FileExt::lock(&file).map_err(failed)?;
    Ok(Some(Held {
        sign,
        file: Some(file),
    }))
}

fn sign(entry: &Entry, holder: &str) -> PathBuf {
    entry.file(&format!("{holder}.held"))
}

/// Whether somebody keeps the sign locked.
fn is_alive(sign: &Path) -> bool {
    match disk::private().open(sign) {
        Ok(file) => match FileExt::try_lock(&file) {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            // It cannot be told; it ends by its time.
            Err(TryLockError::Error(_)) => true,
        },
        Err(fault) => fault.kind() != io::ErrorKind::NotFound,
    }
}

/// A note that cannot be read was never finished, or is not ours: nobody holds anything by it.
fn read(path: &Path) -> io::Result<Option<Note>> {
    let bytes = disk::read(path)?;
    Ok(bytes.and_then(|bytes| {
        let fields = Fields::read(std::str::from_utf8(&bytes).ok()?).ok()?;
        let note = Note {
            holder: fields.text("holder")?,
            until: fields.number("until")?,
        };
        let plain = note.holder.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then_some(note)
    }))
}

/// A lease need not outlive a power failure, as its holder does not: nothing is flushed.
fn write(path: &Path, draft: &Path, note: &Note) -> io::Result<()> {
    let mut file = disk::private().create(true).truncate(true).open(draft)?;
    let mut json = Vec::new();
    let mut object = Object::begin(&mut json);
    object.text("holder", &note.holder);
    object.number("until", note.until);
    object.end();
    file.write_all(&json)?;
    drop(file);
    fs::rename(draft, path)
}

impl LeaseGuard for Held {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {
            let work: Box<dyn FnOnce() + Send> = Box::new(move || drop(self));
            let _ = tokio::task::spawn_blocking(work).await;
        })
    }
}

/// The sign goes, and with it the right, whatever the note says.
impl Drop for Held {
    fn drop(&mut self) {
        drop(self.file.take());
        let _ = fs::remove_file(&self.sign);
    }
}
