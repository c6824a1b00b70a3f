//! Compiling glob lists and matching paths against them.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use vx::glob::Globs;

use crate::{Numbers, scaled};

/// What a package of an ordinary workspace declares to read.
const DECLARED: [&str; 6] = [
    "src/**",
    "!src/**/*.{test,spec}.ts",
    "!**/*.md",
    "package.json",
    "tsconfig*.json",
    "public/**/*",
];

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("glob");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Globs::new(black_box(&DECLARED)).unwrap());
    });
    let globs = Globs::new(&DECLARED).unwrap();
    let paths = paths(scaled(10_000));
    group.throughput(Throughput::Elements(paths.len() as u64));
    group.bench_function("match", |bencher| {
        bencher.iter(|| paths.iter().filter(|path| globs.is_match(black_box(path))).count());
    });
    group.finish();
}

fn paths(count: usize) -> Vec<String> {
    const DIRS: [&str; 6] =
        ["src", "src/components", "src/components/form", "public", "docs", "scripts"];
    const ENDS: [&str; 6] = [".ts", ".tsx", ".test.ts", ".css", ".md", ".json"];
    let mut numbers = Numbers::new(2);
    let mut path = |at: usize| {
        let (dir, end) = (DIRS[numbers.below(DIRS.len())], ENDS[numbers.below(ENDS.len())]);
        format!("{dir}/file-{at}{end}")
    };
    (0..count).map(&mut path).collect()
}
