//! Real processes: a server that can be killed, clients that are called as scripts call them.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What a server says when it takes connections; `udp` or `tcp`, and the address, follow.
const LISTENING: &str = "listening on ";

static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// Takes the programs of that folder, and builds none. `false`: it was called too late.
pub fn use_programs(folder: PathBuf) -> bool {
    BUILT.set(Ok(folder)).is_ok()
}

/// The folder with the built programs; they are built on the first call.
pub fn programs() -> Result<&'static Path> {
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    match built {
        Ok(path) => Ok(path),
        Err(error) => bail!("the programs can't be built: {error}"),
    }
}

fn build() -> Result<PathBuf> {
    // A test runs as target/PROFILE/deps/NAME.
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(Path::parent).context("no target folder")?;
    let target = profile.parent().context("no target folder")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "tertulia-server"]);
    cargo.args(["--package", "tertulia-client", "--target-dir"]).arg(target);
    if profile.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    }
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    ensure!(cargo.status()?.success(), "cargo build failed");
    Ok(profile.to_owned())
}

/// A server as a process, on loopback. Killed when dropped.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    data: PathBuf,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl ServerProcess {
    /// Starts it on any free port; returns when it says that it listens.
    pub fn start(data: &Path) -> Result<Self> {
        Self::start_with(data, "127.0.0.1:0", &[])
    }

    /// The same on that address, with further arguments.
    pub fn start_with(data: &Path, listen: &str, more: &[&str]) -> Result<Self> {
        Self::start_logging(data, listen, more, "")
    }

    /// The same with a log as `filter` says (the default where it is empty).
    pub fn start_logging(data: &Path, listen: &str, more: &[&str], filter: &str) -> Result<Self> {
        let mut command = Self::command(data, listen, more)?;
        match filter {
            "" => command.env_remove("RUST_LOG"),
            filter => command.env("RUST_LOG", filter),
        };
        Self::run(command, data)
    }

    /// The command that starts it.
    pub fn command(data: &Path, listen: &str, more: &[&str]) -> Result<Command> {
        let mut command = Command::new(programs()?.join("tertulia-server"));
        command.arg("--data").arg(data).args(["--listen", listen]).args(more);
        Ok(command)
    }

    /// Starts it by a command made of that one.
    pub fn run(mut command: Command, data: &Path) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Some((_, address)) =
            line.trim_end().strip_prefix(LISTENING).and_then(|line| line.split_once(' '))
        else {
            let output = child.wait_with_output()?;
            bail!("no server: {}", String::from_utf8_lossy(&output.stderr));
        };
        let address = address.parse().with_context(|| line.clone())?;
        let log = Arc::<Mutex<String>>::default();
        if let Some(lines) = child.stderr.take() {
            let log = Arc::clone(&log);
            spawn(move || {
                for line in BufReader::new(lines).lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                    log.push_str(&line);
                    log.push('\n');
                }
            });
        }
        Ok(Self { child, data: data.to_owned(), address, log })
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends it a signal by its name.
    pub fn signal(&self, name: &str) -> Result<()> {
        signal(self.child.id(), name)
    }

    /// Its process id, for signals.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that makes its user the owner.
    pub fn owner_link(&self) -> Result<String> {
        let path = self.data.join("owner-invite");
        let link = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(link.trim_end().to_owned())
    }

    /// An invite's link, made as an operator makes it.
    pub fn invite(&self, arguments: &[&str]) -> Result<String> {
        invite(&self.data, arguments)
    }

    /// kill -9: nothing is flushed, nobody is told.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// kill -TERM; its exit code.
    pub fn terminate(mut self) -> Result<Option<i32>> {
        signal(self.child.id(), "TERM")?;
        Ok(self.child.wait()?.code())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `tertulia-server invite`, whether the server runs or not.
pub fn invite(data: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(programs()?.join("tertulia-server"))
        .arg("invite")
        .arg("--data")
        .arg(data)
        .args(arguments)
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// A command of `tertulia-server` on a data directory.
pub fn operate(data: &Path, arguments: &[&str]) -> Result<Called> {
    let mut command = Command::new(programs()?.join("tertulia-server"));
    Called::of(command.args(arguments).arg("--data").arg(data).output()?)
}

/// A profile of `tertulia-cli`.
#[derive(Debug, Clone)]
pub struct Cli {
    profile: PathBuf,
}

/// How a call ended.
#[derive(Debug)]
pub struct Called {
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Cli {
    /// The profile in that folder.
    pub fn new(profile: impl Into<PathBuf>) -> Self {
        Self { profile: profile.into() }
    }

    /// A profile that has joined.
    pub fn joined(profile: impl Into<PathBuf>, link: &str, name: &str) -> Result<Self> {
        let cli = Self::new(profile);
        let called = cli.call(&["join", link, "--name", name])?;
        ensure!(called.code == 0, "join as {name}: {called:?}");
        Ok(cli)
    }

    /// The profile's folder.
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// The command with the profile and `--json` set.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(programs()?.join("tertulia-cli"));
        command.arg("--profile").arg(&self.profile).arg("--json").args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Runs a command to its end.
    pub fn call(&self, arguments: &[&str]) -> Result<Called> {
        Called::of(self.command(arguments)?.output()?)
    }

    /// Runs a command that reads these lines.
    pub fn call_with(&self, arguments: &[&str], stdin: &str) -> Result<Called> {
        self.start_with(arguments, stdin)?.end()
    }

    /// Starts a command that reads these lines.
    pub fn start_with(&self, arguments: &[&str], stdin: &str) -> Result<Running> {
        let mut child = self.command(arguments)?.stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("no stdin")?;
        let text = stdin.to_owned();
        // Beside, since the command may write before it has read all.
        spawn(move || drop(input.write_all(text.as_bytes())));
        Ok(Running { child })
    }

    /// Starts a command.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        Ok(Running { child: self.command(arguments)?.spawn()? })
    }

    /// Runs a command that must succeed: its JSON objects.
    pub fn objects(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let called = self.call(arguments)?;
        ensure!(called.code == 0, "{arguments:?}: {called:?}");
        called.objects()
    }
}

/// A command under way. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts a command made elsewhere.
    pub fn of(mut command: Command) -> Result<Self> {
        Ok(Self { child: command.spawn()? })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Result<Called> {
        let stdout = self.child.stdout.take().map(read_beside);
        let stderr = self.child.stderr.take().map(read_beside);
        let status = self.child.wait()?;
        let text = |reading: Option<std::sync::mpsc::Receiver<String>>| {
            reading.and_then(|reading| reading.recv().ok()).unwrap_or_default()
        };
        let code = status.code().unwrap_or(-1);
        Ok(Called { code, stdout: text(stdout), stderr: text(stderr) })
    }

    /// A mark for each line of its standard output, as they come.
    pub fn lines_beside(&mut self) -> Result<std::sync::mpsc::Receiver<()>> {
        let lines = self.lines()?;
        let (marks, came) = std::sync::mpsc::channel();
        // Ends with the program, or with whoever listens.
        spawn(move || {
            for _ in lines.map_while(Result::ok) {
                if marks.send(()).is_err() {
                    break;
                }
            }
        });
        Ok(came)
    }

    /// The next line of its standard output. `None` at the end.
    pub fn lines(&mut self) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
        Ok(BufReader::new(self.child.stdout.take().context("stdout was taken")?).lines())
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Called {
    /// Runs a command to its end.
    pub fn by(command: &mut Command) -> Result<Self> {
        Self::of(command.stdin(Stdio::null()).output()?)
    }

    fn of(output: Output) -> Result<Self> {
        let code = output.status.code().unwrap_or(-1);
        let (stdout, stderr) =
            (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        Ok(Self { code, stdout, stderr })
    }

    /// Standard output as JSON objects, one a line.
    pub fn objects(&self) -> Result<Vec<Value>> {
        let lines = self.stdout.lines();
        lines.map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}

/// Sends a signal by its name, as an operator does.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status()?;
    ensure!(status.success(), "no process {pid}");
    Ok(())
}

/// Waits for something that another process does: looks until `found`, at most a minute.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> Result<T> {
    for _ in 0..1_200 {
        if let Some(found) = found() {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("never came: {what}")
}

fn read_beside(mut from: impl std::io::Read + Send + 'static) -> std::sync::mpsc::Receiver<String> {
    let (tx, rx) = std::sync::mpsc::channel();
    spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = tx.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    rx
}

#[expect(clippy::disallowed_methods, reason = "pipes of real processes; nothing is simulated here")]
fn spawn(job: impl FnOnce() + Send + 'static) {
    std::thread::spawn(job);
}
