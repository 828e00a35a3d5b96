//! What nobody needs any more goes: uploads that were left, contents that no message tells of.

use std::convert::Infallible;

use tokio::time::sleep;
use tracing::warn;

use super::Files;
use crate::limits;

/// Sweeps now, and then every hour.
pub(crate) async fn sweep_for_ever(files: Files) -> Infallible {
    loop {
        if let Err(error) = files.sweep_all().await {
            warn!(%error, "the folder of files could not be swept");
        }
        sleep(limits::FILES_SWEPT).await;
    }
}

impl Files {
    async fn sweep_all(&self) -> anyhow::Result<()> {
        let (turns, now) = (self.turns.clone(), self.env.wall_clock());
        let kept = limits::PARTIAL_KEPT.as_millis() as u64;
        let contents = self.job(move |folder| {
            for partial in folder.partials()? {
                let age = now.0.saturating_sub(partial.begun.0);
                if age > kept && !turns.is_taken(&partial.key()) {
                    folder.remove_partial(&partial)?;
                }
            }
            folder.contents()
        });
        for hash in contents.await? {
            self.sweep(hash).await?;
        }
        Ok(())
    }
}
