//! Text for people and from people: what may be shown, what was meant, what is a stand-in or a GUID.

pub mod guid;
mod placeholder;
mod printable;
mod shown_address;
mod spelling;
mod stand_in;

pub(crate) use placeholder::has_placeholder;
pub use placeholder::unreplaced;
pub(crate) use printable::Harmless;
pub use printable::{invisible, moves_terminal, printable};
pub use shown_address::{shown_address, shown_path};
pub use spelling::nearest;
pub use stand_in::{StandIn, stand_in};
