//! The change report: the changes of all modules, and the version that follows from them.

use super::api_change::ApiChange;
use crate::attention::Attention;
use crate::diff::{Change, ChangeKind};

/// The part of a version number that the changes increase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// Nothing changed.
    None,
    /// The third number.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

impl Bump {
    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// How a module changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleStatus {
    /// Interface and crate are as before.
    Unchanged,
    /// The interface file or the crate differs.
    Changed,
    /// The module is new, with this number of operations.
    Added(usize),
    /// The source has no file for the module. Its crate stays.
    Missing,
    /// The crates cannot be compared, for this reason.
    NotComparable(String),
    /// The module could not be generated, for this reason. It stays as it is.
    Failed(String),
}

impl ModuleStatus {
    /// The name in JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Added(_) => "added",
            Self::Missing => "missing",
            Self::NotComparable(_) => "not_comparable",
            Self::Failed(_) => "failed",
        }
    }

    /// The reason of a status that has one.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::NotComparable(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

/// The changes of one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleChanges {
    /// The name of the module.
    pub module: String,
    /// How it changed.
    pub status: ModuleStatus,
    /// The changes of its Rust API, sorted.
    pub api: Vec<ApiChange>,
    /// The changes of its interface file, sorted.
    pub interface: Vec<Change>,
    /// Deviations between the platform's file and our data that are not settled.
    pub attention: Vec<Attention>,
}

impl ModuleChanges {
    /// A module of this status, without further changes.
    pub fn without_changes(module: &str, status: ModuleStatus) -> Self {
        Self {
            module: module.to_owned(),
            status,
            api: Vec::new(),
            interface: Vec::new(),
            attention: Vec::new(),
        }
    }

    /// The number of changes that break users. Crates that cannot be compared count as one.
    pub fn breaking(&self) -> usize {
        let changes = self.api.iter().filter(|change| change.breaking).count();
        changes + usize::from(matches!(self.status, ModuleStatus::NotComparable(_)))
    }

    /// Whether the crate or the interface file differs.
    pub fn is_changed(&self) -> bool {
        match self.status {
            ModuleStatus::Changed | ModuleStatus::Added(_) | ModuleStatus::NotComparable(_) => true,
            ModuleStatus::Unchanged | ModuleStatus::Missing | ModuleStatus::Failed(_) => false,
        }
    }

    /// Whether the report lists the module.
    pub(crate) fn is_listed(&self) -> bool {
        self.status != ModuleStatus::Unchanged || !self.attention.is_empty()
    }

    /// The number of changes of the Rust API of a kind.
    pub(crate) fn count(&self, kind: ChangeKind) -> usize {
        self.api.iter().filter(|change| change.kind == kind).count()
    }

    fn adds(&self) -> bool {
        matches!(self.status, ModuleStatus::Added(_)) || self.count(ChangeKind::Added) > 0
    }
}

/// The changes of all modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeReport {
    /// The version of the crates before the changes.
    pub version: String,
    /// The modules, in the order of the list.
    pub modules: Vec<ModuleChanges>,
}

impl ChangeReport {
    /// The number of changes that break users.
    pub fn breaking(&self) -> usize {
        self.modules.iter().map(ModuleChanges::breaking).sum()
    }

    /// The number of deviations that are not settled.
    pub fn attention(&self) -> usize {
        self.modules
            .iter()
            .map(|module| module.attention.len())
            .sum()
    }

    /// The number of modules that could not be generated.
    pub fn failed(&self) -> usize {
        let is_failed = |module: &&ModuleChanges| matches!(module.status, ModuleStatus::Failed(_));
        self.modules.iter().filter(is_failed).count()
    }

    /// The number of modules whose crate or interface file differs.
    pub fn changed(&self) -> usize {
        self.modules
            .iter()
            .filter(|module| module.is_changed())
            .count()
    }

    /// The part of the version that the changes increase. Before 1.0, the second number marks breaking
    /// changes.
    pub fn bump(&self) -> Bump {
        let is_stable = numbers(&self.version).is_some_and(|[major, ..]| major > 0);
        if self.breaking() > 0 {
            return if is_stable { Bump::Major } else { Bump::Minor };
        }
        let adds = self.modules.iter().any(ModuleChanges::adds);
        match self.changed() {
            0 => Bump::None,
            _ if adds && is_stable => Bump::Minor,
            _ => Bump::Patch,
        }
    }

    /// The version after the changes. The old one if it is not of three numbers.
    pub fn next_version(&self) -> String {
        let Some([major, minor, patch]) = numbers(&self.version) else {
            return self.version.clone();
        };
        let [major, minor, patch] = match self.bump() {
            Bump::None => [major, minor, patch],
            Bump::Patch => [major, minor, patch + 1],
            Bump::Minor => [major, minor + 1, 0],
            Bump::Major => [major + 1, 0, 0],
        };
        format!("{major}.{minor}.{patch}")
    }

    /// The labels of a pull request with these changes.
    pub fn labels(&self) -> Vec<&'static str> {
        let labels = [
            ("breaking", self.breaking()),
            ("attention", self.attention()),
            ("failed", self.failed()),
        ];
        let labels = labels.into_iter().filter(|(_, number)| *number > 0);
        labels.map(|(label, _)| label).collect()
    }
}

/// The three numbers of a version.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = version
        .split('.')
        .map(|number| number.parse().ok())
        .collect();
    numbers?.try_into().ok()
}
