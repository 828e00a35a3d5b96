//! Widgets, in pairs of `x.rs` and `x.ui`. They read the models and call their methods; none
//! knows of tokio or of the client.

mod account_page;
mod account_row;
mod account_switcher;
mod adding_window;
mod answer_bar;
mod appearance_window;
mod body_bin;
mod bottom_follower;
mod card_row;
mod chat_page;
mod composer;
pub(crate) mod confirm;
mod connection_popover;
mod connection_strip;
mod farewell;
mod file_card;
mod find_bar;
mod fold;
mod leaving;
mod member_menu;
mod member_row;
mod members_pane;
mod menu_buttons;
mod message_links;
mod message_row;
mod message_text;
mod nearby_list;
mod note;
mod note_row;
mod over;
mod pane;
mod quote;
mod room_details_window;
mod room_levels;
mod room_name;
mod room_row;
mod rooms_window;
mod row_finder;
pub(crate) mod shortcuts_window;
mod sidebar;
mod stop_page;
mod switcher_window;
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
