# Daily tasks. `just` lists them; each is also an npm script or a cargo command.

default:
    @just --list

# Release build of the addon, index.js and index.d.ts
build:
    npm run build

# Everything that must pass before a change goes in
test:
    npm test

# Fast look at a Rust change
check:
    cargo clippy --all-targets -- -D warnings
    cargo test

# JavaScript tests under Node and Bun
test-js:
    npm run test:js
    npm run test:bun

# Measure parts of the engine; with a word those whose names match: `just bench-rust harvest`
bench-rust *args:
    cargo bench -- {{ args }}

# The example workspace, as a user would see it
demo:
    npm run demo

# vx beside turbo, nx and git status: `just bench --quick`
bench *args:
    npm run bench -- {{ args }}

# Format everything
format:
    npm run format

# Licences, advisories and sources of the Rust dependencies (needs cargo-deny)
deny:
    cargo deny check

# The vx of this checkout: `just vx run build`
vx *args:
    node lib/bin.cjs {{ args }}
