//! Small files in a profile's folder: what a person chose, and how the window was left.

use std::{fs, io, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use tertulia_client::certs::files::write_private;

/// Reads what was kept; what can't be read is as if nothing was.
pub(crate) fn load<T: Default + DeserializeOwned>(path: &Path) -> T {
    let read = fs::read(path).and_then(|text| Ok(serde_json::from_slice(&text)?));
    read.unwrap_or_else(|error: io::Error| {
        if error.kind() != io::ErrorKind::NotFound {
            eprintln!("tertulia: {}: {error}", path.display());
        }
        T::default()
    })
}

/// Keeps it; what can't be kept is said on the terminal, and holds until the end.
pub(crate) fn save<T: Serialize>(path: &Path, kept: &T) {
    let text = serde_json::to_vec_pretty(kept).map_err(io::Error::from);
    if let Err(error) = text.and_then(|text| write_private(path, &text)) {
        eprintln!("tertulia: {} can't be kept: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_broken_is_as_if_nothing_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.json");
        assert!(load::<Vec<u32>>(&path).is_empty());
        save(&path, &[1_u32, 2]);
        assert_eq!(load::<Vec<u32>>(&path), [1, 2]);
        fs::write(&path, "[1,").unwrap();
        assert!(load::<Vec<u32>>(&path).is_empty());
    }
}
