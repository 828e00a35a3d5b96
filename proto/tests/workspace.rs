//! The house rules that Cargo.lock can show: who may depend on whom, and how old is too old.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What each crate of the workspace may use of the others, in its tests too (invariant 10).
const DIRECTIONS: [(&str, &[&str]); 7] = [
    ("tertulia-proto", &[]),
    ("tertulia-certs", &["tertulia-proto"]),
    ("tertulia-quic", &["tertulia-proto"]),
    ("tertulia-server", &["tertulia-proto", "tertulia-certs", "tertulia-quic"]),
    ("tertulia-client", &["tertulia-proto", "tertulia-certs", "tertulia-quic"]),
    ("tertulia-gtk", &["tertulia-client"]),
    (
        "tertulia-netsim",
        &[
            "tertulia-proto",
            "tertulia-certs",
            "tertulia-quic",
            "tertulia-server",
            "tertulia-client",
        ],
    ),
];

/// The oldest version without a known hole or data loss that concerns us.
const FLOORS: [(&str, Version, &str); 3] = [
    (
        "quinn-proto",
        Version([0, 11, 18]),
        "RUSTSEC-2026-0037, -0185, -0339, -0340: memory and panics at a peer's will",
    ),
    ("tracing-subscriber", Version([0, 3, 20]), "RUSTSEC-2025-0055: terminal escapes in logs"),
    ("glib", Version([0, 20, 0]), "RUSTSEC-2024-0429: unsound iterator"),
];

#[test]
fn dependencies_point_one_way() {
    let lock = Lock::read();
    let ours: BTreeSet<&str> = DIRECTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(lock.members(), ours, "a crate without its line in DIRECTIONS");
    for (name, allowed) in DIRECTIONS {
        for dependency in &lock.only(name).dependencies {
            let dependency = dependency.as_str();
            assert!(
                !ours.contains(dependency) || allowed.contains(&dependency),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn everything_but_the_window_knows_no_gtk() {
    let lock = Lock::read();
    for (name, _) in DIRECTIONS {
        let reached = lock.reach(name);
        let toolkit = ["glib", "gtk4", "libadwaita"].map(|lib| reached.contains(lib));
        assert_eq!(toolkit, [name == "tertulia-gtk"; 3], "{name}");
    }
}

#[test]
fn the_wire_does_no_io() {
    let lock = Lock::read();
    let reached = lock.reach("tertulia-proto");
    for lib in ["tokio", "quinn", "mio", "socket2", "rusqlite", "rustls"] {
        assert!(!reached.contains(lib), "tertulia-proto must not reach {lib}");
    }
}

#[test]
fn no_dependency_is_below_its_floor() {
    let lock = Lock::read();
    for (name, floor, why) in FLOORS {
        let found = lock.packages.get(name).unwrap();
        for package in found {
            let version = package.version;
            assert!(version >= floor, "{name} {version:?} < {floor:?}: {why}");
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version([u32; 3]);

#[derive(Debug)]
struct Package {
    version: Version,
    is_member: bool,
    dependencies: BTreeSet<String>,
}

/// Cargo.lock: by name, each version in it.
struct Lock {
    packages: BTreeMap<String, Vec<Package>>,
}

impl Lock {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        let text = fs::read_to_string(path).unwrap();
        let mut packages = BTreeMap::<String, Vec<Package>>::new();
        for block in text.split("[[package]]\n").skip(1) {
            let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key));
            let name = value("name = ").unwrap().trim_matches('"').to_owned();
            // Only what a workspace holds itself has no source.
            let package = Package {
                version: Version::parse(value("version = ").unwrap().trim_matches('"')),
                is_member: value("source = ").is_none(),
                dependencies: dependencies(block),
            };
            packages.entry(name).or_default().push(package);
        }
        Self { packages }
    }

    fn members(&self) -> BTreeSet<&str> {
        self.packages
            .iter()
            .filter(|(_, versions)| versions.iter().any(|package| package.is_member))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn only(&self, name: &str) -> &Package {
        let [package] = self.packages[name].as_slice() else {
            panic!("more than one {name}");
        };
        package
    }

    /// Everything that crate leads to; of a name with several versions, all of them.
    fn reach(&self, name: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Package> = vec![self.only(name)];
        while let Some(package) = next.pop() {
            for dependency in &package.dependencies {
                if reached.insert(dependency.as_str()) {
                    next.extend(&self.packages[dependency]);
                }
            }
        }
        reached
    }
}

impl Version {
    fn parse(text: &str) -> Self {
        let core = text.split(['-', '+']).next().unwrap();
        let parts: Vec<u32> = core.split('.').map(|part| part.parse().unwrap()).collect();
        Self(parts.try_into().unwrap())
    }
}

/// Names of a package's list: `"name"`, or `"name version"` where there are several.
fn dependencies(block: &str) -> BTreeSet<String> {
    let Some((_, list)) = block.split_once("dependencies = [\n") else {
        return BTreeSet::new();
    };
    list.lines()
        .take_while(|line| *line != "]")
        .map(|line| line.trim_matches([' ', '"', ',']))
        .filter_map(|entry| entry.split(' ').next())
        .map(str::to_owned)
        .collect()
}
