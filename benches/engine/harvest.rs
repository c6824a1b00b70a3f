//! Looking at a git workspace, and naming what its tasks read, where all is known from before.

use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use vx::glob::Globs;
use vx::inputs::{InputSpec, View, harvest};
use vx::memo::Memo;
use vx::path::RelPath;

use crate::git_fixture::Fixture;
use crate::{Numbers, scaled};

const FILES_OF_EACH: usize = 50;

pub fn bench(criterion: &mut Criterion) {
    let projects = scaled(200);
    let files = projects * FILES_OF_EACH;
    let fixture = repository(projects);
    let specs: Vec<InputSpec> = (0..projects).map(spec).collect();
    let memo = warm(&fixture.root, &specs);

    let mut group = criterion.benchmark_group("harvest");
    group.sample_size(20);
    group.throughput(Throughput::Elements(files as u64));
    group.bench_function(BenchmarkId::new("view", files), |bencher| {
        bencher.iter(|| View::read(&fixture.root).unwrap());
    });
    let view = View::read(&fixture.root).unwrap();
    group.bench_function(BenchmarkId::new("inputs", files), |bencher| {
        bencher.iter(|| take_all(&view, &specs, &memo));
    });
    group.finish();
}

fn repository(projects: usize) -> Fixture {
    let fixture = Fixture::new();
    let mut numbers = Numbers::new(4);
    for project in 0..projects {
        fixture.write(&format!("packages/p{project}/package.json"), "{}");
        for file in 0..FILES_OF_EACH {
            let path = format!("packages/p{project}/src/part-{}/file-{file}.ts", file % 5);
            fixture.write(&path, numbers.text(200));
        }
    }
    fixture.settle();
    fixture
}

fn spec(project: usize) -> InputSpec {
    let globs = |patterns: &[&str]| Globs::new(patterns).unwrap();
    InputSpec {
        project: RelPath::new(format!("packages/p{project}")).unwrap(),
        nested: Vec::new(),
        files: globs(&["src/**", "!src/**/*.test.ts"]),
        ignored: globs(&[]),
        workspace_files: globs(&[]),
        outputs: globs(&["dist/**"]),
        workspace_outputs: globs(&[]),
    }
}

/// What an earlier run would have left.
fn warm(root: &Path, specs: &[InputSpec]) -> Memo {
    let view = View::read(root).unwrap();
    let memo = Memo::default();
    take_all(&view, specs, &memo);
    let confirmed = memo.take_confirmed().unwrap_or_default();
    let memo = Memo::new(memo.take_learnt()).with_confirmed(confirmed.into_iter().collect());
    take_all(&view, specs, &memo);
    let reads = !memo.take_learnt().is_empty() || memo.take_confirmed().is_some();
    assert!(!reads, "there is something left to read");
    memo
}

fn take_all(view: &View, specs: &[InputSpec], memo: &Memo) -> usize {
    specs.iter().map(|spec| harvest(view, spec, memo).unwrap().files.len()).sum()
}
