//! Reads files of a commit with the program `git`. The working tree and the index are not touched.

use std::{
    collections::BTreeSet,
    fmt,
    hash::{Hash, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use crate::download::error::FetchError;

/// Variables by which a hook or another git command would redirect ours.
const REDIRECTIONS: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
];

/// A commit of a local repository.
#[derive(Clone)]
pub struct Commit {
    folder: PathBuf,
    /// The full hash.
    hash: String,
    /// The folder within the repository, empty or with `/` at the end.
    prefix: String,
    /// The paths of all files and folders below that folder.
    paths: Arc<BTreeSet<String>>,
}

impl Commit {
    /// Finds a commit by its hash, a branch or a tag.
    pub(crate) fn find(folder: &Path, name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err("no commit after `@`; use FOLDER@COMMIT".to_owned());
        }
        let prefix = line(git(folder, &["rev-parse", "--show-prefix"])?);
        let object = format!("{name}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--end-of-options", &object];
        let hash = git(folder, &arguments).map_err(|_| {
            let folder = folder.display();
            format!("the repository in {folder} has no commit `{name}`; name one that it has")
        })?;
        let hash = line(hash);
        let listing = git(
            folder,
            &[
                "ls-tree",
                "-r",
                "-t",
                "-z",
                "--full-tree",
                "--name-only",
                &hash,
            ],
        )?;
        let listing = String::from_utf8_lossy(&listing);
        let paths = listing.split('\0');
        let paths = paths.filter_map(|path| path.strip_prefix(&prefix));
        let paths = paths.map(str::to_owned).collect();
        Ok(Self {
            folder: folder.to_owned(),
            hash,
            prefix,
            paths: Arc::new(paths),
        })
    }

    /// Whether the commit has a file or folder.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// The paths of all files and folders of the commit.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The folder and the commit, as `--source` has them.
    pub(crate) fn name(&self) -> String {
        format!("{}@{}", self.folder.display(), self.hash)
    }

    /// The name of a file of the commit, `<commit>:<path>`, as git writes it.
    pub(crate) fn object(&self, path: &str) -> String {
        format!("{}:{}{path}", self.hash, self.prefix)
    }

    /// Reads a file of the commit.
    pub(crate) fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FetchError> {
        let remedy = "check the commit, or use another --source";
        if !self.contains(path) {
            let problem = "does not exist in the commit";
            return Err(FetchError::missing(problem, remedy));
        }
        let failed = |problem: String| FetchError::permanent(problem, remedy);
        let object = self.object(path);
        let mut child = command(&self.folder, &["cat-file", "blob", &object])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(not_started(&error)))?;
        let mut bytes = Vec::new();
        let read = match child.stdout.take() {
            Some(output) => output.take(limit as u64 + 1).read_to_end(&mut bytes),
            None => Ok(0),
        };
        // The output is closed, so that the program ends even if it has more to write.
        let status = child.wait();
        if bytes.len() > limit {
            let limit = limit.div_ceil(1024);
            return Err(failed(format!("exceeds the limit of {limit} KiB")));
        }
        match (read, status) {
            (Ok(_), Ok(status)) if status.success() => Ok(bytes),
            (Ok(_), Ok(_)) => Err(failed("is not a regular file of the commit".to_owned())),
            (Err(error), _) | (_, Err(error)) => Err(failed(format!("cannot be read: {error}"))),
        }
    }
}

fn line(output: Vec<u8>) -> String {
    String::from_utf8_lossy(&output).trim_end().to_owned()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    command.stdin(Stdio::null());
    for variable in REDIRECTIONS {
        command.env_remove(variable);
    }
    // Objects as they are stored, and no network.
    command.env("GIT_NO_REPLACE_OBJECTS", "1");
    command.env("GIT_NO_LAZY_FETCH", "1");
    command
}

/// Runs git and returns its output.
fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = command(folder, arguments).output();
    let output = output.map_err(|error| not_started(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let problem = text.lines().next().unwrap_or("it failed");
    Err(format!(
        "git {} in {}: {problem}; use the folder of a git repository, as FOLDER@COMMIT",
        arguments[0],
        folder.display()
    ))
}

fn not_started(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "the program `git` was not found; install it, or use a folder as --source".to_owned()
        }
        _ => format!("git cannot be started: {error}"),
    }
}

impl PartialEq for Commit {
    fn eq(&self, other: &Self) -> bool {
        (&self.folder, &self.hash) == (&other.folder, &other.hash)
    }
}

impl Eq for Commit {}

impl Hash for Commit {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folder.hash(state);
        self.hash.hash(state);
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commit({})", self.hash)
    }
}
