//! On whose behalf the current task works: what a transaction writes into the audit log.
//!
//! It belongs to the task and is no parameter, so that no change can be made without it and no caller forgets it.

tokio::task_local! {
    static ACTOR: String;
}

/// Does `work` on behalf of `actor`.
pub(crate) async fn acting<T>(actor: String, work: impl Future<Output = T>) -> T {
    ACTOR.scope(actor, work).await
}

/// On whose behalf this is; the service's own where nobody asked for it, as with a worker.
pub(crate) fn current() -> String {
    ACTOR
        .try_with(Clone::clone)
        .unwrap_or_else(|_| "service".into())
}
