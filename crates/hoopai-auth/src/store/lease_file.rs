//! The right to refresh, as files. Everything here blocks.
//!
//! `<name>.lease` names its holder; `<name>.<holder>.held` is a file that the holder keeps locked while it lives. The right is free
//! where there is no lease, or where the lock can be had: its process is gone. No clock is asked, as clocks are set and machines are
//! suspended. So a process that dies delays no other, and one that hangs keeps its right: it may still send.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hoopai_runtime::time::BoxFuture;

use super::disk::{self, Entry};
use super::{LeaseGuard, StoreError};
use crate::hex;
use crate::json::{Fields, Object};

/// A lease that this process has.
pub(super) struct Held {
    sign: PathBuf,
    file: Option<File>,
}

/// Takes the right, if nobody has it.
pub(super) fn take(entry: &Entry) -> Result<Option<Held>, StoreError> {
    let _guard = disk::guard(entry)?;
    let path = entry.file("lease");
    let failed = |cause| StoreError::io("the right to refresh cannot be noted", &path, cause);
    if let Some(holder) = read_holder(&path).map_err(failed)? {
        let sign = sign(entry, &holder);
        if is_alive(entry, &sign).map_err(|cause| {
            StoreError::io(
                "the holder of the right to refresh cannot be checked",
                &sign,
                cause,
            )
        })? {
            return Ok(None);
        }
        let _ = fs::remove_file(sign);
    }
    let mut chance = [0; 8];
    getrandom::fill(&mut chance).map_err(|fault| failed(io::Error::other(fault)))?;
    let holder = hex(&chance);
    let sign = sign(entry, &holder);
    // The note comes first: should the process end here, it leads the next one to whatever else was made.
    write(&path, &entry.file("lease-new"), &holder).map_err(failed)?;
    let file = disk::create(&sign).map_err(failed)?;
    let is_locked = entry.locks.try_lock(&file).map_err(failed)?;
    let held = Held {
        sign,
        file: Some(file),
    };
    // The name of the file is not shared.
    Ok(is_locked.then_some(held))
}

fn sign(entry: &Entry, holder: &str) -> PathBuf {
    entry.file(&format!("{holder}.held"))
}

/// Whether somebody keeps the sign locked.
fn is_alive(entry: &Entry, sign: &Path) -> io::Result<bool> {
    match disk::open(sign) {
        Ok(file) => Ok(!entry.locks.try_lock(&file)?),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// The holder by a note. One that cannot be read was never finished, or is not ours: it gives no right.
fn read_holder(path: &Path) -> io::Result<Option<String>> {
    let bytes = disk::read(path)?;
    Ok(bytes.and_then(|bytes| {
        let fields = Fields::read(std::str::from_utf8(&bytes).ok()?).ok()?;
        let holder = fields.text("holder")?;
        let is_plain = holder.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain.then_some(holder)
    }))
}

/// A lease need not outlive a power failure, as its holder does not: nothing is flushed.
fn write(path: &Path, draft: &Path, holder: &str) -> io::Result<()> {
    disk::remove(draft)?;
    let mut file = disk::create(draft)?;
    let mut json = Vec::new();
    let mut object = Object::begin(&mut json);
    object.text("holder", holder);
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
