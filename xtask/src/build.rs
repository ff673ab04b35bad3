//! From `specs/` to crates, in memory, and what of that the tree does not have yet.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use hoopai_codegen::{FileError, Generated, Module, SourceText, Sources, facade, generate};

use crate::{
    Result, Workspace,
    console::Progress,
    fault::fault,
    swap::Update,
    workspace::{
        DOCUMENTATION, FACADE_MANIFEST, HAND_WRITTEN, LICENCES, crate_folder, documentation_file,
        overlay_file, spec_file,
    },
};

/// Deeply nested schemas make for deep recursion in the libraries that parse and print them.
const STACK: usize = 64 * 1024 * 1024;

/// The spec of a module in the tree.
pub(crate) fn spec(tree: &Workspace, module: &Module) -> Result<Vec<u8>> {
    let file = spec_file(&module.name);
    tree.bytes(&file)?.ok_or_else(|| {
        fault(
            file,
            "is missing",
            format!("run cargo xtask regen --module {}", module.name),
        )
    })
}

/// The crate of a module, made of `spec`, and of overlay and documentation in the tree.
pub(crate) fn crate_of(tree: &Workspace, module: &Module, spec: &[u8]) -> Result<Generated> {
    let read = |file: String| Ok::<_, FileError>((tree.text(&file)?, file));
    let overlay = read(overlay_file(&module.name))?;
    let documentation = read(documentation_file(&module.name))?;
    let common = read(DOCUMENTATION.to_owned())?;
    fn text((text, file): &(Option<String>, String)) -> Option<SourceText<'_>> {
        text.as_deref().map(|text| SourceText { file, text })
    }
    generate(
        module,
        &Sources {
            spec_file: &spec_file(&module.name),
            spec,
            overlay: text(&overlay),
            documentation: text(&documentation),
            common: text(&common),
        },
    )
}

/// The crates of modules in the tree, in their order.
pub(crate) fn crates_of(
    tree: &Workspace,
    modules: &[Module],
    progress: &Progress<'_>,
) -> Vec<Result<Generated>> {
    in_parallel(modules, |module| {
        let generated = spec(tree, module).and_then(|spec| crate_of(tree, module, &spec));
        progress.done(&module.name);
        generated
    })
}

/// Adds to `update` what makes the crate in the tree the generated one: files that differ, and files that generation
/// no longer makes.
pub(crate) fn place_crate(
    tree: &Workspace,
    update: &mut Update,
    module: &Module,
    generated: &Generated,
) -> Result<()> {
    let folder = crate_folder(&module.name);
    let mut kept = BTreeSet::new();
    for (path, text) in &generated.files {
        let path = format!("{folder}/{path}");
        update.write(tree, path.clone(), text.clone().into_bytes())?;
        kept.insert(path);
    }
    kept.extend(place_licences(tree, update, &folder)?);
    for (path, text) in &generated.workspace_files {
        update.write(tree, path.clone(), text.clone().into_bytes())?;
    }
    for path in tree.files_below(&folder)?.into_keys() {
        if !kept.contains(&path) {
            update.remove(path);
        }
    }
    Ok(())
}

/// Adds to `update` what makes the facade one over `modules`, and the licences of the crates that are not generated.
pub(crate) fn place_facade(
    tree: &Workspace,
    update: &mut Update,
    modules: &[Module],
) -> Result<()> {
    let manifest = tree.text(FACADE_MANIFEST)?.ok_or_else(|| {
        fault(
            FACADE_MANIFEST,
            "is missing",
            "restore it from version control",
        )
    })?;
    for (path, text) in facade(modules, &manifest)? {
        update.write(tree, path, text.into_bytes())?;
    }
    for folder in HAND_WRITTEN {
        place_licences(tree, update, folder)?;
    }
    Ok(())
}

/// Puts the licences of the workspace into a crate, for both want to be with every copy and a package holds no file from
/// outside its folder. Gives the paths.
fn place_licences(tree: &Workspace, update: &mut Update, folder: &str) -> Result<Vec<String>> {
    let mut placed = Vec::new();
    for licence in LICENCES {
        if let Some(bytes) = tree.bytes(licence)? {
            let path = format!("{folder}/{licence}");
            update.write(tree, path.clone(), bytes)?;
            placed.push(path);
        }
    }
    Ok(placed)
}

/// Does `work` on every item, on as many threads as there are processors. The results are in the items' order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(item);
            results
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, result));
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    thread::scope(|scope| {
        let started = (0..threads).filter(|_| {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, run)
                .is_ok()
        });
        if started.count() == 0 {
            run();
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
