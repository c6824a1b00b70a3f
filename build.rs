//! Links the addon: symbol export and the no-delete flag that worker threads need.

fn main() {
    napi_build::setup();
}
