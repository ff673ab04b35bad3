//! The window of an app in an account, which processes share in a file, and machines on a server.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::file::LimitFile;
#[cfg(feature = "redis")]
use super::server::LimitServer;
use super::settings::LimitSettings;
use super::window::{Admission, Window};

/// The part of the limit that a machine uses without the server: an eighth.
#[cfg(feature = "redis")]
const PART_WITHOUT_SERVER: usize = 8;

/// The window of one app in one account.
pub(crate) struct SharedLimit {
    file: LimitFile,
    #[cfg(feature = "redis")]
    server: Option<LimitServer>,
    open: Mutex<OpenRequests>,
}

/// The requests of this process since none was in progress.
#[derive(Default)]
struct OpenRequests {
    slots: Vec<Slot>,
    /// How many of them have not ended. Which ones is not known.
    open: usize,
    /// The limit that was stored last.
    declared: Option<(usize, Duration)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    OfFile(u64),
    #[cfg(feature = "redis")]
    OfServer(u64),
}

impl SharedLimit {
    /// The limit of this app and account. `None`: the directory cannot be written to, so processes
    /// share no limit.
    pub(crate) fn new(
        directory: &Path,
        settings: LimitSettings,
        key: &[&str],
    ) -> Option<Arc<Self>> {
        let name = format!("{:016x}", fnv(key));
        #[cfg(not(feature = "redis"))]
        let LimitSettings {} = settings;
        Some(Arc::new(SharedLimit {
            file: LimitFile::open(directory, &name)?,
            #[cfg(feature = "redis")]
            server: settings
                .server
                .map(|values| LimitServer::new(values, &name)),
            open: Mutex::default(),
        }))
    }

    /// Waits until a request may be sent, and takes a slot.
    pub(crate) async fn acquire(&self) -> io::Result<()> {
        loop {
            match self.admit().await? {
                (Admission::Slot(_), slot) => {
                    let mut open = self.open();
                    open.slots.extend(slot);
                    open.open += 1;
                    return Ok(());
                }
                (Admission::Wait(wait), _) => tokio::time::sleep(wait).await,
            }
        }
    }

    async fn admit(&self) -> io::Result<(Admission, Option<Slot>)> {
        let process = std::process::id();
        let slot_of = |admission: &Admission, slot: fn(u64) -> Slot| match admission {
            Admission::Slot(number) => Some(slot(*number)),
            Admission::Wait(_) => None,
        };
        #[cfg(feature = "redis")]
        let part = match &self.server {
            Some(server) => {
                let admission = server.change(|window, now| window.admit(now, process, 1));
                if let Some(admission) = admission.await {
                    let slot = slot_of(&admission, Slot::OfServer);
                    return Ok((admission, slot));
                }
                PART_WITHOUT_SERVER
            }
            None => 1,
        };
        #[cfg(not(feature = "redis"))]
        let part = 1;
        let admission = self
            .file
            .change(|window, now| window.admit(now, process, part))?;
        let slot = slot_of(&admission, Slot::OfFile);
        Ok((admission, slot))
    }

    /// A request of this process ended. Its interval begins now; with several requests at a time,
    /// when the last of them ends. The limit that replies declare is stored.
    pub(crate) fn completed(&self, declared: Option<(usize, Duration)>) {
        let (ended, declared) = {
            let mut open = self.open();
            open.open = open.open.saturating_sub(1);
            let ended = match open.open {
                0 => std::mem::take(&mut open.slots),
                _ => Vec::new(),
            };
            let declared = declared.filter(|new| open.declared != Some(*new));
            open.declared = declared.or(open.declared);
            (ended, declared)
        };
        let of_file: Vec<u64> = numbers(&ended, |slot| match slot {
            Slot::OfFile(number) => Some(number),
            #[cfg(feature = "redis")]
            Slot::OfServer(_) => None,
        });
        if !of_file.is_empty() || declared.is_some() {
            // An error leaves the slots taken, so that at most the next requests wait longer.
            let _ = self
                .file
                .change(|window, now| window.end(now, &of_file, declared));
        }
        #[cfg(feature = "redis")]
        if let Some(server) = &self.server {
            let of_server = numbers(&ended, |slot| match slot {
                Slot::OfServer(number) => Some(number),
                Slot::OfFile(_) => None,
            });
            if !of_server.is_empty() || declared.is_some() {
                server.change_later(move |window, now| window.end(now, &of_server, declared));
            }
        }
    }

    /// Waits until other machines see the ends of requests.
    pub(crate) async fn finish(&self) {
        #[cfg(feature = "redis")]
        if let Some(server) = &self.server {
            server.finish().await;
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, OpenRequests> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn numbers(slots: &[Slot], number: impl Fn(Slot) -> Option<u64>) -> Vec<u64> {
    slots.iter().copied().filter_map(number).collect()
}

impl Window {
    /// Marks requests as ended, and stores a declared limit.
    fn end(&mut self, now: u64, slots: &[u64], declared: Option<(usize, Duration)>) {
        self.complete(now, slots);
        if let Some((max, interval)) = declared {
            self.declare(max, interval);
        }
    }
}

/// FNV-1a, which is equal in all versions of the program.
fn fnv(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
