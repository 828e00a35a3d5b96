//! What happened in a room, as a sentence. Pure.

use tertulia_client::{
    Content, Item,
    proto::{Author, Role},
};

use crate::i18n::{fill, tr};

/// The sentence for what is no message. `to_me`: what was done was done to the reader.
pub(super) fn sentence(item: &Item, to_me: bool) -> String {
    let (author, mine) = (&item.author, item.mine);
    let by = [("name", author.display.as_str())];
    match &item.content {
        Content::Joined => entered(author, mine),
        Content::Left => left(author, mine),
        // Who may let others in may let themselves in, and the other way round.
        Content::Added(member) if member.account == author.account => entered(author, mine),
        Content::Removed(member) if member.account == author.account => left(author, mine),
        Content::Added(member) => {
            let values = [("name", author.display.as_str()), ("member", member.display.as_str())];
            match (mine, to_me) {
                (true, _) => fill(tr("You added {member}"), &values),
                (_, true) => fill(tr("{name} added you"), &values),
                _ => fill(tr("{name} added {member}"), &values),
            }
        }
        Content::Removed(member) => {
            let values = [("name", author.display.as_str()), ("member", member.display.as_str())];
            match (mine, to_me) {
                (true, _) => fill(tr("You removed {member}"), &values),
                (_, true) => fill(tr("{name} removed you"), &values),
                _ => fill(tr("{name} removed {member}"), &values),
            }
        }
        Content::RoleChanged(member, role) => role_changed(member, *role, to_me),
        Content::TopicChanged(topic) if topic.as_str().trim().is_empty() => {
            pick(mine, tr("You took the topic away"), tr("{name} took the topic away"), &by)
        }
        Content::TopicChanged(topic) => {
            let values = [("name", author.display.as_str()), ("topic", topic.as_str())];
            pick(
                mine,
                tr("You set the topic: {topic}"),
                tr("{name} set the topic: {topic}"),
                &values,
            )
        }
        Content::RoomRenamed(room) => {
            let values = [("name", author.display.as_str()), ("room", room.as_str())];
            let others = tr("{name} renamed the room: #{room}");
            pick(mine, tr("You renamed the room: #{room}"), others, &values)
        }
        Content::Archived(true) => {
            pick(mine, tr("You archived the room"), tr("{name} archived the room"), &by)
        }
        Content::Archived(false) => {
            let others = tr("{name} opened the room again");
            pick(mine, tr("You opened the room again"), others, &by)
        }
        // These are rows of another kind, or none.
        Content::Text(_) | Content::Redacted | Content::Unreadable | Content::Unknown => {
            String::new()
        }
    }
}

fn entered(author: &Author, mine: bool) -> String {
    let name = [("name", author.display.as_str())];
    pick(mine, tr("You entered the room"), tr("{name} entered the room"), &name)
}

fn left(author: &Author, mine: bool) -> String {
    let name = [("name", author.display.as_str())];
    pick(mine, tr("You left the room"), tr("{name} left the room"), &name)
}

fn role_changed(member: &Author, role: Role, to_me: bool) -> String {
    let member = [("member", member.display.as_str())];
    let (you, others) = match role {
        Role::Owner => (tr("You are an owner now"), tr("{member} is an owner now")),
        Role::Moderator => (tr("You are a moderator now"), tr("{member} is a moderator now")),
        Role::Member => (tr("You are a member now"), tr("{member} is a member now")),
        Role::Guest => (tr("You are a guest now"), tr("{member} is a guest now")),
    };
    pick(to_me, you, others, &member)
}

fn pick(me: bool, mine: &str, others: &str, values: &[(&str, &str)]) -> String {
    fill(if me { mine } else { others }, values)
}

#[cfg(test)]
mod tests {
    use tertulia_client::proto::{RoomName, Topic};

    use super::*;
    use crate::model::testing::{author, joined_item};

    fn said(content: Content, mine: bool, to_me: bool) -> String {
        sentence(&Item { content, mine, ..joined_item(1, "Ana") }, to_me)
    }

    #[test]
    fn what_happens_to_a_member_is_told_from_where_one_stands() {
        let beto = || author("Beto");
        assert_eq!(said(Content::Added(beto()), false, false), "Ana added Beto");
        assert_eq!(said(Content::Added(beto()), true, false), "You added Beto");
        assert_eq!(said(Content::Added(beto()), false, true), "Ana added you");
        assert_eq!(said(Content::Removed(beto()), false, false), "Ana removed Beto");
        assert_eq!(said(Content::Removed(beto()), false, true), "Ana removed you");
        let moderator = Content::RoleChanged(beto(), Role::Moderator);
        assert_eq!(said(moderator.clone(), true, false), "Beto is a moderator now");
        assert_eq!(said(moderator, false, true), "You are a moderator now");
        assert_eq!(said(Content::Added(author("Ana")), true, true), "You entered the room");
        assert_eq!(said(Content::Removed(author("Ana")), false, false), "Ana left the room");
    }

    #[test]
    fn what_happens_to_the_room_is_told() {
        let topic = |text| Content::TopicChanged(Topic::new(text).unwrap());
        assert_eq!(said(topic("Beds"), false, false), "Ana set the topic: Beds");
        assert_eq!(said(topic("{name}"), true, false), "You set the topic: {name}");
        assert_eq!(said(topic(" "), false, false), "Ana took the topic away");
        let renamed = Content::RoomRenamed(RoomName::new("beds").unwrap());
        assert_eq!(said(renamed, false, false), "Ana renamed the room: #beds");
        assert_eq!(said(Content::Archived(true), false, false), "Ana archived the room");
        assert_eq!(said(Content::Archived(false), true, false), "You opened the room again");
    }
}
