//! Which folders hold accounts: the profile's own, and one within it for each further account.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::model::{ERRANDS_FILE, PLACES_FILE, Slot, WISHES_FILE, WindowState};

/// Where the further accounts are, within the profile.
const FURTHER: &str = "accounts";
/// What makes a folder an account's.
const RECORD: &str = "profile.json";
/// How the window was left, within each account's folder.
const STATE_FILE: &str = "window.json";

/// The folder of an account; a profile by itself, for `tertulia-cli` too.
pub(crate) fn folder(profile: &Path, slot: Slot) -> PathBuf {
    match slot {
        Slot::OWN => profile.to_owned(),
        Slot(number) => profile.join(FURTHER).join(number.to_string()),
    }
}

/// How the window was left with this account in it.
pub(crate) fn state_file(profile: &Path, slot: Slot) -> PathBuf {
    folder(profile, slot).join(STATE_FILE)
}

/// The accounts of a profile, in order; readable or not. There need not be one.
pub(crate) fn found(profile: &Path) -> Vec<Slot> {
    let mut slots = match fs::read_dir(profile.join(FURTHER)) {
        Ok(entries) => entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().to_str().and_then(Slot::of_name))
            .collect(),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                eprintln!("tertulia: {}: {error}", profile.join(FURTHER).display());
            }
            Vec::new()
        }
    };
    slots.push(Slot::OWN);
    slots.retain(|slot| folder(profile, *slot).join(RECORD).exists());
    slots.sort();
    slots.truncate(Slot::MANY);
    slots
}

/// Deletes an account's folder from the disk, once its client is closed. Blocks.
pub(crate) fn forget(profile: &Path, slot: Slot) -> Result<(), String> {
    let folder = folder(profile, slot);
    let own = [WISHES_FILE, ERRANDS_FILE, PLACES_FILE, STATE_FILE];
    for file in own.iter().filter(|file| slot != Slot::OWN || **file != STATE_FILE) {
        // What can't go is no secret, and hinders nobody.
        let _ = fs::remove_file(folder.join(file));
    }
    tertulia_client::forget(&folder).map_err(|error| error.to_string())
}

/// How the window was left, and with which account in sight.
pub(crate) fn left(profile: &Path) -> WindowState {
    crate::kept::load(&state_file(profile, Slot::OWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_records_in_the_order_in_which_they_came() {
        let profile = tempfile::tempdir().unwrap();
        let profile = profile.path();
        assert_eq!(found(profile), []);
        let record = |slot| {
            let folder = folder(profile, slot);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(RECORD), "damaged too").unwrap();
        };
        record(Slot::OWN);
        [Slot(10), Slot(2)].into_iter().for_each(record);
        for other in ["accounts/3", "accounts/notes", "accounts/0", "accounts/02"] {
            fs::create_dir_all(profile.join(other)).unwrap();
        }
        fs::write(profile.join("accounts/02").join(RECORD), "").unwrap();
        assert_eq!(found(profile), [Slot::OWN, Slot(2), Slot(10)]);
        fs::write(state_file(profile, Slot(2)), "{}").unwrap();
        forget(profile, Slot(2)).unwrap();
        forget(profile, Slot::OWN).unwrap();
        assert_eq!(found(profile), [Slot(10)]);
        assert!(!folder(profile, Slot(2)).exists());
    }
}
