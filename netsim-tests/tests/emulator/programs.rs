//! The real programs over the emulated network: they know nothing of it.

use std::time::Duration;

use tertulia_certs::ServerLink;
use tertulia_netsim::{
    emu::{CLIENTS_OWN, SERVER},
    link::{Conditions, Loss, Profile},
    process::{Cli, ServerProcess},
};

use crate::again::in_a_world;

#[test]
fn people_chat_by_the_real_programs_over_a_link_that_loses_packets() {
    let name = "programs::people_chat_by_the_real_programs_over_a_link_that_loses_packets";
    in_a_world(name, |world| {
        let dir = tempfile::tempdir().unwrap();
        let link = Conditions {
            delay: Duration::from_millis(20),
            loss: Loss::Random { share: 0.05 },
            ..Conditions::default()
        };
        world.set_link(CLIENTS_OWN, Profile::symmetric(link), 9);
        let data = dir.path().join("server");
        let starting = world.server().handle().spawn(async move {
            let server = ServerProcess::start_with(&data, &format!("{SERVER}:0"), &[]).unwrap();
            let invite: ServerLink = server.invite(&[]).unwrap().parse().unwrap();
            (server, invite)
        });
        let (server, invite) = world.server().handle().block_on(starting).unwrap();
        let ana = Cli::new(dir.path().join("ana"));
        let chatting = world.clients().handle().spawn(async move {
            let run = |words: &[&str]| {
                let output = ana.command(words).unwrap().output().unwrap();
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            run(&["join", &invite.to_string(), "--name", "Ana"]);
            run(&["send", "lobby", "hello over there"]);
            run(&["history", "lobby"])
        });
        let history = world.clients().handle().block_on(chatting).unwrap();
        assert!(history.contains("hello over there"), "{history}");
        assert!(world.counts(CLIENTS_OWN).0.packets > 10);
        drop(server);
    });
}
