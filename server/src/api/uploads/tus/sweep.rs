//! Uploads that nobody went on with.

use std::sync::Arc;
use std::time::Duration;

use crate::Error;
use crate::api::App;

const EVERY: Duration = Duration::from_mins(10);
const AT_ONCE: u32 = 100;

/// Forgets expired uploads now and then, until the service shuts down.
pub(crate) async fn sweep_for_ever(app: Arc<App>) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match sweep(&app).await {
            Ok(0) => {}
            Ok(uploads) => tracing::info!(uploads, "forgot expired uploads"),
            Err(error) => tracing::warn!(%error, "cannot forget expired uploads"),
        }
    }
}

/// Forgets what has expired and says how many uploads that were.
pub(crate) async fn sweep(app: &App) -> Result<usize, Error> {
    let mut swept = 0;
    loop {
        let expired = app.ledger.expired_uploads(AT_ONCE).await?;
        if expired.is_empty() {
            return Ok(swept);
        }
        for id in expired {
            let _turn = app.turns.take(id).await?;
            app.objects.remove_parts(id).await?;
            app.ledger.close_upload(id).await?;
            swept += 1;
        }
    }
}
