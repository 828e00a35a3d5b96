//! Widgets, in pairs of `x.rs` and `x.ui`. They read the models and call their methods; none
//! knows of tokio or of the client.

mod appearance_window;
mod body_bin;
mod bottom_follower;
mod card_row;
mod chat_page;
mod composer;
mod confirm;
mod connection_strip;
mod farewell;
mod fold;
mod leaving;
mod member_menu;
mod member_row;
mod members_pane;
mod message_row;
mod nearby_list;
mod note;
mod note_row;
mod room_details_window;
mod room_row;
mod rooms_window;
mod sidebar;
mod stop_page;
mod timeline_cell;
mod toasts;
mod welcome_page;
mod whole_message_window;
mod window;

pub(crate) use appearance_window::AppearanceWindow;
pub(crate) use farewell::Farewell;
pub(crate) use window::Window;

#[cfg(test)]
mod tests;
