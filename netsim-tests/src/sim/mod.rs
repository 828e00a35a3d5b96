//! The deterministic simulator: the real server and the real clients on a simulated network, in
//! virtual time, on one thread. One seed decides everything, so that a failure can be seen again.
//!
//! | what | where |
//! |---|---|
//! | time, chance, the record of a run | [`clock`], [`chance`], [`trace`] |
//! | packets: links, addresses, quinn's socket | [`net`], [`socket`] |
//! | machines: disks, clocks, crashes | [`machine`], [`full_disk`] |
//! | who lives in a run | [`server_host`] and [`keeper`], [`process`] and [`person`] |
//! | what people do and see | [`deeds`], [`files`], [`eyes`] |
//! | what goes wrong | [`chaos`], by kinds of runs: [`preset`] |
//! | the reference, and the comparison with it | [`ledger`], [`facts`], [`verdict`], [`inspection`] |
//! | one run; many | [`run()`], [`soak`] |
//! | how long messages take | [`latency`]; beside a file: [`beside`]; what silence costs: [`idle`] |
//! | how long it takes to begin, after a silence, with another address | [`setup`], [`outage`], [`roam`]; who is shown as there: [`absence`] |
//!
//! A run: two to four people join a server, enter and leave rooms of every kind, write, read and
//! follow, while things go wrong. Then all is made good, everybody comes to rest, and everything
//! that anybody was told or shown is compared with what stands in the server's database.

pub mod absence;
pub mod beside;
pub mod chance;
pub mod chaos;
pub mod clock;
pub mod deeds;
pub mod eyes;
pub mod facts;
pub mod files;
pub mod full_disk;
pub mod idle;
mod image;
pub mod inspection;
pub mod keeper;
mod keys;
pub mod latency;
pub mod ledger;
pub mod machine;
pub mod net;
pub mod outage;
pub mod panics;
pub mod person;
pub mod preset;
pub mod process;
pub mod roam;
pub mod run;
pub mod scene;
pub mod server_host;
pub mod setup;
pub mod soak;
pub mod socket;
pub mod trace;
pub mod verdict;
pub mod world;

pub use preset::Preset;
pub use run::{Report, run};
