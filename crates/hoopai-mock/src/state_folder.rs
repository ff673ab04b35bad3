//! The state of a server in a folder, which the next server continues.
//!
//! The file has the items, tokens, codes, installations and subscriptions of webhooks. It is
//! written to another name, flushed and renamed, so that it is always whole. A lock file excludes
//! a second server.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs4::{FileExt, TryLockError};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::server_state::ServerState;
use crate::sessions::Sessions;

/// The version of the file.
const VERSION: u64 = 1;
const FILE: &str = "state.json";
const NEW_FILE: &str = "state.json.new";
const LOCK: &str = "lock";

/// A folder with the state of one server.
pub(crate) struct StateFolder {
    folder: PathBuf,
    /// Locked while the server runs.
    _lock: File,
}

impl StateFolder {
    /// Opens a folder, which is created if it is missing.
    ///
    /// # Errors
    /// Fails if the folder cannot be used, or if another server uses it.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let named = |error: io::Error| {
            let message = format!(
                "the folder of the state {} cannot be used: {error}; choose a folder that can be \
                 written",
                folder.display()
            );
            io::Error::new(error.kind(), message)
        };
        fs::create_dir_all(folder).map_err(named)?;
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let lock = options.open(folder.join(LOCK)).map_err(named)?;
        match FileExt::try_lock(&lock) {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                ErrorKind::ResourceBusy,
                format!(
                    "another server uses the folder of the state {}; stop it, or choose another \
                     folder",
                    folder.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(named(error)),
        }
    }

    /// Restores the state of an earlier server. Returns whether there is one.
    ///
    /// # Errors
    /// Fails if the file cannot be read. It is left as it is.
    pub(crate) fn restore(&self, server: &ServerState) -> io::Result<bool> {
        let path = self.folder.join(FILE);
        let invalid = |problem: String| {
            let message = format!(
                "{} cannot be restored: {problem}; move the file away to begin with an empty \
                 state",
                path.display()
            );
            io::Error::new(ErrorKind::InvalidData, message)
        };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(invalid(error.to_string())),
        };
        let file: Value = serde_json::from_slice(&text)
            .map_err(|error| invalid(format!("it is not JSON ({error})")))?;
        if file["version"] != VERSION {
            return Err(invalid(format!(
                "it is of version {}, and this program reads version {VERSION}",
                file["version"]
            )));
        }
        server.state.restore(&file["state"]).map_err(invalid)?;
        let started = server.clock.started();
        let tokens = server.tokens.restore(&file["tokens"], started);
        tokens.map_err(invalid)?;
        for subscription in file["subscriptions"].as_array().into_iter().flatten() {
            let url = subscription["url"].as_str().unwrap_or_default();
            let events = subscription["events"].as_array().into_iter().flatten();
            let events: Vec<&str> = events.filter_map(Value::as_str).collect();
            let subscribed = server.webhooks.try_subscribe(url, &events);
            subscribed.map_err(invalid)?;
        }
        Ok(true)
    }

    /// Writes the state.
    pub(crate) fn write(&self, server: &ServerState) -> io::Result<()> {
        let subscriptions = server.webhooks.subscriptions().into_iter();
        let subscriptions =
            subscriptions.map(|(_, url, events)| json!({ "url": url, "events": events }));
        let file = json!({
            "version": VERSION,
            "state": server.state.snapshot(),
            "tokens": server.tokens.snapshot(server.clock.started()),
            "subscriptions": subscriptions.collect::<Vec<_>>(),
        });
        let new = self.folder.join(NEW_FILE);
        let mut options = File::options();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&new)?;
        out.write_all(file.to_string().as_bytes())?;
        out.sync_all()?;
        fs::rename(&new, self.folder.join(FILE))
    }

    /// Writes the state after each change, until `stopped` or its sender is dropped; then once more.
    /// Changes during a write are written together. A write is never given up, so that no other
    /// server finds the folder locked afterwards.
    pub(crate) async fn follow(
        self: Arc<Self>,
        sessions: Arc<Sessions>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        loop {
            let is_last = tokio::select! {
                () = sessions.changed.notified() => false,
                _ = &mut stopped => true,
            };
            let (folder, written) = (Arc::clone(&self), Arc::clone(&sessions));
            let written = tokio::task::spawn_blocking(move || folder.write(written.own())).await;
            // The next change, or the stop, writes again.
            if let Ok(Err(error)) = written {
                eprintln!("warning: the state cannot be written: {error}");
            }
            if is_last {
                return;
            }
        }
    }
}
