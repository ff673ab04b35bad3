//! Entries of the attention list about types and methods whose names the platform's change changes.
//!
//! Such an entry does not follow from the files in `specs/`, but from the crate before a
//! regeneration. It stays on the list while the new name is in use, and later regenerations continue
//! it: its old name is the one that was last settled.

use hoopai_codegen::{
    ApiChange, Aspect, Attention, ChangeKind, Edit, Generated, Item, Module, Renamed, apply_edits,
};

use crate::{
    Result, Workspace,
    generation::{ModuleTexts, generate_from},
    workspace::{AttentionList, crate_folder, overlay_file},
};

/// The number of attempts to find the edits. Each generates the module.
const ATTEMPTS: usize = 4;

/// The entries of a module that do not follow from `specs/`, as far as they still apply.
pub(crate) fn other_entries(
    list: &AttentionList,
    module: &Module,
    generated: &Generated,
) -> Vec<Attention> {
    let entries = list.of_download(&module.name);
    let applies = |entry: &&Attention| {
        let renamed = entry.renamed.as_ref();
        renamed.is_none_or(|renamed| applies(renamed, generated))
    };
    entries.filter(applies).cloned().collect()
}

/// The entries about renames after a regeneration: those that `changes` has, and open ones of the
/// list. Accepted ones stay as they are.
pub(crate) fn rename_entries(
    tree: &Workspace,
    module: &Module,
    spec: &[u8],
    generated: &Generated,
    changes: &[ApiChange],
    list: &AttentionList,
) -> Result<Vec<Attention>> {
    let (mut accepted, mut open) = (Vec::new(), Vec::new());
    for entry in list.of(&module.name) {
        match &entry.renamed {
            Some(renamed) if entry.accepted.is_none() => open.push(renamed.clone()),
            Some(renamed) if applies(renamed, generated) => accepted.push(entry.clone()),
            _ => {}
        }
    }
    let mut renames: Vec<Renamed> = changes.iter().filter_map(renamed).collect();
    // A command that was interrupted before it wrote the crate has listed the same renames.
    open.retain(|earlier| !renames.contains(earlier));
    // Two items may have exchanged their names, so each rename continues at most one earlier one.
    for later in &mut renames {
        if let Some(index) = open.iter().position(|earlier| earlier.to == later.from) {
            later.from = open.remove(index).from;
        }
    }
    renames.append(&mut open);
    renames.retain(|renamed| {
        let is_chosen = generated.named.get(&renamed.to) == Some(&None);
        applies(renamed, generated) && !is_chosen
    });
    renames.sort_by(|a, b| a.from.cmp(&b.from));
    let mut entries = accepted;
    if !renames.is_empty() {
        let edits = edits(tree, module, spec, generated, &renames)?;
        entries.extend(renames.into_iter().zip(edits).map(|(renamed, edit)| {
            let file = match renamed.to.starts_with("types::") {
                true => "src/types.rs",
                false => "src/client.rs",
            };
            let file = format!("{}/{file}", crate_folder(&module.name));
            Attention::of_rename(file, renamed, edit)
        }));
    }
    Ok(entries)
}

/// Whether the new name is in use, and the overlay has not chosen the old one. Another item may have
/// the old name by a rule: programs that use it compile, and mean the other item.
fn applies(renamed: &Renamed, generated: &Generated) -> bool {
    let Renamed { from, to } = renamed;
    let is_chosen = generated.named.get(from) == Some(&None);
    from != to && generated.named.contains_key(to) && !is_chosen
}

fn renamed(change: &ApiChange) -> Option<Renamed> {
    let has_name = matches!(change.item, Item::Type | Item::Operation);
    let is_renamed = change.kind == ChangeKind::Renamed && change.aspect == Some(Aspect::Name);
    (has_name && is_renamed).then(|| Renamed {
        from: change.from.clone(),
        to: change.to.clone(),
    })
}

/// The edits that restore the old names, in the order of `renames`. Each is tried: an item whose
/// name an edit does not restore has none. Neither has one whose name follows from that of another.
fn edits(
    tree: &Workspace,
    module: &Module,
    spec: &[u8],
    generated: &Generated,
    renames: &[Renamed],
) -> Result<Vec<Option<Edit>>> {
    let texts = ModuleTexts::read(tree, module)?;
    let file = overlay_file(&module.name);
    let target = |renamed: &Renamed| generated.named.get(&renamed.to)?.as_deref();
    let mut edits: Vec<Option<Edit>> = vec![None; renames.len()];
    let mut open: Vec<usize> = (0..renames.len()).collect();
    for _ in 0..ATTEMPTS {
        // The name of a type may follow from that of a method, and that of a type within a schema from
        // the name of the schema.
        let is_method = |index: &usize| renames[*index].to.starts_with("Client::");
        let has_methods = open.iter().any(is_method);
        let is_inner = |index: &usize| {
            if has_methods {
                return !is_method(index);
            }
            let own = target(&renames[*index]).unwrap_or_default();
            open.iter().any(|other| {
                let outer = target(&renames[*other]).unwrap_or_default();
                own.len() > outer.len() && own.starts_with(outer)
            })
        };
        let tried: Vec<usize> = open.iter().copied().filter(|one| !is_inner(one)).collect();
        if tried.is_empty() {
            break;
        }
        for index in &tried {
            let renamed = &renames[*index];
            edits[*index] = target(renamed).map(|target| Edit::keep_name(target, &renamed.from));
        }
        let applied: Vec<(&Edit, &str)> = edits.iter().flatten().map(|edit| (edit, "…")).collect();
        let overlay = apply_edits(&module.name, &file, texts.overlay.as_deref(), &applied);
        let restored = overlay.and_then(|overlay| {
            let texts = ModuleTexts {
                overlay: Some(overlay),
                ..texts.clone()
            };
            generate_from(tree, module, spec, &texts)
        });
        let is_restored = |index: &usize| {
            let restored = restored.as_ref().ok();
            restored.is_some_and(|restored| !applies(&renames[*index], restored))
        };
        for index in &tried {
            if !is_restored(index) {
                edits[*index] = None;
            }
        }
        open.retain(|index| !tried.contains(index) && !is_restored(index));
    }
    Ok(edits)
}
