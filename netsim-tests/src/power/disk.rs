//! A disk whose power can fail: what was synced is there afterwards; of the rest anything may be.
//!
//! Of a file, each sector is afterwards as after any of the writes that it saw since it was synced
//! (so writes are kept, lost, torn and overtaken), and the file as long as after any of the changes
//! of its length; what was never written within that length is zeros. A name that was made, taken
//! or changed counts from when its folder was synced; until then it may or may not. That is less
//! than what today's filesystems give, and what their documentation promises.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::link::rng::Rng;

/// What a disk writes whole or not at all.
const SECTOR: u64 = 512;
/// What the system's cache writes at once, mostly.
const PAGE: u64 = 4_096;

/// Files and folders below a root that is always there.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    files: Vec<File>,
    /// What programs see.
    names: BTreeMap<PathBuf, Node>,
    synced_names: BTreeMap<PathBuf, Node>,
    renamings: Vec<Unsynced<Renaming>>,
    now: Moment,
}

/// How many changes were made before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    len: u64,
    synced: Vec<u8>,
    changes: Vec<Unsynced<Change>>,
}

#[derive(Debug, Clone)]
struct Unsynced<T> {
    at: Moment,
    what: T,
}

#[derive(Debug, Clone)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Length(u64),
}

#[derive(Debug, Clone)]
enum Renaming {
    Make(PathBuf, Node),
    Remove(PathBuf, Node),
    Move { from: PathBuf, to: PathBuf, node: Node },
}

/// There is no such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not on the disk")]
pub struct Missing(pub PathBuf);

/// Files and folders as they are found when the power is back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// Folders.
    pub folders: BTreeSet<PathBuf>,
    /// Files and what is in them.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    /// An empty one.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            files: Vec::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            renamings: Vec::new(),
            now: Moment::default(),
        }
    }

    /// The moment, for a [`Disk::sync`] that ends later.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Makes a folder, or an empty file where there is none.
    pub fn make_folder(&mut self, path: &Path) {
        self.rename(Renaming::Make(path.to_owned(), Node::Folder));
    }

    /// See [`Disk::make_folder`].
    pub fn make_file(&mut self, path: &Path) {
        if !self.names.contains_key(path) {
            self.files.push(File::default());
            let node = Node::File(self.files.len() - 1);
            self.rename(Renaming::Make(path.to_owned(), node));
        }
    }

    /// Whether there is such a file.
    pub fn has_file(&self, path: &Path) -> bool {
        matches!(self.names.get(path), Some(Node::File(_)))
    }

    /// How long a file is.
    pub fn len(&self, path: &Path) -> Result<u64, Missing> {
        Ok(self.files[self.file(path)?].len)
    }

    /// Writes into a file.
    pub fn write(&mut self, path: &Path, at: u64, bytes: Vec<u8>) -> Result<(), Missing> {
        self.change(path, Change::Write { at, bytes })
    }

    /// Cuts a file, or lengthens it with zeros.
    pub fn set_len(&mut self, path: &Path, len: u64) -> Result<(), Missing> {
        self.change(path, Change::Length(len))
    }

    /// Takes a name away.
    pub fn remove(&mut self, path: &Path) -> Result<(), Missing> {
        let node = *self.names.get(path).ok_or_else(|| Missing(path.to_owned()))?;
        self.rename(Renaming::Remove(path.to_owned(), node));
        Ok(())
    }

    /// Renames a file within its folder; one that had the name has none any more.
    pub fn move_file(&mut self, from: &Path, to: &Path) -> Result<(), Missing> {
        let node = Node::File(self.file(from)?);
        self.rename(Renaming::Move { from: from.to_owned(), to: to.to_owned(), node });
        Ok(())
    }

    /// A sync of a file or a folder ended: what was done before it was asked for is durable.
    pub fn sync(&mut self, path: &Path, asked: Moment) -> Result<(), Missing> {
        let file = match self.names.get(path) {
            Some(Node::File(file)) => *file,
            None if *path != self.root => return Err(Missing(path.to_owned())),
            Some(Node::Folder) | None => {
                self.sync_folder(path, asked);
                return Ok(());
            }
        };
        let File { synced, changes, .. } = &mut self.files[file];
        changes.retain(|change| {
            let is_synced = change.at < asked;
            if is_synced {
                change.what.apply(synced);
            }
            !is_synced
        });
        Ok(())
    }

    /// All that is there is durable.
    pub fn sync_all(&mut self) {
        for file in &mut self.files {
            file.changes.drain(..).for_each(|change| change.what.apply(&mut file.synced));
        }
        self.renamings.clear();
        self.synced_names = self.names.clone();
    }

    /// The power fails now.
    pub fn cut(&self, rng: &mut Rng) -> Image {
        let luck = Luck::of(rng);
        let mut names = self.synced_names.clone();
        for renaming in &self.renamings {
            if rng.chance(luck.renamed) {
                renaming.what.apply(&mut names);
            }
        }
        let mut image = Image { folders: [self.root.clone()].into(), ..Image::default() };
        // A folder's path is before those of what is in it.
        for (path, node) in names {
            if !path.parent().is_some_and(|parent| image.folders.contains(parent)) {
                continue;
            }
            match node {
                Node::Folder => drop(image.folders.insert(path)),
                Node::File(file) => {
                    let bytes = self.files[file].cut(luck, rng);
                    image.files.insert(path, bytes);
                }
            }
        }
        image
    }

    fn file(&self, path: &Path) -> Result<usize, Missing> {
        match self.names.get(path) {
            Some(Node::File(file)) => Ok(*file),
            _ => Err(Missing(path.to_owned())),
        }
    }

    fn change(&mut self, path: &Path, what: Change) -> Result<(), Missing> {
        let file = self.file(path)?;
        let at = self.tick();
        let file = &mut self.files[file];
        file.len = what.len_after(file.len);
        file.changes.push(Unsynced { at, what });
        Ok(())
    }

    fn rename(&mut self, what: Renaming) {
        what.apply(&mut self.names);
        let at = self.tick();
        self.renamings.push(Unsynced { at, what });
    }

    fn sync_folder(&mut self, path: &Path, asked: Moment) {
        let Self { renamings, synced_names, .. } = self;
        renamings.retain(|renaming| {
            let is_synced = renaming.at < asked && renaming.what.folder() == Some(path);
            if is_synced {
                renaming.what.apply(synced_names);
            }
            !is_synced
        });
    }

    fn tick(&mut self) -> Moment {
        let now = self.now;
        self.now.0 += 1;
        now
    }
}

impl Change {
    fn len_after(&self, len: u64) -> u64 {
        match self {
            Self::Write { at, bytes } => len.max(at + bytes.len() as u64),
            Self::Length(len) => *len,
        }
    }

    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => write_into(to, *at, bytes),
            Self::Length(len) => to.resize(*len as usize, 0),
        }
    }
}

fn write_into(to: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (begin, end) = (at as usize, at as usize + bytes.len());
    if to.len() < end {
        to.resize(end, 0);
    }
    to[begin..end].copy_from_slice(bytes);
}

impl Renaming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        // Without the steps before it, one may find less than there was.
        let is_at = |names: &BTreeMap<PathBuf, Node>, path, node| names.get(path) == Some(node);
        match self {
            Self::Make(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Remove(path, node) => {
                if is_at(names, path, node) {
                    names.remove(path);
                }
            }
            Self::Move { from, to, node } => {
                if is_at(names, from, node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }

    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Make(path, _) | Self::Remove(path, _) | Self::Move { to: path, .. } => {
                path.parent()
            }
        }
    }
}

/// What a cut is kind to.
#[derive(Debug, Clone, Copy)]
struct Luck {
    /// What is kept or lost together.
    unit: u64,
    /// Share of units of which all was written.
    written: f64,
    /// Share of units of which nothing was; of the rest, a part.
    lost: f64,
    /// Share of names.
    renamed: f64,
}

impl Luck {
    fn of(rng: &mut Rng) -> Self {
        let unit = [SECTOR, PAGE, u64::MAX][below(rng, 3)];
        let (written, lost) =
            [(0.0, 1.0), (1.0, 0.0), (0.9, 0.05), (0.05, 0.9), (0.4, 0.4), (0.0, 0.0)]
                [below(rng, 6)];
        let renamed = [0.0, 0.5, 1.0][below(rng, 3)];
        Self { unit, written, lost, renamed }
    }

    /// How many of so many changes were written.
    fn kept(self, of: usize, rng: &mut Rng) -> usize {
        match rng.unit() {
            unit if unit < self.written => of,
            unit if unit < self.written + self.lost => 0,
            _ => below(rng, of + 1),
        }
    }
}

fn below(rng: &mut Rng, end: usize) -> usize {
    // A unit is less than 1.
    (rng.unit() * end as f64) as usize
}

impl File {
    fn cut(&self, luck: Luck, rng: &mut Rng) -> Vec<u8> {
        let mut lengths = vec![self.synced.len() as u64];
        // How many changes each unit saw, then how many of them it has.
        let mut units: BTreeMap<u64, usize> = BTreeMap::new();
        for change in &self.changes {
            let before = lengths[lengths.len() - 1];
            let after = change.what.len_after(before);
            if after != before || matches!(change.what, Change::Length(_)) {
                lengths.push(after);
            }
            change.what.parts(luck.unit, |unit, _, _| *units.entry(unit).or_default() += 1);
        }
        for count in units.values_mut() {
            *count = luck.kept(*count, rng);
        }
        let kept_lengths = luck.kept(lengths.len() - 1, rng);
        let mut bytes = self.synced.clone();
        let (mut nth_length, mut len) = (0, self.synced.len() as u64);
        for change in &self.changes {
            let after = change.what.len_after(len);
            let is_length = after != len || matches!(change.what, Change::Length(_));
            nth_length += usize::from(is_length);
            len = after;
            match &change.what {
                Change::Length(len) if nth_length <= kept_lengths => {
                    bytes.resize(*len as usize, 0);
                }
                Change::Length(_) => {}
                Change::Write { .. } => change.what.parts(luck.unit, |unit, at, part| {
                    // Every unit was counted.
                    let left = units.entry(unit).or_default();
                    if *left > 0 {
                        *left -= 1;
                        write_into(&mut bytes, at, part);
                    }
                }),
            }
        }
        bytes.resize(lengths[kept_lengths] as usize, 0);
        bytes
    }
}

impl Change {
    /// The parts of a write, each within one unit.
    fn parts<'a>(&'a self, unit: u64, mut take: impl FnMut(u64, u64, &'a [u8])) {
        let Self::Write { at, bytes } = self else { return };
        let (mut at, mut rest) = (*at, bytes.as_slice());
        while !rest.is_empty() {
            let number = at / unit;
            let left = (number + 1).saturating_mul(unit) - at;
            let (part, behind) = rest.split_at(rest.len().min(left as usize));
            take(number, at, part);
            (at, rest) = (at + part.len() as u64, behind);
        }
    }
}

#[cfg(test)]
mod tests;
