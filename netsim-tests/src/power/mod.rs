//! Power cuts, on the real programs: every write and sync of a run is recorded, and the files are
//! made again as a cut would have left them.
//!
//! | what | where |
//! |---|---|
//! | recording a program, reading that back | [`record`], [`trace`] |
//! | the disk that loses power | [`disk`], [`replay`] |
//! | who writes, and what they are told | [`writer`], [`promises`] |
//! | a recorded server, a recorded client | [`server_scene`], [`client_scene`] |
//! | cuts at random moments | [`cuts`], [`image`] |

pub mod client_scene;
pub mod contents;
pub mod cuts;
pub mod disk;
pub mod image;
pub mod promises;
pub mod record;
pub mod replay;
pub mod server_scene;
pub mod trace;
pub mod writer;
