//! From a directory to the workspace that holds it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::dependency::{Target, directory, target};
use super::error::WorkspaceError;
use super::manifest::Manifest;
use super::project::{CONFIG_NAMES, Project, ProjectIx};
use super::root::{Root, first_config, read, resolved};
use crate::path::RelPath;

/// A workspace and its projects. Projects are sorted by directory; the root package, where there is
/// one, comes first.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    config_file: Option<PathBuf>,
    projects: Vec<Project>,
    by_name: HashMap<String, ProjectIx>,
    by_dir: HashMap<RelPath, ProjectIx>,
}

impl Workspace {
    /// Finds and reads the workspace that holds `cwd`.
    ///
    /// # Errors
    /// [`WorkspaceError`], naming the file.
    pub fn discover(cwd: &Path) -> Result<Self, WorkspaceError> {
        let Root { dir: root, config_file, members } = Root::find(cwd)?;
        let mut dirs =
            members.map_or_else(|| Ok(BTreeSet::new()), |members| members.walk(&root))?;
        dirs.insert(RelPath::root());
        let packages = read_packages(&root, dirs.into_iter().collect())?;
        let manifests: Vec<Manifest<'_>> = packages
            .par_iter()
            .map(|package| Manifest::parse(&package.manifest.on(&root), &package.bytes))
            .collect::<Result<_, _>>()?;

        let names: Vec<String> = packages.iter().zip(&manifests).map(name_of).collect();
        let by_name = index_names(&root, &packages, &names)?;
        let by_dir: HashMap<RelPath, ProjectIx> = packages
            .iter()
            .enumerate()
            .map(|(index, package)| (package.dir.clone(), ProjectIx::new(index)))
            .collect();
        let dependencies: Vec<Vec<ProjectIx>> = manifests
            .par_iter()
            .enumerate()
            .map(|(index, manifest)| {
                internal(index, &packages[index].dir, manifest, &by_name, &by_dir)
            })
            .collect();
        let nested = nested_dirs(&packages, &by_dir);

        let projects = packages
            .into_iter()
            .zip(names)
            .zip(dependencies)
            .zip(nested)
            .map(|(((package, name), dependencies), nested)| Project {
                name,
                dir: package.dir,
                manifest: package.manifest,
                config_file: package.config_file,
                dependencies,
                nested,
            })
            .collect();
        Ok(Self { root, config_file, projects, by_name, by_dir })
    }

    /// The root of the workspace that holds `cwd`, links resolved; its projects are not looked for.
    ///
    /// # Errors
    /// [`WorkspaceError`], as when all of it is read.
    pub fn root_of(cwd: &Path) -> Result<PathBuf, WorkspaceError> {
        Ok(Root::find(cwd)?.dir)
    }

    /// What a directory on disk is called relative to the root; `None` when it lies outside.
    #[must_use]
    pub fn relative(&self, dir: &Path) -> Option<RelPath> {
        RelPath::below(&self.root, &resolved(dir).ok()?).ok()
    }

    /// The absolute root directory, links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `vx.workspace.*`, absolute.
    #[must_use]
    pub fn config_file(&self) -> Option<&Path> {
        self.config_file.as_deref()
    }

    /// Every config file that must be evaluated: the workspace's, then the projects'.
    pub fn config_files(&self) -> impl Iterator<Item = &Path> {
        self.config_file()
            .into_iter()
            .chain(self.projects.iter().filter_map(|p| p.config_file.as_deref()))
    }

    /// The projects, sorted by directory.
    #[must_use]
    pub fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// Every project with its index.
    pub fn iter(&self) -> impl Iterator<Item = (ProjectIx, &Project)> {
        self.projects.iter().enumerate().map(|(index, project)| (ProjectIx::new(index), project))
    }

    /// The project of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<ProjectIx> {
        self.by_name.get(name).copied()
    }

    /// The project in exactly that directory, relative to the root.
    #[must_use]
    pub fn by_dir(&self, dir: &str) -> Option<ProjectIx> {
        self.by_dir.get(dir).copied()
    }

    /// The innermost project that holds a path, relative to the root.
    #[must_use]
    pub fn holding(&self, path: &RelPath) -> Option<ProjectIx> {
        std::iter::successors(Some(path.clone()), RelPath::parent)
            .find_map(|dir| self.by_dir(dir.as_str()))
    }
}

impl std::ops::Index<ProjectIx> for Workspace {
    type Output = Project;

    fn index(&self, project: ProjectIx) -> &Project {
        &self.projects[project.index()]
    }
}

/// A directory with a package.json.
struct Package {
    dir: RelPath,
    manifest: RelPath,
    bytes: Vec<u8>,
    config_file: Option<PathBuf>,
}

/// Those of `dirs` that hold a package.json, in order.
fn read_packages(root: &Path, dirs: Vec<RelPath>) -> Result<Vec<Package>, WorkspaceError> {
    let file = RelPath::new("package.json")?;
    let packages: Vec<Option<Package>> = dirs
        .into_par_iter()
        .map(|dir| {
            let manifest = dir.join(&file);
            let Some(bytes) = read(&manifest.on(root))? else { return Ok(None) };
            let config_file = first_config(&dir.on(root), &CONFIG_NAMES)?;
            Ok(Some(Package { dir, manifest, bytes, config_file }))
        })
        .collect::<Result<_, WorkspaceError>>()?;
    Ok(packages.into_iter().flatten().collect())
}

fn name_of((package, manifest): (&Package, &Manifest<'_>)) -> String {
    manifest.name.as_deref().map_or_else(|| package.dir.to_string(), str::to_owned)
}

fn index_names(
    root: &Path,
    packages: &[Package],
    names: &[String],
) -> Result<HashMap<String, ProjectIx>, WorkspaceError> {
    let mut by_name = HashMap::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = by_name.insert(name.clone(), ProjectIx::new(index)) {
            return Err(WorkspaceError::DuplicateName {
                name: name.clone(),
                first: packages[first.index()].manifest.on(root),
                second: packages[index].manifest.on(root),
            });
        }
    }
    Ok(by_name)
}

/// The projects that a manifest depends on, sorted, without the project itself.
fn internal(
    index: usize,
    dir: &RelPath,
    manifest: &Manifest<'_>,
    by_name: &HashMap<String, ProjectIx>,
    by_dir: &HashMap<RelPath, ProjectIx>,
) -> Vec<ProjectIx> {
    let mut found: Vec<ProjectIx> = manifest
        .dependencies
        .iter()
        .filter_map(|(name, spec)| match target(name, spec) {
            Target::Named(name) => by_name.get(name).copied(),
            Target::Directory(spec) => by_dir.get(&directory(dir, spec)?).copied(),
            Target::Elsewhere => None,
        })
        .filter(|project| project.index() != index)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// For each project the projects inside of it that no other one between them holds.
fn nested_dirs(packages: &[Package], by_dir: &HashMap<RelPath, ProjectIx>) -> Vec<Vec<RelPath>> {
    let mut nested = vec![Vec::new(); packages.len()];
    for package in packages {
        let outer = std::iter::successors(package.dir.parent(), RelPath::parent)
            .find_map(|dir| by_dir.get(&dir));
        if let Some(outer) = outer {
            nested[outer.index()].push(package.dir.clone());
        }
    }
    nested
}
