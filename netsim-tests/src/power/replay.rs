//! A record of a program, done again on a [`Disk`], call by call.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    disk::{Disk, Missing, Moment},
    trace::{Arg, Call, GONE, Step, What},
};

/// The calls that have to be in the record: what changes files, and where a descriptor stands.
pub const CALLS: &str = "open,creat,openat,openat2,lseek,write,writev,pwrite64,pwritev,pwritev2,\
    truncate,ftruncate,fallocate,fsync,fdatasync,sync_file_range,syncfs,sync,msync,mmap,\
    rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,\
    mknod,mknodat,copy_file_range,sendfile,splice,dup,dup2,dup3,io_uring_setup";

/// The record says something that the disk here knows nothing of, so its cuts would be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unknown {
    /// A call.
    #[error("{0} is a call on files that can't be done again")]
    Call(String),
    /// A file.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// Does a record again. Several in a row, of programs that ran one after another, are one.
#[derive(Debug)]
pub struct Replay {
    root: PathBuf,
    disk: Disk,
    /// Where descriptors stand: of the program under way.
    descriptors: BTreeMap<i64, Standing>,
    asked: BTreeMap<u32, Moment>,
    printed: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Standing {
    at: u64,
    appends: bool,
}

impl Replay {
    /// Only what is below `root` is done; its paths begin with it.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            disk: Disk::new(root),
            descriptors: BTreeMap::new(),
            asked: BTreeMap::new(),
            printed: Vec::new(),
        }
    }

    /// As it is now.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// What programs wrote on their standard output.
    pub fn printed(&self) -> &[u8] {
        &self.printed
    }

    /// The next program begins.
    pub fn next_program(&mut self) {
        self.descriptors.clear();
        self.asked.clear();
    }

    /// Does a step.
    pub fn step(&mut self, step: Step) -> Result<(), Unknown> {
        match step.what {
            What::Asked => drop(self.asked.insert(step.thread, self.disk.now())),
            What::Done(call) => {
                // What ended without anything in between was asked for at the same moment.
                let asked = self.asked.remove(&step.thread).unwrap_or_else(|| self.disk.now());
                // What never came back, or failed, did nothing that could be relied on.
                if let Some(result) = call.result.filter(|result| *result >= 0) {
                    self.call(call, result as u64, asked)?;
                }
            }
        }
        Ok(())
    }

    fn call(&mut self, mut call: Call, result: u64, asked: Moment) -> Result<(), Unknown> {
        let unknown = |call: &Call| Err(Unknown::Call(call.name.clone()));
        match (call.name.as_str(), call.args.as_mut_slice()) {
            ("openat", [_, Arg::Bytes(_), Arg::Word(flags), ..]) => {
                let Some(path) = call.opened.as_deref() else { return unknown(&call) };
                let (path, flags) = (Path::new(path), flags.as_str());
                self.open(path, flags, result)?;
            }
            ("lseek", [Arg::Descriptor(number, _), ..]) => {
                if let Some(standing) = self.descriptors.get_mut(number) {
                    standing.at = result;
                }
            }
            ("write", [Arg::Descriptor(number, path), Arg::Bytes(bytes), ..]) => {
                let (number, mut bytes) = (*number, std::mem::take(bytes));
                bytes.truncate(result as usize);
                if number == 1 {
                    self.printed.extend(bytes);
                } else if let Some(path) = below(&self.root, path) {
                    let path = path.to_owned();
                    self.write(number, &path, bytes)?;
                }
            }
            ("pwrite64", [Arg::Descriptor(_, path), Arg::Bytes(bytes), _, Arg::Word(at)]) => {
                let mut bytes = std::mem::take(bytes);
                bytes.truncate(result as usize);
                if let Some(path) = below(&self.root, path) {
                    let Ok(at) = at.parse() else { return unknown(&call) };
                    self.disk.write(path, at, bytes)?;
                }
            }
            ("ftruncate", [Arg::Descriptor(_, path), Arg::Word(len)]) => {
                if let Some(path) = below(&self.root, path) {
                    let Ok(len) = len.parse() else { return unknown(&call) };
                    self.disk.set_len(path, len)?;
                }
            }
            ("fsync" | "fdatasync", [Arg::Descriptor(_, path)]) => {
                // The root and what is above it are there in any case.
                if let Some(path) = below(&self.root, path) {
                    self.disk.sync(path, asked)?;
                }
            }
            ("mkdir", [Arg::Bytes(path), ..]) => {
                let path = path_of(path);
                if let Some(path) = path.starts_with(&self.root).then_some(path) {
                    self.disk.make_folder(&path);
                }
            }
            ("unlink", [Arg::Bytes(path)]) => {
                let path = path_of(path);
                // Sockets are made by calls that are not here, and so is the index of a log.
                if self.disk.has_file(&path) {
                    self.disk.remove(&path)?;
                }
            }
            ("rename", [Arg::Bytes(from), Arg::Bytes(to)])
            | ("renameat" | "renameat2", [_, Arg::Bytes(from), _, Arg::Bytes(to), ..]) => {
                let (from, to) = (path_of(from), path_of(to));
                if from.starts_with(&self.root) || to.starts_with(&self.root) {
                    if from.parent() != to.parent() {
                        return unknown(&call);
                    }
                    self.disk.move_file(&from, &to)?;
                }
            }
            // Memory that is only read, or nobody else's, changes no file.
            ("mmap", [_, _, Arg::Word(protection), Arg::Word(flags), file, ..])
                if !(flags.contains("MAP_SHARED")
                    && protection.contains("PROT_WRITE")
                    && self.is_ours(file)) => {}
            (_, args) => {
                if args.iter().any(|arg| self.is_ours(arg)) {
                    return unknown(&call);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, path: &Path, flags: &str, number: u64) -> Result<(), Unknown> {
        let flags: Vec<&str> = flags.split('|').collect();
        self.descriptors.remove(&(number as i64));
        let Some(path) = path.to_str().and_then(|path| below(&self.root, path)) else {
            return Ok(());
        };
        if flags.contains(&"O_CREAT") {
            self.disk.make_file(path);
        }
        if flags.contains(&"O_TRUNC") && self.disk.len(path)? > 0 {
            self.disk.set_len(path, 0)?;
        }
        let standing = Standing { at: 0, appends: flags.contains(&"O_APPEND") };
        self.descriptors.insert(number as i64, standing);
        Ok(())
    }

    /// Behind what was written last. (Who reads and writes by one descriptor says where.)
    fn write(&mut self, number: i64, path: &Path, bytes: Vec<u8>) -> Result<(), Unknown> {
        let standing = self.descriptors.get_mut(&number);
        let standing = standing.ok_or_else(|| Unknown::Call(format!("write to {number}")))?;
        if standing.appends {
            standing.at = self.disk.len(path)?;
        }
        let at = standing.at;
        standing.at += bytes.len() as u64;
        Ok(self.disk.write(path, at, bytes)?)
    }

    fn is_ours(&self, arg: &Arg) -> bool {
        match arg {
            Arg::Bytes(bytes) => below(&self.root, &String::from_utf8_lossy(bytes)).is_some(),
            Arg::Descriptor(_, path) => below(&self.root, path).is_some(),
            Arg::Word(_) => false,
        }
    }
}

/// A path that is to be on the disk: below the root, and not the index of a write-ahead log, which
/// is shared memory and made anew by whoever opens the database first.
fn below<'a>(root: &Path, path: &'a str) -> Option<&'a Path> {
    let is_index = path.ends_with("-shm");
    // A file without a name can't be found after a cut.
    let is_gone = path.ends_with(GONE);
    let path = Path::new(path);
    (path.starts_with(root) && !is_index && !is_gone).then_some(path)
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{link::rng::Rng, power::trace::Reader};

    fn replay(record: &str) -> Result<Replay, Unknown> {
        let (mut replay, mut reader) = (Replay::new(Path::new("/r")), Reader::default());
        for line in record.lines() {
            if let Some(step) = reader.read(&format!("1 1.000000 {line}")).unwrap() {
                replay.step(step)?;
            }
        }
        Ok(replay)
    }

    fn found(mut replay: Replay) -> BTreeMap<PathBuf, String> {
        replay.disk.sync_all();
        let files = replay.disk.cut(&mut Rng::of(1, 1)).files;
        files.into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
    }

    #[test]
    fn files_are_as_the_program_left_them() {
        let replay = replay(
            "mkdir(\"/r/d\", 0700) = 0\n\
             openat(AT_FDCWD</>, \"/r/d/.tmp\", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</r/d/.tmp>\n\
             write(3</r/d/.tmp>, \"hello\", 5) = 5\n\
             write(3</r/d/.tmp>, \" you!\", 5) = 4\n\
             renameat2(AT_FDCWD</>, \"/r/d/.tmp\", AT_FDCWD</>, \"/r/d/x\", RENAME_NOREPLACE) = 0\n\
             lseek(3</r/d/x>, 1, SEEK_SET) = 1\n\
             write(3</r/d/x>, \"a\", 1) = 1\n\
             pwrite64(3</r/d/x>, \"u\", 1, 4) = 1\n\
             openat(AT_FDCWD</>, \"/r/d/log\", O_WRONLY|O_CREAT|O_APPEND, 0600) = 4</r/d/log>\n\
             write(4</r/d/log>, \"abc\", 3) = 3\n\
             openat(AT_FDCWD</>, \"/r/d/log\", O_WRONLY|O_CREAT|O_APPEND, 0600) = 5</r/d/log>\n\
             write(5</r/d/log>, \"def\", 3) = 3\n\
             ftruncate(5</r/d/log>, 4) = 0\n\
             openat(AT_FDCWD</>, \"/r/d/gone\", O_WRONLY|O_CREAT, 0600) = 6</r/d/gone>\n\
             unlink(\"/r/d/gone\") = 0\n\
             write(6</r/d/gone>(deleted), \"x\", 1) = 1\n\
             write(1<pipe:[7]>, \"said\\n\", 5) = 5\n\
             write(2<pipe:[8]>, \"not said\\n\", 9) = 9\n\
             pwrite64(7</r/d/x.db-shm>, \"\\0\", 1, 4095) = 1\n\
             unlink(\"/r/d/x\") = -1 EACCES (Permission denied)\n\
             mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 7</r/d/x.db-shm>, 0) = 0x7f0000\n\
             mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</r/d/x>, 0) = 0x7f0000\n\
             fallocate(3</elsewhere>, 0, 0, 9) = 0\n",
        )
        .unwrap();
        assert_eq!(replay.printed(), b"said\n");
        let wanted = [("/r/d/x", "hallu you"), ("/r/d/log", "abcd")];
        let wanted = wanted.map(|(path, text)| (PathBuf::from(path), text.to_owned()));
        assert_eq!(found(replay), wanted.into());
    }

    #[test]
    fn a_sync_that_overlaps_a_write_does_not_count_for_it() {
        let record = |middle: &str| {
            format!(
                "openat(AT_FDCWD</>, \"/r/x\", O_RDWR|O_CREAT, 0600) = 3</r/x>\n\
                 fsync(4</r>) = 0\n{middle}"
            )
        };
        let around = "fsync(3</r/x> <unfinished ...>\n<... fsync resumed>) = 0\n";
        let write = "pwrite64(3</r/x>, \"a\", 1, 0) = 1\n";
        let lens = |record: String| {
            let disk = replay(&record).unwrap().disk;
            let cut = |seed| disk.cut(&mut Rng::of(seed, 0)).files.into_values().next();
            (0..100).map(|seed| cut(seed).map(|bytes| bytes.len())).collect::<Vec<_>>()
        };
        assert!(lens(record(&format!("{write}{around}"))).iter().all(|len| *len == Some(1)));
        let (begun, ended) = around.split_at(around.find('\n').unwrap() + 1);
        // Of another thread.
        let (mut late, mut reader) = (Replay::new(Path::new("/r")), Reader::default());
        for (thread, line) in record("").lines().map(|line| (1, line)).chain([
            (1, begun.trim_end()),
            (2, write.trim_end()),
            (1, ended.trim_end()),
        ]) {
            late.step(reader.read(&format!("{thread} 1.000000 {line}")).unwrap().unwrap()).unwrap();
        }
        let cut = |seed| late.disk.cut(&mut Rng::of(seed, 0)).files.into_values().next();
        assert!((0..100).any(|seed| cut(seed) == Some(Vec::new())), "it may be lost");
    }

    #[test]
    fn a_call_that_can_not_be_done_again_is_refused() {
        for call in [
            "fallocate(3</r/x>, 0, 0, 9) = 0",
            "writev(3</r/x>, [{iov_base=\"a\", iov_len=1}], 1) = 1",
            "link(\"/r/x\", \"/r/y\") = 0",
            "rmdir(\"/r/d\") = 0",
            "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</r/x>, 0) = 0x7f0000",
            "pwrite64(3</r/unheard-of>, \"a\", 1, 0) = 1",
        ] {
            assert!(replay(call).is_err(), "{call}");
        }
    }
}
