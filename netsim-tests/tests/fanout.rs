//! The crowd of `tertulia-bench fanout`, small: that it counts what there is.

use anyhow::Result;
use tertulia_netsim::fanout::{self, Plan, Shape};
use tokio::time::Duration;

fn plan(rooms: usize, shape: Shape) -> Plan {
    Plan { clients: 6, rooms, senders: 3, shape, time: Duration::from_secs(1), repeats: 2 }
}

#[tokio::test]
async fn a_crowd_writes_and_reads_in_every_shape() -> Result<()> {
    let shapes =
        [(1, Shape::Saturate), (2, Shape::Saturate), (1, Shape::Paced(240)), (1, Shape::Single)];
    for (rooms, shape) in shapes {
        let dir = tempfile::tempdir()?;
        let row = fanout::run(&plan(rooms, shape), dir.path()).await?;
        assert!(row.stored > 0 && row.deliveries_per_s > 0.0, "{row:?}");
        // Each is timed where posts are single, else one of so many: too few may have come.
        assert!(row.p99_ms >= row.p50_ms && (shape != Shape::Single || row.n > 0), "{row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn connections_hold_memory_and_come_back_after_a_restart() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let row = fanout::memory(40, dir.path()).await?;
    assert!(row.rss_kib_per_client > 0.0, "{row:?}");
    for storm in [false, true] {
        let dir = tempfile::tempdir()?;
        let row = fanout::connect(8, storm, dir.path()).await?;
        assert!(row.connects_per_cpu_s > 0.0 && row.attempts_per_client >= 1.0, "{row:?}");
    }
    Ok(())
}
