//! Deriving a key from what a task reads.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use vx::file_id::FileId;
use vx::key::{EnvValue, Key, KeyInput};
use vx::path::RelPath;

use crate::Numbers;

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key");
    for inputs in [10, 100, 10_000] {
        let input = input(inputs);
        group.throughput(Throughput::Elements(inputs as u64));
        group.bench_function(BenchmarkId::from_parameter(inputs), |bencher| {
            bencher.iter(|| black_box(&input).key().unwrap());
        });
    }
    group.finish();
}

/// Of a task with so many input files, in the order in which they are harvested.
fn input(files: usize) -> KeyInput {
    let mut numbers = Numbers::new(1);
    let file = |numbers: &mut Numbers, at: usize| {
        let path = format!("packages/app/src/part-{:03}/file-{at:05}.ts", at / 50);
        (RelPath::new(path).unwrap(), FileId::from_text(numbers.hex(40)))
    };
    KeyInput {
        task_id: "app#build".into(),
        workspace_fingerprint: numbers.hex(32),
        package_json_hash: numbers.hex(40),
        task_config_hash: numbers.hex(32),
        forward_args: Vec::new(),
        env_values: vec![EnvValue { name: "NODE_ENV".into(), value: Some("production".into()) }],
        upstream: (0..10).map(|_| Key::parse(&numbers.hex(32)).unwrap()).collect(),
        inputs: (0..files).map(|at| file(&mut numbers, at)).collect(),
    }
}
