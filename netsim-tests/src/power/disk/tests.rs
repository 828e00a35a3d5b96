use proptest::prelude::*;

use super::*;
use crate::link::rng::Rng;

const FOLDER: &str = "/d";
const FILE: &str = "/d/x";

fn disk() -> Disk {
    let mut disk = Disk::new("/");
    disk.make_folder(Path::new(FOLDER));
    disk.make_file(Path::new(FILE));
    disk.sync_all();
    disk
}

fn write(disk: &mut Disk, at: u64, bytes: &[u8]) {
    disk.write(Path::new(FILE), at, bytes.to_vec()).unwrap();
}

fn sync(disk: &mut Disk, path: &str) {
    let now = disk.now();
    disk.sync(Path::new(path), now).unwrap();
}

/// What a thousand cuts leave of the file; `None`: no file.
fn cuts(disk: &Disk) -> BTreeSet<Option<Vec<u8>>> {
    let images = (0..1_000).map(|seed| disk.cut(&mut Rng::of(seed, 0)));
    images.map(|mut image| image.files.remove(Path::new(FILE))).collect()
}

#[test]
fn what_was_synced_is_there_and_what_was_not_may_be() {
    let mut disk = disk();
    write(&mut disk, 0, b"one");
    assert_eq!(cuts(&disk).len(), 3, "nothing, three zeros, or it");
    sync(&mut disk, FILE);
    assert_eq!(cuts(&disk), [Some(b"one".to_vec())].into());
    write(&mut disk, 0, b"two");
    assert_eq!(cuts(&disk), [b"one", b"two"].map(|text| Some(text.to_vec())).into());
}

#[test]
fn a_sync_is_about_what_was_written_before_it_was_asked_for() {
    let mut disk = disk();
    write(&mut disk, 0, b"a");
    let asked = disk.now();
    write(&mut disk, 0, b"b");
    disk.sync(Path::new(FILE), asked).unwrap();
    assert_eq!(cuts(&disk), [b"a", b"b"].map(|text| Some(text.to_vec())).into());
}

#[test]
fn writes_are_torn_at_sectors_and_overtaken_by_later_ones() {
    let mut disk = disk();
    write(&mut disk, 0, &[1; 1_024]);
    sync(&mut disk, FILE);
    write(&mut disk, 0, &[2; 1_024]);
    write(&mut disk, 512, &[3; 512]);
    let halves = |first: u8, second: u8| Some([[first; 512], [second; 512]].concat());
    let found = cuts(&disk);
    for first in [1, 2] {
        for second in [1, 2, 3] {
            assert!(found.contains(&halves(first, second)), "{first} {second}");
        }
    }
    assert_eq!(found.len(), 6, "and nothing else");
}

#[test]
fn within_a_sector_nothing_is_overtaken() {
    let mut disk = disk();
    write(&mut disk, 0, &[1; 8]);
    sync(&mut disk, FILE);
    write(&mut disk, 0, &[2; 4]);
    write(&mut disk, 4, &[2; 4]);
    let wanted = [[1, 1], [2, 1], [2, 2]].map(|[a, b]| Some([[a; 4], [b; 4]].concat()));
    assert_eq!(cuts(&disk), wanted.into());
}

#[test]
fn what_was_cut_off_comes_back_whole_or_as_zeros() {
    let mut disk = disk();
    write(&mut disk, 0, b"old");
    sync(&mut disk, FILE);
    disk.set_len(Path::new(FILE), 0).unwrap();
    write(&mut disk, 2, b"n");
    let wanted = ["old", "ol\0", "oln", "\0\0n", "\0\0\0", ""];
    let wanted: BTreeSet<_> = wanted.iter().map(|text| Some(text.as_bytes().to_vec())).collect();
    let found = cuts(&disk);
    assert!(found.is_subset(&wanted), "{found:?}");
    for text in ["old", "\0\0n", ""] {
        assert!(found.contains(&Some(text.as_bytes().to_vec())), "{text}");
    }
}

#[test]
fn a_name_counts_once_its_folder_was_synced() {
    let mut disk = Disk::new("/");
    disk.make_folder(Path::new(FOLDER));
    disk.make_file(Path::new(FILE));
    write(&mut disk, 0, b"x");
    sync(&mut disk, FILE);
    sync(&mut disk, FOLDER);
    assert!(cuts(&disk).contains(&None), "the folder itself may be missing");
    sync(&mut disk, "/");
    assert_eq!(cuts(&disk), [Some(b"x".to_vec())].into());
    disk.remove(Path::new(FILE)).unwrap();
    assert_eq!(cuts(&disk), [None, Some(b"x".to_vec())].into());
    sync(&mut disk, FOLDER);
    assert_eq!(cuts(&disk), [None].into());
}

#[test]
fn a_file_that_takes_anothers_place_is_the_old_or_the_new_one() {
    let mut disk = disk();
    write(&mut disk, 0, b"old");
    sync(&mut disk, FILE);
    let new = Path::new("/d/.new");
    disk.make_file(new);
    disk.write(new, 0, b"new".to_vec()).unwrap();
    sync(&mut disk, "/d/.new");
    disk.move_file(new, Path::new(FILE)).unwrap();
    assert_eq!(cuts(&disk), [b"old", b"new"].map(|text| Some(text.to_vec())).into());
    sync(&mut disk, FOLDER);
    assert_eq!(cuts(&disk), [Some(b"new".to_vec())].into());
    assert_eq!(disk.len(Path::new(FILE)), Ok(3));
    assert_eq!(disk.len(new), Err(Missing(new.to_owned())));
}

#[derive(Debug, Clone)]
enum Step {
    Write(u64, u8, usize),
    Length(u64),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_000u64, 1..=255u8, 1..3_000usize).prop_map(|(at, byte, len)| {
            Step::Write(at, byte, len)
        }),
        1 => (0..9_000u64).prop_map(Step::Length),
        1 => Just(Step::Sync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Each sector of a cut is one that the file had at some moment since it was synced, or zeros
    /// where it was never written or was cut off.
    #[test]
    fn every_sector_is_one_that_was_there(
        steps in proptest::collection::vec(step(), 1..20),
        seed in any::<u64>(),
    ) {
        let mut disk = disk();
        let mut now = Vec::new();
        let mut since = vec![now.clone()];
        for step in steps {
            match step {
                Step::Write(at, byte, len) => {
                    write(&mut disk, at, &vec![byte; len]);
                    write_into(&mut now, at, &vec![byte; len]);
                }
                Step::Length(len) => {
                    disk.set_len(Path::new(FILE), len).unwrap();
                    now.resize(len as usize, 0);
                }
                Step::Sync => {
                    sync(&mut disk, FILE);
                    since.clear();
                }
            }
            since.push(now.clone());
        }
        prop_assert_eq!(disk.len(Path::new(FILE)), Ok(now.len() as u64));
        let found = disk.cut(&mut Rng::of(seed, 0)).files.remove(Path::new(FILE)).unwrap();
        prop_assert!(since.iter().any(|then| then.len() == found.len()), "{}", found.len());
        for (number, sector) in found.chunks(SECTOR as usize).enumerate() {
            let at = number * SECTOR as usize;
            // Where the length of one moment ends, bytes of another may go on.
            let was_there = |byte: usize| since.iter().any(|then| {
                then.get(at + byte).copied().unwrap_or_default() == sector[byte]
            });
            prop_assert!((0..sector.len()).all(was_there), "sector {number}");
        }
        disk.sync_all();
        let found = disk.cut(&mut Rng::of(seed, 1)).files.remove(Path::new(FILE)).unwrap();
        prop_assert_eq!(found, now);
    }
}
