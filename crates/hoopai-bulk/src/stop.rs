//! What stops a run before its end.

use hoopai_runtime::Error;

use crate::budget::Budget;
use crate::job::JobFolder;

/// What stops a run before its end: a pause of its job, or the time of its budget.
#[derive(Clone, Copy)]
pub(crate) struct Stop<'a> {
    pub(crate) folder: &'a JobFolder,
    pub(crate) budget: Option<&'a Budget>,
}

impl Stop<'_> {
    pub(crate) fn is_set(&self) -> bool {
        self.folder.is_paused() || self.budget.is_some_and(Budget::is_over)
    }

    /// Waits for the turn of the next call. `false`: the job was stopped before.
    pub(crate) async fn turn(&self) -> bool {
        match self.budget {
            Some(budget) => budget.turn(|| self.folder.is_paused()).await,
            None => !self.folder.is_paused(),
        }
    }

    /// Waits if a call failed because of the limit, until it can be repeated or the job is stopped.
    /// `false`: it failed for another reason.
    pub(crate) async fn wait_for_limit(&self, error: &Error) -> bool {
        let wait = self
            .budget
            .and_then(|budget| Some((budget, budget.refused_for(error)?)));
        let Some((budget, wait)) = wait else {
            return false;
        };
        budget.wait(wait, || self.is_set()).await;
        true
    }
}
