//! The one road by which files of the tree change: all of an [`Update`] or nothing of it, wherever the power fails.
//!
//! 1. The new files are written below `specs/.staging/tree/`, in the layout of the workspace, and flushed to disk.
//! 2. The journal, a list of what to move and what to remove, is written beside them and renamed to its final name. From
//!    here on the update is a fact.
//! 3. The files are moved to their places, those that are no longer made are removed, and the folders flushed.
//! 4. The journal is removed, then the rest of the staging folder.
//!
//! Every command begins with [`recover`]: a journal that is still there is carried out to its end, a staging folder
//! without one is thrown away. Carrying out twice does no harm, since what has been moved is not staged any more.
//!
//! Cargo has to read the workspace before any command can run, so each moment between two moves must be a workspace that
//! it can read: a folder that is not there yet is moved as a whole, crates before the facade that names them.
//! The staging folder lies in `specs/` and not in `target/`, because that may be another file system, where nothing can
//! be renamed from, and because `cargo clean` must not remove the journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};

use crate::{
    Result, Workspace,
    fault::{fault, refused},
};

const STAGING: &str = "specs/.staging";
const STAGED: &str = "specs/.staging/tree";
const DRAFT: &str = "specs/.staging/journal.draft";
const JOURNAL: &str = "specs/.staging/journal.json";
const GUARD: &str = "target/xtask.lock";

/// A step that is about to change the tree, for [`Workspace::with_hook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A new file is written to the staging folder.
    Stage(&'a str),
    /// The journal gets its name: the update becomes a fact.
    Commit,
    /// A staged file or folder is moved to its place.
    Move(&'a str),
    /// A file that is no longer made is removed.
    Remove(&'a str),
    /// The journal and the staging folder are removed.
    Tidy,
}

/// Files to write and files to remove, as one.
#[derive(Debug, Default)]
pub(crate) struct Update {
    title: String,
    write: BTreeMap<String, Vec<u8>>,
    remove: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Journal {
    title: String,
    write: BTreeSet<String>,
    remove: BTreeSet<String>,
}

impl Update {
    /// An empty update; `title` says what it is about should it have to be carried out later.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Writes `path` if the tree has something else there. True if it has.
    pub(crate) fn write(&mut self, tree: &Workspace, path: String, bytes: Vec<u8>) -> Result<bool> {
        let differs = tree.bytes(&path)?.as_deref() != Some(&bytes);
        if differs {
            self.write.insert(path, bytes);
        }
        Ok(differs)
    }

    pub(crate) fn remove(&mut self, path: String) {
        self.remove.insert(path);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }

    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.write.keys().map(String::as_str)
    }

    pub(crate) fn removed(&self) -> impl Iterator<Item = &str> {
        self.remove.iter().map(String::as_str)
    }

    /// Makes the tree what the update says.
    pub(crate) fn commit(self, tree: &Workspace, _guard: &Guard) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        for path in self.write.keys().chain(&self.remove) {
            check_inside(path)?;
        }
        for (path, bytes) in &self.write {
            let staged = format!("{STAGED}/{path}");
            step(
                tree,
                Step::Stage(path),
                &staged,
                "cannot be written",
                || write_flushed(&tree.path(&staged), bytes),
            )?;
        }
        let journal = Journal {
            title: self.title,
            write: self.write.into_keys().collect(),
            remove: self.remove,
        };
        step(tree, Step::Commit, JOURNAL, "cannot be written", || {
            fs::create_dir_all(tree.path(STAGED))?;
            flush_folders(&tree.path(STAGED))?;
            write_flushed(&tree.path(DRAFT), &serde_json::to_vec_pretty(&journal)?)?;
            fs::rename(tree.path(DRAFT), tree.path(JOURNAL))?;
            flush_folder(&tree.path(STAGING))
        })?;
        carry_out(tree, &journal)
    }
}

/// Held by a command that changes the tree, so that two of them do not mix.
pub(crate) struct Guard(#[expect(dead_code, reason = "holds the lock until it is dropped")] File);

/// Takes the guard, and finishes what an interrupted command left.
pub(crate) fn guard(tree: &Workspace) -> Result<Guard> {
    let open = || {
        let path = tree.path(GUARD);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
    };
    let file = open().map_err(|error| refused(GUARD, "cannot be written", &error))?;
    match FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(fault(
                GUARD,
                "another cargo xtask command is changing the tree",
                "wait until it ends",
            ));
        }
        Err(TryLockError::Error(error)) => return Err(refused(GUARD, "cannot be locked", &error)),
    }
    let guard = Guard(file);
    finish(tree, &guard)?;
    Ok(guard)
}

/// Finishes what an interrupted command left: its title, if it had become a fact. Changes nothing where there is nothing
/// to finish.
pub fn recover(tree: &Workspace) -> Result<Option<String>> {
    if !tree.path(STAGING).exists() {
        return Ok(None);
    }
    let title = tree
        .text(JOURNAL)?
        .and_then(|text| serde_json::from_str(&text).ok());
    guard(tree)?;
    Ok(title.map(|journal: Journal| journal.title))
}

fn finish(tree: &Workspace, _guard: &Guard) -> Result<()> {
    if !tree.path(STAGING).exists() {
        return Ok(());
    }
    let Some(text) = tree.text(JOURNAL)? else {
        return tidy(tree);
    };
    let journal: Journal = serde_json::from_str(&text).map_err(|error| {
        fault(
            JOURNAL,
            format!("cannot be understood: {error}"),
            format!("remove {STAGING} and run cargo xtask regen"),
        )
    })?;
    for path in journal.write.iter().chain(&journal.remove) {
        check_inside(path)?;
    }
    carry_out(tree, &journal)
}

fn carry_out(tree: &Workspace, journal: &Journal) -> Result<()> {
    let mut touched = BTreeSet::new();
    for path in &journal.write {
        if !tree.path(&format!("{STAGED}/{path}")).exists() {
            continue;
        }
        let whole = topmost_missing(tree, path);
        let staged = tree.path(&format!("{STAGED}/{whole}"));
        step(
            tree,
            Step::Move(whole),
            whole,
            "cannot be put in place",
            || fs::rename(&staged, tree.path(whole)),
        )?;
        touched.insert(parent(whole));
    }
    for path in &journal.remove {
        step(tree, Step::Remove(path), path, "cannot be removed", || {
            remove_file_and_empty_folders(tree, path)
        })?;
        touched.insert(lowest_present(tree, path));
    }
    for folder in touched {
        flush_folder(&tree.path(folder))
            .map_err(|error| refused(folder, "cannot be flushed", &error))?;
    }
    tidy(tree)
}

/// The journal goes first: without it what is left of the staging folder means nothing.
fn tidy(tree: &Workspace) -> Result<()> {
    step(tree, Step::Tidy, STAGING, "cannot be removed", || {
        match fs::remove_file(tree.path(JOURNAL)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => flush_folder(&tree.path(STAGING))?,
        }
        tree.step(Step::Tidy)?;
        fs::remove_dir_all(tree.path(STAGING))
    })
}

fn step(
    tree: &Workspace,
    step: Step<'_>,
    file: &str,
    action: &str,
    act: impl FnOnce() -> io::Result<()>,
) -> Result<()> {
    let done = tree.step(step).and_then(|()| act());
    done.map_err(|error| refused(file, action, &error))
}

/// The shortest part of `path` that the tree does not have, or `path` itself.
fn topmost_missing<'a>(tree: &Workspace, path: &'a str) -> &'a str {
    let ends = path.match_indices('/').map(|(end, _)| &path[..end]);
    ends.into_iter()
        .find(|part| !tree.path(part).exists())
        .unwrap_or(path)
}

/// The folder that `path` is or was in, or the closest one above it that is still there.
fn lowest_present<'a>(tree: &Workspace, path: &'a str) -> &'a str {
    let mut folder = parent(path);
    while folder != "." && !tree.path(folder).exists() {
        folder = parent(folder);
    }
    folder
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(parent, _)| parent)
}

fn remove_file_and_empty_folders(tree: &Workspace, path: &str) -> io::Result<()> {
    match fs::remove_file(tree.path(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A folder that still holds something refuses to go; that is how the walk ends.
    let mut folder = parent(path);
    while folder != "." && fs::remove_dir(tree.path(folder)).is_ok() {
        folder = parent(folder);
    }
    Ok(())
}

/// Nothing outside the tree is ever written or removed.
fn check_inside(path: &str) -> Result<()> {
    let proper =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':']);
    if path.split('/').all(proper) {
        return Ok(());
    }
    Err(fault(
        path,
        "is no path inside the workspace",
        "name files relative to the root, without `..`",
    ))
}

fn write_flushed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn flush_folders(folder: &PathBuf) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            flush_folders(&entry.path())?;
        }
    }
    flush_folder(folder)
}

/// Makes renames in a folder durable, where the system can do that.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// A tree with a file that changes, one that goes and one that stays; folders that are not there yet will come.
    fn old() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = Workspace::new(folder.path());
        for (path, text) in [
            ("specs/a.json", "old"),
            ("crates/a/lib.rs", "old"),
            ("crates/a/gone/x.rs", "old"),
        ] {
            write_flushed(&tree.path(path), text.as_bytes()).expect("written");
        }
        folder
    }

    fn update(tree: &Workspace) -> Update {
        let mut update = Update::new("all of it");
        for path in [
            "specs/a.json",
            "crates/a/lib.rs",
            "crates/b/src/deep/x.rs",
            "crates/b/src/y.rs",
            "crates/b/z.toml",
        ] {
            update
                .write(tree, path.to_owned(), b"new".to_vec())
                .expect("readable");
        }
        update.remove("crates/a/gone/x.rs".to_owned());
        update
    }

    fn state(tree: &Workspace) -> BTreeMap<String, Vec<u8>> {
        let mut files = tree.files_below("specs").expect("readable");
        files.extend(tree.files_below("crates").expect("readable"));
        files
    }

    /// The tree, dying at its step number `at`.
    fn dying(root: &Path, at: usize) -> Workspace {
        let steps = Arc::new(AtomicUsize::new(0));
        Workspace::new(root).with_hook(move |_| {
            if steps.fetch_add(1, Ordering::Relaxed) == at {
                Err(io::Error::other("killed"))
            } else {
                Ok(())
            }
        })
    }

    fn commit(tree: &Workspace) -> Result<()> {
        let guard = guard(tree)?;
        update(tree).commit(tree, &guard)
    }

    #[test]
    fn an_update_killed_at_any_step_and_again_while_recovering_is_all_or_nothing() {
        let before = state(&Workspace::new(old().path()));
        let after = {
            let folder = old();
            let tree = Workspace::new(folder.path());
            commit(&tree).expect("committed");
            state(&tree)
        };
        assert_eq!(after.len(), 5, "{after:?}");

        let (mut kept, mut made) = (0, 0);
        for first in 0.. {
            let mut first_completed = false;
            for second in 0.. {
                let folder = old();
                first_completed = commit(&dying(folder.path(), first)).is_ok();
                let second_completed = recover(&dying(folder.path(), second)).is_ok();
                let tree = Workspace::new(folder.path());
                recover(&tree).expect("recovered");
                assert_eq!(recover(&tree), Ok(None), "nothing is left to do");
                let now = state(&tree);
                assert!(
                    now == before || now == after,
                    "killed at {first}, then at {second}: {now:?}"
                );
                if now == before {
                    kept += 1
                } else {
                    made += 1
                }
                if second_completed {
                    break;
                }
            }
            if first_completed {
                break;
            }
        }
        assert!(kept > 5 && made > 5, "{kept} old, {made} new");
    }

    #[test]
    fn a_new_folder_appears_as_a_whole() {
        let folder = old();
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = seen.clone();
        let tree = Workspace::new(folder.path()).with_hook(move |step| {
            if let Step::Move(path) = step {
                log.lock().expect("not poisoned").push(path.to_owned());
            }
            Ok(())
        });
        commit(&tree).expect("committed");
        assert_eq!(
            *seen.lock().expect("not poisoned"),
            ["crates/a/lib.rs", "crates/b", "specs/a.json"]
        );
    }

    #[test]
    fn two_commands_do_not_mix_and_nothing_leaves_the_tree() {
        let folder = old();
        let tree = Workspace::new(folder.path());
        let held = guard(&tree).expect("free");
        let refused = guard(&tree).err().expect("held");
        assert!(
            refused.problem.contains("another cargo xtask command"),
            "{refused}"
        );

        for path in [
            "../outside",
            "/outside",
            "a/../../outside",
            "a\\..\\outside",
            "c:/outside",
            "",
        ] {
            let mut update = Update::new("bad");
            update.write.insert(path.to_owned(), Vec::new());
            assert!(update.commit(&tree, &held).is_err(), "{path}");
        }
    }
}
