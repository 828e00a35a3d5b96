//! What `strace` wrote, read back: which calls a program made, with all their bytes, in order.
//!
//! Made by `strace -f -y -ttt -s BIG -o FILE`; a call that another thread's interrupted stands on
//! two lines there.

use std::collections::BTreeMap;

use thiserror::Error;

/// Behind the path of a file that has no name any more.
pub const GONE: &str = " (deleted)";

/// The record can't be trusted: it says something that nobody here understands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the record: {why}: {text}")]
pub struct Unreadable {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
    /// Its beginning.
    pub text: String,
}

/// Something that happened, when its line was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Microseconds since 1970. Nothing of this step was done before.
    pub at: u64,
    /// By which thread.
    pub thread: u32,
    /// What.
    pub what: What,
}

/// See [`Step`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A call was made, whose end is another step.
    Asked,
    /// A call ended.
    Done(Call),
}

/// A call that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `pwrite64`, `fsync`.
    pub name: String,
    /// As they were given.
    pub args: Vec<Arg>,
    /// What it returned; `None` where the thread did not live to see it.
    pub result: Option<i64>,
    /// The path of a descriptor that it returned.
    pub opened: Option<String>,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// In quotes.
    Bytes(Vec<u8>),
    /// A descriptor, and the path that it is open at.
    Descriptor(i64, String),
    /// Anything else, as it stands there.
    Word(String),
}

/// Reads a record line by line.
#[derive(Debug, Default)]
pub struct Reader {
    line: usize,
    /// Calls under way, as far as they were written.
    begun: BTreeMap<u32, String>,
}

impl Reader {
    /// The next line; `None` where it tells of no call.
    pub fn read(&mut self, line: &str) -> Result<Option<Step>, Unreadable> {
        self.line += 1;
        let read = self.step(line);
        read.map_err(|why| Unreadable {
            line: self.line,
            why,
            text: line.chars().take(120).collect(),
        })
    }

    fn step(&mut self, line: &str) -> Result<Option<Step>, &'static str> {
        let (thread, rest) = word(line).ok_or("no thread")?;
        let thread = thread.parse().map_err(|_| "no thread")?;
        let (time, text) = word(rest).ok_or("no time")?;
        let at = micros(time).ok_or("no time")?;
        let done = |call| Ok(Some(Step { at, thread, what: What::Done(call) }));
        // Signals, and threads that ended.
        if text.starts_with("---") || text.starts_with("+++") {
            return Ok(None);
        }
        if let Some(begun) = text.strip_suffix(" <unfinished ...>") {
            self.begun.insert(thread, begun.to_owned());
            return Ok(Some(Step { at, thread, what: What::Asked }));
        }
        if let Some(resumed) = text.strip_prefix("<... ") {
            let (_, rest) = resumed.split_once(" resumed>").ok_or("resumed without a call")?;
            let begun = self.begun.remove(&thread).ok_or("resumed without a beginning")?;
            return done(call(&format!("{begun}{rest}"))?);
        }
        done(call(text)?)
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.trim_start().split_once(' ')?;
    Some((word, rest.trim_start()))
}

/// `1795751729.762741`.
fn micros(text: &str) -> Option<u64> {
    let (seconds, micros) = text.split_once('.')?;
    let micros: u64 = micros.parse().ok().filter(|_| micros.len() == 6)?;
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

fn call(text: &str) -> Result<Call, &'static str> {
    let (name, rest) = text.split_once('(').ok_or("no call")?;
    let mut scan = Scan { bytes: rest.as_bytes(), at: 0 };
    let args = scan.args()?;
    let rest = rest.get(scan.at..).ok_or("no result")?.trim_start();
    let result = rest.strip_prefix("= ").ok_or("no result")?;
    let (number, opened) = match result.split_once('<') {
        Some((number, path)) if !number.contains(' ') => (number, Some(path_of(path.as_bytes())?)),
        _ => (result.split(' ').next().unwrap_or_default(), None),
    };
    let result = match number {
        "?" => None,
        number => Some(integer(number).ok_or("no result")?),
    };
    Ok(Call { name: name.to_owned(), args, result, opened })
}

/// Behind the `<` of a descriptor. A file whose name is gone keeps a mark behind it.
fn path_of(text: &[u8]) -> Result<String, &'static str> {
    let path = |path: &[u8]| Ok(String::from_utf8_lossy(&unescape(path)?).into_owned());
    match text.strip_suffix(b">(deleted)") {
        Some(gone) => Ok(path(gone)? + GONE),
        None => path(text.strip_suffix(b">").ok_or("no path")?),
    }
}

fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        // An address: all that matters is that it is none of the errors.
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|address| (address >> 1) as i64),
        None => text.parse().ok(),
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// Up to behind the closing parenthesis.
    fn args(&mut self) -> Result<Vec<Arg>, &'static str> {
        let mut args = Vec::new();
        loop {
            match self.bytes.get(self.at).ok_or("no end of the arguments")? {
                b')' => {
                    self.at += 1;
                    return Ok(args);
                }
                b',' | b' ' => self.at += 1,
                b'"' => args.push(Arg::Bytes(self.quoted()?)),
                _ => args.push(self.plain()?),
            }
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, &'static str> {
        let begin = self.at + 1;
        self.skip_quoted()?;
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"...")) {
            return Err("bytes are left out");
        }
        unescape(&self.bytes[begin..self.at - 1])
    }

    /// To behind the closing quote.
    fn skip_quoted(&mut self) -> Result<(), &'static str> {
        self.at += 1;
        loop {
            match self.bytes.get(self.at).ok_or("no closing quote")? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    /// A number, a descriptor, flags, or a structure, whose commas are its own.
    fn plain(&mut self) -> Result<Arg, &'static str> {
        let (begin, mut depth) = (self.at, 0usize);
        loop {
            match self.bytes.get(self.at).ok_or("no end of an argument")? {
                b'"' => self.skip_quoted()?,
                b'<' => self.skip_path()?,
                b',' | b')' if depth == 0 => break,
                b'{' | b'[' | b'(' => (depth, self.at) = (depth + 1, self.at + 1),
                b'}' | b']' | b')' => (depth, self.at) = (depth.saturating_sub(1), self.at + 1),
                _ => self.at += 1,
            }
        }
        let text = &self.bytes[begin..self.at];
        if let Some(open) = text.iter().position(|byte| *byte == b'<') {
            let number = String::from_utf8_lossy(&text[..open]);
            return Ok(match integer(&number) {
                Some(number) => Arg::Descriptor(number, path_of(&text[open + 1..])?),
                None => Arg::Word(number.into_owned()),
            });
        }
        Ok(Arg::Word(String::from_utf8_lossy(text).into_owned()))
    }

    /// In paths, what could end them is escaped.
    fn skip_path(&mut self) -> Result<(), &'static str> {
        let rest = &self.bytes[self.at..];
        let mut depth = 0usize;
        for (index, byte) in rest.iter().enumerate() {
            match byte {
                b'<' => depth += 1,
                b'>' if depth > 1 => depth -= 1,
                // `TCP:[1->2]`, and the like.
                b'>' if index > 0 && rest[index - 1] == b'-' => {}
                b'>' => {
                    self.at += index + 1;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err("no end of a path")
    }
}

/// C's escapes.
fn unescape(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let escaped = *text.get(at).ok_or("half an escape")?;
        at += 1;
        bytes.push(match escaped {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'a' => 0x07,
            b'b' => 0x08,
            b'"' | b'\\' | b'\'' => escaped,
            b'x' => {
                let digits = text.get(at..at + 2).ok_or("half an escape")?;
                at += 2;
                let digits = std::str::from_utf8(digits).map_err(|_| "no escape")?;
                u8::from_str_radix(digits, 16).map_err(|_| "no escape")?
            }
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = text.get(at) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    at += 1;
                }
                u8::try_from(value).map_err(|_| "no escape")?
            }
            _ => return Err("an unknown escape"),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        let mut reader = Reader::default();
        text.lines().filter_map(|line| reader.read(line).unwrap()).collect()
    }

    fn word(text: &str) -> Arg {
        Arg::Word(text.to_owned())
    }

    fn only(text: &str) -> Call {
        let What::Done(call) = steps(text).remove(0).what else { panic!("{text}") };
        call
    }

    #[test]
    fn a_write_has_its_bytes_its_file_and_its_place() {
        let text = r#"17 5.000007 pwrite64(12</d/x.db-wal>, "a\0\1\377\"\\\n\01019", 9, 24) = 9"#;
        let steps = steps(text);
        assert_eq!((steps[0].at, steps[0].thread), (5_000_007, 17));
        let call = only(text);
        assert_eq!((call.name.as_str(), call.result), ("pwrite64", Some(9)));
        assert_eq!(call.args[0], Arg::Descriptor(12, "/d/x.db-wal".to_owned()));
        assert_eq!(call.args[1], Arg::Bytes(b"a\0\x01\xff\"\\\n\x0819".to_vec()));
        assert_eq!(call.args[2..], [word("9"), word("24")]);
    }

    #[test]
    fn what_is_opened_and_what_fails_is_told_apart() {
        let call = only(
            r#"1 1.000000 openat(AT_FDCWD</tmp/pw>, "/d/lock", O_RDWR|O_CREAT, 0600) = 9</d/lock>"#,
        );
        assert_eq!((call.result, call.opened.as_deref()), (Some(9), Some("/d/lock")));
        assert_eq!(call.args[2], word("O_RDWR|O_CREAT"));
        let call = only(r#"1 1.000000 mkdir("/d", 0700) = -1 EEXIST (File exists)"#);
        assert_eq!((call.result, call.opened), (Some(-1), None));
        let call = only(r#"1 1.000000 write(1</d/a\303\261o>, "x", 1) = ?"#);
        assert_eq!(call.args[0], Arg::Descriptor(1, "/d/año".to_owned()));
        assert_eq!(call.result, None);
        let call = only(
            r#"1 1.000000 openat(AT_FDCWD</x>, "/t", O_RDWR|O_TMPFILE, 0600) = 4</t/#7>(deleted)"#,
        );
        assert_eq!(call.opened.as_deref(), Some("/t/#7 (deleted)"));
        let call = only(r#"1 1.000000 write(4</t/#7>(deleted), "x", 1) = 1"#);
        assert_eq!(call.args[0], Arg::Descriptor(4, "/t/#7 (deleted)".to_owned()));
        let call = only("1 1.000000 fsync(3<TCP:[1.2.3.4:5->6.7.8.9:0]>) = 0");
        assert_eq!(call.args.len(), 1);
        let call = only(r#"1 1.000000 writev(3</d/x>, [{iov_base="a,)", iov_len=3}], 1) = 3"#);
        assert_eq!(call.args[1], word(r#"[{iov_base="a,)", iov_len=3}]"#));
    }

    #[test]
    fn a_call_on_two_lines_is_one_call_and_known_from_its_beginning() {
        let steps = steps(
            "1 1.000000 fsync(3</d/x> <unfinished ...>\n\
             2 1.000001 unlink(\"/d/y\") = 0\n\
             1 1.000002 <... fsync resumed>) = 0\n\
             1 1.000003 +++ killed by SIGKILL +++\n",
        );
        assert_eq!(steps.len(), 3);
        assert_eq!((steps[0].thread, &steps[0].what), (1, &What::Asked));
        let What::Done(call) = &steps[2].what else { panic!("{steps:?}") };
        assert_eq!((call.name.as_str(), call.result), ("fsync", Some(0)));
        assert_eq!(call.args, [Arg::Descriptor(3, "/d/x".to_owned())]);
    }

    #[test]
    fn what_can_not_be_read_is_said_and_never_passed_over() {
        for text in [
            "no line",
            "1 x fsync(3) = 0",
            "1 1.000000 fsync(3",
            "1 1.000000 fsync(3)",
            r#"1 1.000000 write(3</d/x>, "ab"..., 900) = 900"#,
            "1 1.000000 <... fsync resumed>) = 0",
        ] {
            assert!(Reader::default().read(text).is_err(), "{text}");
        }
    }
}
