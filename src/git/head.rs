//! What is checked out: the commit, and the branch that HEAD stands on.

use super::repo::Repo;

impl Repo {
    /// The commit that is checked out, in hex, and the full name of its branch, such as `refs/heads/main`; without a
    /// branch where HEAD is detached. `None` before the first commit, and where HEAD cannot be read.
    #[must_use]
    pub fn head(&self) -> Option<(String, Option<String>)> {
        let repo = self.inner.to_thread_local();
        let commit = repo.head_id().ok()?.to_string();
        let branch = repo.head_name().ok()?.map(|name| name.as_bstr().to_string());
        Some((commit, branch))
    }
}
