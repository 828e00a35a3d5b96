//! The crowd of `tertulia-bench fanout`, small: that it counts what there is.

use anyhow::Result;
use tertulia_netsim::fanout::{self, Plan, Shape, System};
use tokio::time::Duration;

fn plan(system: System, rooms: usize, shape: Shape) -> Plan {
    let others = env!("CARGO_BIN_EXE_tertulia-bench").into();
    let time = Duration::from_secs(1);
    Plan { system, others, clients: 6, rooms, senders: 3, shape, time, repeats: 2 }
}

#[tokio::test]
async fn a_crowd_writes_and_reads_in_every_shape() -> Result<()> {
    let shapes = [
        (1, Shape::Saturate),
        (2, Shape::Saturate),
        (1, Shape::Paced(240)),
        (1, Shape::Single),
        (2, Shape::Burst(3)),
    ];
    for (rooms, shape) in shapes {
        let dir = tempfile::tempdir()?;
        let row = fanout::run(&plan(System::Tertulia, rooms, shape), dir.path()).await?;
        assert!(row.stored > 0 && row.deliveries_per_s > 0.0, "{row:?}");
        // Each is timed where posts are single, else one of so many: too few may have come.
        assert!(row.p99_ms >= row.p50_ms && (shape != Shape::Single || row.n > 0), "{row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_baseline_stores_and_delivers_what_a_crowd_writes_too() -> Result<()> {
    for (rooms, shape) in [(1, Shape::Saturate), (2, Shape::Burst(1))] {
        let plans = [System::Tertulia, System::TlsTcp].map(|system| plan(system, rooms, shape));
        let rows = fanout::run_in_turn(&plans, || Ok(tempfile::tempdir()?)).await?;
        assert_eq!(rows.iter().map(|row| row.system).collect::<Vec<_>>(), ["tertulia", "tls-tcp"]);
        for row in rows {
            assert!(row.stored > 0 && row.deliveries_per_s > 0.0, "{row:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_raw_bound_sends_and_stores_nothing_and_is_one_of_bursts() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let row = fanout::run(&plan(System::Raw, 1, Shape::Burst(8)), dir.path()).await?;
    assert!(row.deliveries_per_s > 0.0 && row.stored == 0 && row.p99_ms.is_none(), "{row:?}");
    assert!(fanout::run(&plan(System::Raw, 1, Shape::Single), dir.path()).await.is_err());
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

#[tokio::test]
async fn a_reader_and_a_start_with_a_cache_are_measured() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let row = fanout::client(200, 5_300, 1, dir.path()).await?;
    assert!(row.cached >= 5_300 && row.rooms == 2, "{row:?}");
    assert!(row.start_ms > 0.0 && row.start_after_kill_ms > 0.0, "{row:?}");
    assert!(row.cli_peak_rss_mib > 1.0, "{row:?}");
    Ok(())
}
