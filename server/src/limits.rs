//! Every bound of the server that is not the wire's own ([`tertulia_proto::limits`]).

use std::time::Duration;

/// Rooms of one server, direct ones apart.
pub(crate) const ROOMS: u32 = 10_000;
/// Direct rooms of one server.
pub(crate) const DIRECT_ROOMS: u32 = 100_000;
/// The largest room id that is drawn, all of whose bits are set. 48 bits are plenty, short on the
/// wire, and read exactly by what knows only floating point.
pub(crate) const LAST_ROOM_ID: u64 = (1 << 48) - 1;
/// Rooms that one account may make.
pub(crate) const ROOMS_MADE_BY_ONE: u32 = 100;
/// Invites kept at once, used up or not.
pub(crate) const INVITES: u32 = 10_000;
/// How long an expired invite is still told from an unknown one: 30 days, in milliseconds.
pub(crate) const DEAD_INVITE_KEPT_MS: i64 = 30 * 24 * 3600 * 1000;
/// Uses of one invite.
pub(crate) const INVITE_USES: u32 = 10_000;
/// Life of one invite, in seconds: a year.
pub(crate) const INVITE_EXPIRES_S: u32 = 365 * 24 * 3600;

/// Commands of one group commit.
pub(crate) const COMMIT_BATCH: usize = 256;
/// Commands waiting for the writer; connections wait beyond.
pub(crate) const COMMIT_QUEUE: usize = 1_024;
/// The write-ahead log is folded into the database beyond this size, in bytes.
pub(crate) const CHECKPOINT_BYTES: u64 = 16 << 20;
/// Entries that are verified before serving after a stop that was not clean: those that may still
/// have been in the write-ahead log, and never more.
pub(crate) const VERIFIED_AT_START: u64 = 65_536;
/// The shortest and the longest pause between two steps of the verification beside serving.
pub(crate) const VERIFICATION_PAUSE: (Duration, Duration) =
    (Duration::from_millis(20), Duration::from_secs(2));
/// Problems of one pass that are logged one by one.
pub(crate) const VERIFICATION_LOGGED: u64 = 20;
/// Read-only database connections.
pub(crate) const READERS: usize = 4;

/// Recent frames of one room kept in memory.
pub(crate) const RING_FRAMES: usize = 1_024;
/// Their bytes.
pub(crate) const RING_BYTES: usize = 256 << 10;
/// Frames of it in one piece of memory, and their bytes, unless one frame is longer.
pub(crate) const CHUNK_FRAMES: usize = 128;
pub(crate) const CHUNK_BYTES: usize = 16 << 10;
/// What a lane writes of one room before another room has its turn, in bytes.
pub(crate) const LANE_TURN_BYTES: usize = 64 << 10;

/// Connections of one device; a further one takes the oldest one's place.
pub(crate) const CONNECTIONS_PER_DEVICE: usize = 8;
/// Connections that are not welcome yet.
pub(crate) const UNWELCOME_CONNECTIONS: usize = 1_024;
/// Handshakes at once; over half of it, unvalidated addresses get a Retry.
pub(crate) const HANDSHAKES: usize = 128;
/// Who proved their address and wait for a handshake, and how long: then a client begins anew.
pub(crate) const QUEUE: usize = 4_096;
/// See [`QUEUE`].
pub(crate) const QUEUE_TIME: Duration = Duration::from_secs(8);
/// Initials waiting to be looked at.
pub(crate) const INCOMING: usize = 2 * QUEUE;
/// Bytes kept for one of them, and for all.
pub(crate) const INCOMING_BYTES: u64 = 64 << 10;
/// See [`INCOMING_BYTES`].
pub(crate) const INCOMING_BYTES_TOTAL: u64 = 32 << 20;
/// TLS must be through by then.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// The hello must be there by then, and a registration.
pub(crate) const HELLO_TIME: Duration = Duration::from_secs(10);
/// A frame once begun must be whole by then, while packets arrive.
pub(crate) const FRAME_TIME: Duration = Duration::from_secs(30);
/// A reader must take something by then, while packets arrive.
pub(crate) const PROGRESS_TIME: Duration = Duration::from_secs(30);
/// A silent path is given up.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(180);
/// Nothing heard for so long, twice in a row: the person is shown as gone. The connection stays,
/// so that one who comes out of a tunnel goes on without a handshake.
pub(crate) const SILENCE: Duration = Duration::from_secs(12);
/// How often a connection that is silent is looked at.
pub(crate) const SILENT_LOOK: Duration = Duration::from_secs(1);
/// Pages that a connection may have asked for and not got.
pub(crate) const PAGES_ASKED: usize = 64;
/// Streams of pages a connection may have open.
pub(crate) const PAGES_IN_FLIGHT: usize = 4;
/// Typing notices of one connection: a burst, then a rate a second. Beyond it they are dropped.
pub(crate) const TYPING_BURST: u32 = 16;
/// See [`TYPING_BURST`].
pub(crate) const TYPING_RATE: u32 = 1;
/// Typing notices waiting for one connection; beyond, newer ones are dropped.
pub(crate) const TYPING_WAITING: usize = 16;
/// Between two presence frames of a connection, at least.
pub(crate) const PRESENCE_INTERVAL: Duration = Duration::from_millis(900);
/// Presence frames of all connections together, a second: with many connected each hears later of
/// how many they are, so that a crowd that comes back is not told of each one of it.
pub(crate) const PRESENCE_A_SECOND: u32 = 500;

/// Sends of one device: a burst, then a rate. Beyond it the server reads slower.
pub(crate) const SEND_BURST: u32 = 2_000;
/// See [`SEND_BURST`]; a second.
pub(crate) const SEND_RATE: u32 = 50;
/// Lists, history and membership changes of one device: a burst, then a rate a second.
pub(crate) const REQUEST_BURST: u32 = 400;
/// See [`REQUEST_BURST`].
pub(crate) const REQUEST_RATE: u32 = 40;
/// Registrations over the whole server: a burst, then a rate a second. Invites have 128
/// bits and are not guessed; this keeps strangers from keeping the writer busy.
pub(crate) const REGISTER_BURST: u32 = 100;
/// See [`REGISTER_BURST`].
pub(crate) const REGISTER_RATE: u32 = 20;
/// Tries to register on one connection.
pub(crate) const REGISTER_TRIES: u32 = 10;

/// What quinn may hold of one stream's received data.
pub(crate) const STREAM_WINDOW: u32 = 256 << 10;
/// And of one connection's.
pub(crate) const CONNECTION_WINDOW: u32 = 1 << 20;
/// What one connection's unsent and unacknowledged data may weigh.
pub(crate) const SEND_WINDOW: u64 = 1 << 20;
/// UDP socket buffers asked of the system, in bytes.
pub(crate) const SOCKET_BUFFER: usize = 4 << 20;

/// How often the certificate's files are looked at.
pub(crate) const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(5);

/// Connections to the metrics page at once; others wait.
pub(crate) const METRICS_CONNECTIONS: usize = 4;
/// Each of them gets so long.
pub(crate) const METRICS_TIME: Duration = Duration::from_secs(5);

/// A stop takes at most a quarter more: clients told, connections closed, commits finished.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(4);
/// Clients come back after a stop within this time, each after a random part of it.
pub(crate) const RETURN_SPREAD: Duration = Duration::from_secs(2);
/// Records of the local network's multicast DNS that are held; beyond, all are dropped.
pub(crate) const NEARBY_RECORDS: i64 = 4_096;
/// How often that is looked at.
pub(crate) const NEARBY_LOOK: Duration = Duration::from_secs(30);
/// Before the server is announced again after such a flood.
pub(crate) const NEARBY_PAUSE: Duration = Duration::from_secs(600);
/// How long taking the announcement back may take.
pub(crate) const NEARBY_GOODBYE: Duration = Duration::from_millis(800);
/// Devices whose quota is remembered while they are away.
pub(crate) const QUOTAS: usize = 8_192;
/// New connections of one unvalidated address range: a burst, then a rate a second. Beyond it
/// the address must prove itself by a Retry.
pub(crate) const ADDRESS_BURST: u32 = 40;
/// See [`ADDRESS_BURST`].
pub(crate) const ADDRESS_RATE: u32 = 20;
/// Address ranges watched at once; beyond, every new one must prove itself.
pub(crate) const ADDRESSES: usize = 4_096;

/// The largest file, in bytes.
pub(crate) const FILE_BYTES: u64 = 100_000_000;
/// What one account may keep in files, in bytes.
pub(crate) const FILES_OF_ACCOUNT_BYTES: u64 = 1_000_000_000;
/// What the server keeps in files, in bytes.
pub(crate) const FILES_BYTES: u64 = 10_000_000_000;
/// What files leave of the disk for messages, in bytes.
pub(crate) const DISK_RESERVE: u64 = 64 << 20;
/// Files of one account that are not whole yet; beyond, the oldest that nobody goes on with goes.
pub(crate) const PARTIALS_OF_ACCOUNT: usize = 8;
/// And of all.
pub(crate) const PARTIALS: usize = 1_024;
/// How long such a file is kept from its beginning on, if nobody goes on with it.
pub(crate) const PARTIAL_KEPT: Duration = Duration::from_secs(3 * 24 * 3600);
/// How often the folder of files is swept.
pub(crate) const FILES_SWEPT: Duration = Duration::from_secs(3600);
/// Reads and writes of files at once, over the whole server.
pub(crate) const FILE_JOBS: usize = 4;
/// Files on their way at once, over the whole server; others wait.
pub(crate) const TRANSFERS: usize = 128;
/// What is read or written of a file at once.
pub(crate) const FILE_PIECE: usize = 128 << 10;
/// A file that does not move for so long is given up; it can be gone on with.
pub(crate) const FILE_STALL: Duration = Duration::from_secs(120);
