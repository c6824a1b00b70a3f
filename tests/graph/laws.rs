//! Laws that hold for every graph, tried on random ones.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use vx::glob::{Globs, may_overlap};
use vx::graph::{GraphError, TaskGraph, TaskIx};
use vx::path::RelPath;

use super::{Fixture, all, package, run, upstream};

/// Tasks `t0`, `t1`, … of one project; an edge makes the first wait for the second.
fn one_project(count: usize, edges: &BTreeSet<(usize, usize)>) -> (Fixture, Vec<String>) {
    let tasks: BTreeMap<String, Value> = (0..count)
        .map(|task| {
            let waits: Vec<String> = edges
                .iter()
                .filter(|(from, _)| *from == task)
                .map(|(_, to)| format!("t{to}"))
                .collect();
            (format!("t{task}"), run(&waits.iter().map(String::as_str).collect::<Vec<_>>()))
        })
        .collect();
    let requested = (0..count).map(|task| format!("a#t{task}")).collect();
    (Fixture::new(None, &[("a", package("a", &[]), Some(json!(tasks)))]), requested)
}

fn names(requested: &[String]) -> Vec<&str> {
    requested.iter().map(String::as_str).collect()
}

fn edges(count: usize, most: usize) -> impl Strategy<Value = BTreeSet<(usize, usize)>> {
    prop::collection::btree_set((0..count, 0..count), 0..most)
}

/// Everything upstream of a task, directly or not.
fn ancestors(graph: &TaskGraph, task: TaskIx) -> BTreeSet<TaskIx> {
    let mut found = BTreeSet::new();
    let mut open = vec![task];
    while let Some(task) = open.pop() {
        open.extend(graph[task].upstream.iter().map(|up| up.task).filter(|up| found.insert(*up)));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_respects_every_edge(edges in edges(14, 40), labels in Just((0..14).collect::<Vec<usize>>()).prop_shuffle()) {
        // From the larger to the smaller label, so that there is no cycle, whatever the names.
        let edges = edges.into_iter().filter(|(a, b)| a > b).map(|(a, b)| (labels[a], labels[b])).collect();
        let (fixture, requested) = one_project(14, &edges);
        let graph = fixture.graph(&names(&requested)).unwrap();
        let order = graph.order();
        prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 14);
        let position = |task: TaskIx| order.iter().position(|at| *at == task).unwrap();
        let mut seen = BTreeSet::new();
        for task in graph.indices() {
            for up in &graph[task].upstream {
                prop_assert!(position(up.task) < position(task));
                prop_assert!(graph[up.task].downstream.contains(&task));
                let number = |task: TaskIx| graph[task].id.task[1..].parse::<usize>().unwrap();
                seen.insert((number(task), number(up.task)));
            }
            let waiting = graph.indices().filter(|other| ancestors(&graph, *other).contains(&task)).count();
            prop_assert_eq!(graph.priority(task) as usize, waiting);
        }
        prop_assert_eq!(seen, edges);
    }

    #[test]
    fn a_cycle_is_found_exactly_when_there_is_one(edges in edges(8, 14)) {
        let (fixture, requested) = one_project(8, &edges);
        let reaches = |start: usize, end: usize| {
            let mut found = BTreeSet::new();
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                open.extend(edges.iter().filter(|(from, to)| *from == at && found.insert(*to)).map(|(_, to)| *to));
            }
            found.contains(&end)
        };
        let cyclic = (0..8).any(|task| reaches(task, task));
        match fixture.graph(&names(&requested)) {
            Ok(_) => prop_assert!(!cyclic),
            Err(GraphError::Cycle(path)) => {
                let numbers: Vec<usize> = path.iter().map(|id| id.task[1..].parse().unwrap()).collect();
                prop_assert!(numbers.len() > 1 && numbers.first() == numbers.last());
                prop_assert_eq!(numbers[1..].iter().collect::<BTreeSet<_>>().len(), numbers.len() - 1);
                for pair in numbers.windows(2) {
                    prop_assert!(edges.contains(&(pair[0], pair[1])), "{:?}", pair);
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn the_frontier_is_what_a_naive_search_finds(
        edges in edges(9, 30),
        holders in prop::collection::vec(any::<bool>(), 9),
        configured in prop::collection::vec(any::<bool>(), 9),
    ) {
        let name = |project: usize| format!("p{project}");
        let given: Vec<(String, Value, Option<Value>)> = (0..9)
            .map(|project| {
                let on: Vec<String> = edges.iter().filter(|(from, _)| *from == project).map(|(_, to)| name(*to)).collect();
                let manifest = package(&name(project), &on.iter().map(String::as_str).collect::<Vec<_>>());
                let probe = run(&["^build"]);
                let tasks = match (holders[project], configured[project]) {
                    (true, _) => Some(json!({ "probe": probe, "build": run(&[]) })),
                    (false, true) => Some(json!({ "probe": probe })),
                    (false, false) => None,
                };
                (name(project), manifest, tasks)
            })
            .collect();
        let given: Vec<_> = given.iter().map(|(dir, manifest, tasks)| (dir.as_str(), manifest.clone(), tasks.clone())).collect();
        let fixture = Fixture::new(None, &given);
        let probing: Vec<usize> = (0..9).filter(|project| given[*project].2.is_some()).collect();
        let requested: Vec<String> = probing.iter().map(|project| format!("{}#probe", name(*project))).collect();
        let graph = fixture.graph(&names(&requested)).unwrap();
        for start in probing {
            // Every path over projects that do not declare the task, to one that does.
            let mut found = BTreeSet::new();
            let mut passed = BTreeSet::new();
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for (_, to) in edges.iter().filter(|(from, _)| *from == at) {
                    if holders[*to] {
                        found.insert(*to);
                    } else if passed.insert(*to) {
                        open.push(*to);
                    }
                }
            }
            found.remove(&start);
            let expected: Vec<String> = found.into_iter().map(|project| format!("{}#build", name(project))).collect();
            prop_assert_eq!(upstream(&graph, &format!("{}#probe", name(start))), expected);
        }
    }

    #[test]
    fn a_key_waits_exactly_where_a_naive_search_says(
        edges in edges(12, 30),
        reads in prop::collection::vec(0_usize..6, 12),
        filtered in prop::collection::vec(any::<bool>(), 12),
    ) {
        // Four tasks in each of root, p and p/q; each makes a file of its own and reads what `reads` says.
        let projects = ["root", "p", "q"];
        let dirs = ["", "p", "p/q"];
        let id = |task: usize| format!("{}#t{task}", projects[task % 3]);
        let edges: BTreeSet<(usize, usize)> = edges.into_iter().filter(|(a, b)| a > b).collect();
        let task = |task: usize| {
            let on: Vec<String> = edges.iter().filter(|(from, _)| *from == task).map(|(_, to)| id(*to)).collect();
            let command = json!({ "command": "x" });
            let tasks = if filtered[task] { json!([]) } else { json!(on) };
            let (files, workspace_files) = match reads[task] {
                0 => (json!(["src/**"]), json!([])),
                1 => (json!(["out/**"]), json!([])),
                2 => (json!([]), json!(["p/**/out/f3", "p/out/f4"])),
                // Never its own output, which no config may declare as an input.
                3 => (json!(["**"]), json!([if task == 1 { "all/f2" } else { "all/f1" }])),
                4 => (json!([]), json!([])),
                _ => return json!({ "exec": command, "dependsOn": on }),
            };
            let outputs = json!({ "files": [format!("out/f{task}")], "workspaceFiles": [format!("all/f{task}")] });
            let inputs = json!({ "files": files, "workspaceFiles": workspace_files, "tasks": tasks });
            json!({ "exec": command, "dependsOn": on, "cache": { "inputs": inputs, "outputs": outputs } })
        };
        let tasks = |project: usize| -> Value {
            let own = (0..12).filter(|number| number % 3 == project);
            json!(own.map(|number| (format!("t{number}"), task(number))).collect::<BTreeMap<_, _>>())
        };
        let fixture = Fixture::new(
            Some(tasks(0)),
            &[("p", package("p", &[]), Some(tasks(1))), ("p/q", package("q", &[]), Some(tasks(2)))],
        );
        let requested: Vec<String> = (0..12).map(id).collect();
        let graph = fixture.graph(&names(&requested)).unwrap();
        prop_assert_eq!(all(&graph).len(), 12);

        let root = RelPath::root();
        let dir = |task: TaskIx| RelPath::new(dirs[graph[task].project.index()]).unwrap();
        let everything = Globs::new(&["**"]).unwrap();
        let feeds = |maker: TaskIx, reader: TaskIx| {
            let cache = graph[reader].config.cache.as_ref();
            let files = cache.map_or(&everything, |cache| &cache.inputs.files);
            let elsewhere = cache.map(|cache| &cache.inputs.workspace_files);
            let Some(made) = graph[maker].config.cache.as_ref().map(|cache| &cache.outputs) else {
                return !files.is_empty() || elsewhere.is_some_and(|globs| !globs.is_empty());
            };
            let same = graph[maker].project == graph[reader].project;
            // `all` is a directory of the root alone, so only the root's own globs can reach it.
            let own = dir(reader).is_root() && may_overlap(files, &root, &made.workspace_files, &root);
            own || (same && may_overlap(files, &root, &made.files, &root))
                || elsewhere.is_some_and(|globs| {
                    may_overlap(globs, &root, &made.files, &dir(maker))
                        || may_overlap(globs, &root, &made.workspace_files, &root)
                })
        };
        let mut expected: BTreeMap<TaskIx, bool> = BTreeMap::new();
        for task in graph.order() {
            let fed = ancestors(&graph, *task).into_iter().any(|maker| feeds(maker, *task));
            let late = fed || graph.counted_upstream(*task).any(|up| expected[&up]);
            expected.insert(*task, late);
            prop_assert_eq!(graph.upstream_outputs_may_feed(*task), late, "{}", graph[*task].id);
        }
    }
}
