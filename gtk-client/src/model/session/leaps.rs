//! Going far back in a room, and on from there.

use gtk::glib;
use tertulia_client::proto::{RoomId, Seq};

use super::{Room, Session};
use crate::bridge::{Bridge, PAGE_ITEMS};

impl Session {
    /// Loads what was said around this item, in place of what is loaded. `false`: it can't be had.
    pub(crate) async fn leap(&self, room: &Room, seq: Seq) -> bool {
        let Some(bridge) = self.bridge() else {
            return false;
        };
        let generation = room.generation();
        let before = Seq(seq.0.saturating_add(u64::from(PAGE_ITEMS) / 2));
        let items = page(&bridge, room.id(), Some(before)).await.unwrap_or_default();
        let is_there = items.iter().any(|item| item.seq == Some(seq));
        let leapt = is_there && room.leap(generation, items);
        self.load_quotes(room);
        leapt
    }

    /// Loads the newest items in place of those further back.
    pub(crate) async fn return_to_newest(&self, room: &Room) -> bool {
        let Some(bridge) = self.bridge() else {
            return false;
        };
        let generation = room.generation();
        let items = page(&bridge, room.id(), None).await.unwrap_or_default();
        let returned = room.leap(generation, items);
        self.load_quotes(room);
        returned
    }

    /// Loads the next page of what was said after what is loaded, unless one is on its way.
    pub(crate) fn load_newer(&self, room: &Room) {
        let Some(bridge) = self.bridge() else { return };
        let Some((after, generation)) = room.begin_load_newer() else {
            return;
        };
        let (session, room) = (self.clone(), room.clone());
        glib::spawn_future_local(async move {
            // Numbers are dense: these are the ones after it, or the newest there are.
            let before = Seq(after.0.saturating_add(1 + u64::from(PAGE_ITEMS)));
            let mut items = page(&bridge, room.id(), Some(before)).await;
            let newest = items.iter().flatten().filter_map(|item| item.seq).max();
            if newest >= room.newest_seq() && items.is_some() {
                // What waits to be sent comes behind the newest, and with no other page.
                items = page(&bridge, room.id(), None).await.map(|last| {
                    let joined = items.into_iter().flatten().chain(last);
                    joined.collect()
                });
            }
            room.end_load_newer(generation, items);
            session.load_quotes(&room);
        });
    }
}

async fn page(
    bridge: &Bridge,
    room: RoomId,
    before: Option<Seq>,
) -> Option<Vec<tertulia_client::Item>> {
    let asked =
        bridge.ask(move |client| async move { client.timeline(room, before, PAGE_ITEMS).await });
    asked.await.ok()
}
