//! What a person sees: whole lines on standard output and standard error, and on a terminal one live line.

mod descriptor;
mod live;
mod screen;
mod style;
mod text;

pub use descriptor::WriteEnd;
pub use live::Live;
pub use screen::Console;
pub use style::{Colour, Style};
pub use text::{count, duration, size};
