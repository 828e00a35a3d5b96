//! Drafts on their way to the disk. Handles put them into [`Shared`](super::Shared), so that no
//! queue can be too full for one.

use std::time::Duration;

use super::{Driver, answer};
use crate::store::drafts_file;

impl Driver {
    /// When they are to be written; `None` while that is being done.
    pub(super) fn drafts_due(&self) -> Option<Duration> {
        // One process at a time has the timelines, and the drafts with them.
        let may_write = self.keeps_drafts && self.drafts_job.is_none();
        let due = may_write.then(|| self.shared.with_drafts(|drafts| drafts.due())).flatten();
        // At once while it closes: who does that may not wait for the end of what is being sent.
        if self.closing.is_some() { due.map(|_| Duration::ZERO) } else { due }
    }

    pub(super) fn write_drafts(&mut self, now: Duration) {
        if self.drafts_due().is_none_or(|at| at > now) {
            return;
        }
        let texts = self.shared.with_drafts(|drafts| drafts.take(now));
        let epoch = self.epoch();
        self.drafts_job = Some(self.dir.start(move |dir| {
            if let Err(error) = drafts_file::save(dir, epoch, texts) {
                tracing::warn!(%error, "drafts can't be kept");
            }
        }));
    }

    /// Writes what is not written yet.
    pub(super) async fn settle_drafts(&mut self) {
        for now in [self.now(), Duration::MAX] {
            self.write_drafts(now);
            if self.drafts_job.is_some() {
                // Whether it died or ended, it is over.
                let _ = answer(&mut self.drafts_job).await;
            }
        }
    }
}
