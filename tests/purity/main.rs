//! What is accepted as a pure config module and what is not, as tables of sources, and texts that try to get through.

mod accepted;
mod cache_dir;
mod hostile;
mod refused;

use vx::purity::{Impurity, Module, Syntax, read_module, with_deep_stack};

fn read(text: &str) -> Result<Module, Impurity> {
    read_as(text, Syntax::TypeScript)
}

fn read_as(text: &str, syntax: Syntax) -> Result<Module, Impurity> {
    with_deep_stack(1, || read_module(text, syntax)).expect("the stack is deep enough")
}
