//! The graph of a crate's files: an edge from file A to file B means that A names an item that B
//! defines.
//!
//! Names are resolved as the compiler does, through `use`, re-exports and globs, to the file that
//! defines the item. A re-export alone is no edge. Code under `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Attribute, Item, UseTree,
    visit::{self, Visit},
};

use crate::{
    error::{Result, file_error},
    workspace::Workspace,
};

/// For each file, the files that it uses, each with the line of the first use.
#[derive(Debug, Default)]
pub(crate) struct ModuleGraph(pub(crate) BTreeMap<String, BTreeMap<String, usize>>);

impl ModuleGraph {
    /// Reads a crate, from the root file of its library and of each binary.
    pub(crate) fn read(tree: &Workspace, crate_roots: &[String]) -> Result<Self> {
        let mut graph = Self::default();
        for root in crate_roots {
            let mut modules = Modules {
                tree,
                all: Vec::new(),
            };
            modules.read_file(root.clone(), None)?;
            for (from, reference) in modules.references() {
                let uses = graph.0.entry(from).or_default();
                if let Some((to, line)) = reference {
                    let first = uses.entry(to).or_insert(line);
                    *first = line.min(*first);
                }
            }
        }
        Ok(graph)
    }

    /// The graph of the groups of files. Edges within a group are left out.
    pub(crate) fn grouped(&self, group: impl Fn(&str) -> String) -> Self {
        let mut grouped = Self::default();
        for (from, uses) in &self.0 {
            let edges = grouped.0.entry(group(from)).or_default();
            for (to, line) in uses {
                let to = group(to);
                if to != group(from) {
                    edges.entry(to).or_insert(*line);
                }
            }
        }
        grouped
    }

    /// The sets of files in which each file uses each other one, directly or indirectly.
    pub(crate) fn cycles(&self) -> BTreeSet<BTreeSet<String>> {
        let edges = self.0.iter().flat_map(|(from, uses)| {
            let uses = uses.keys();
            uses.map(move |to| (from.as_str(), to.as_str()))
        });
        let components = tarjan_scc(&DiGraphMap::<&str, ()>::from_edges(edges));
        let cycles = components.into_iter().filter(|files| files.len() > 1);
        cycles
            .map(|files| files.into_iter().map(str::to_owned).collect())
            .collect()
    }

    /// The edges between the files of a cycle.
    pub(crate) fn edges<'a>(
        &'a self,
        cycle: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a str, &'a str, usize)> {
        let from = self.0.iter().filter(|(from, _)| cycle.contains(*from));
        let edges = from.flat_map(|(from, uses)| {
            let uses = uses.iter();
            uses.map(move |(to, line)| (from.as_str(), to.as_str(), *line))
        });
        edges.filter(|(_, to, _)| cycle.contains(*to))
    }
}

/// A path in the source, as a list of names.
type Names = Vec<String>;

#[derive(Default)]
struct Module {
    file: String,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    items: HashSet<String>,
    /// Imported names and re-exports, by their local name.
    imports: HashMap<String, Names>,
    globs: Vec<Names>,
    /// Paths that the module contains, with their lines.
    paths: Vec<(Names, usize)>,
}

#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

/// The modules of a library or binary. The first one is the root.
struct Modules<'a> {
    tree: &'a Workspace,
    all: Vec<Module>,
}

impl Modules<'_> {
    fn read_file(&mut self, file: String, parent: Option<usize>) -> Result<usize> {
        let text = self.tree.text(&file)?.unwrap_or_default();
        let syntax = syn::parse_file(&text).map_err(|error| {
            let line = error.span().start().line;
            file_error(format!("{file}:{line}"), error.to_string(), "correct it")
        })?;
        let (folder, name) = file.rsplit_once('/').unwrap_or((".", &file));
        let stem = name.trim_end_matches(".rs");
        let folder = if parent.is_none() || stem == "mod" {
            folder.to_owned()
        } else {
            format!("{folder}/{stem}")
        };
        self.read_module(file, parent, &folder, &syntax.items)
    }

    /// `folder` is the folder of the files of child modules.
    fn read_module(
        &mut self,
        file: String,
        parent: Option<usize>,
        folder: &str,
        items: &[Item],
    ) -> Result<usize> {
        let mut collector = Collector::default();
        for item in items {
            collector.visit_item(item);
        }
        let Collector(module, children) = collector;
        let index = self.all.len();
        self.all.push(Module {
            file: file.clone(),
            parent,
            ..module
        });
        for (name, content) in children {
            let child = match content {
                Some(items) => self.read_module(
                    file.clone(),
                    Some(index),
                    &format!("{folder}/{name}"),
                    &items,
                )?,
                None => {
                    let candidates = [
                        format!("{folder}/{name}.rs"),
                        format!("{folder}/{name}/mod.rs"),
                    ];
                    let found = candidates
                        .into_iter()
                        .find(|path| self.tree.path(path).is_file());
                    let child = found.ok_or_else(|| {
                        file_error(
                            &file,
                            format!("declares `mod {name}`, which has no file in {folder}"),
                            "give it the standard path",
                        )
                    })?;
                    self.read_file(child, Some(index))?
                }
            };
            self.all[index].children.insert(name, child);
        }
        Ok(index)
    }

    /// For each module its file, and for each path to an item of another file that file and the
    /// line.
    fn references(&self) -> Vec<(String, Option<(String, usize)>)> {
        let mut references = Vec::new();
        for (index, module) in self.all.iter().enumerate() {
            references.push((module.file.clone(), None));
            for (path, line) in &module.paths {
                if let Some(Target::Item(defining)) = self.resolve(index, path, &mut Vec::new()) {
                    let to = &self.all[defining].file;
                    if *to != module.file {
                        references.push((module.file.clone(), Some((to.clone(), *line))));
                    }
                }
            }
        }
        references
    }

    /// The module or item that a path in module `from` names, if it is of this crate.
    fn resolve<'a>(
        &'a self,
        from: usize,
        path: &'a [String],
        open: &mut Vec<(usize, &'a str)>,
    ) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.all[from].parent?),
            name => self.member(from, name, open)?,
        };
        for name in rest {
            target = match (target, name.as_str()) {
                (Target::Module(module), "super") => Target::Module(self.all[module].parent?),
                (Target::Module(module), name) => self.member(module, name, open)?,
                // An associated item or variant.
                (Target::Item(_), _) => break,
            };
        }
        Some(target)
    }

    /// What a name means in a module. `open` holds the names that are being resolved, since re-exports may be circular.
    fn member<'a>(
        &'a self,
        module: usize,
        name: &'a str,
        open: &mut Vec<(usize, &'a str)>,
    ) -> Option<Target> {
        let Module {
            children,
            items,
            imports,
            globs,
            ..
        } = &self.all[module];
        if items.contains(name) {
            return Some(Target::Item(module));
        }
        if let Some(child) = children.get(name) {
            return Some(Target::Module(*child));
        }
        if open.contains(&(module, name)) {
            return None;
        }
        open.push((module, name));
        let imported = imports
            .get(name)
            .and_then(|path| self.resolve(module, path, open));
        let found = imported.or_else(|| {
            globs
                .iter()
                .find_map(|path| match self.resolve(module, path, open)? {
                    Target::Module(globbed) => self.member(globbed, name, open),
                    Target::Item(_) => None,
                })
        });
        open.pop();
        found
    }
}

/// Collects what a module defines, imports and names; and its child modules, those with their
/// content inline.
#[derive(Default)]
struct Collector(Module, Vec<(String, Option<Vec<Item>>)>);

impl Collector {
    fn import(&mut self, tree: &UseTree, prefix: &[String], is_private: bool) {
        let joined = |name: &Ident| {
            let mut path = prefix.to_vec();
            if name != "self" || prefix.is_empty() {
                path.push(text(name));
            }
            path
        };
        let (local, path, line) = match tree {
            UseTree::Path(path) => {
                return self.import(&path.tree, &joined(&path.ident), is_private);
            }
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.import(tree, prefix, is_private));
            }
            UseTree::Glob(_) => return self.0.globs.push(prefix.to_vec()),
            UseTree::Name(name) => {
                let path = joined(&name.ident);
                (path.last().cloned(), path, line(&name.ident))
            }
            UseTree::Rename(rename) => (
                Some(text(&rename.rename)),
                joined(&rename.ident),
                line(&rename.ident),
            ),
        };
        if is_private {
            self.0.paths.push((path.clone(), line));
        }
        // A name that its own path begins with belongs to another crate, or to the parent by `use
        // self::name`.
        let local = local.filter(|local| path.first() != Some(local));
        self.0.imports.extend(local.map(|local| (local, path)));
    }

    /// Collects the paths in the tokens of a macro. The names in a macro definition are resolved
    /// where the macro is called, so only paths from `crate`, `self` or `super` count there.
    fn scan(&mut self, tokens: TokenStream, is_definition: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let punct = |index: usize| match tokens.get(index) {
            Some(TokenTree::Punct(punct)) => punct.as_char(),
            _ => ' ',
        };
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            if let TokenTree::Group(group) = token {
                self.scan(group.stream(), is_definition);
            }
            if let TokenTree::Ident(first) = token {
                let before = [2, 1].map(|back| index.checked_sub(back).map_or(' ', punct));
                // A field or method, a lifetime, a macro variable, or part of a path that begins
                // with `::`.
                let is_other = match before {
                    ['.', '.'] => false,
                    [_, '.' | '\'' | '$'] | [':', ':'] => true,
                    _ => false,
                };
                let mut names = vec![text(first)];
                while let (':', ':', Some(TokenTree::Ident(next))) =
                    (punct(index + 1), punct(index + 2), tokens.get(index + 3))
                {
                    names.push(text(next));
                    index += 3;
                }
                let is_rooted = first == "crate" || first == "self" || first == "super";
                if !is_other && (!is_definition || is_rooted) {
                    self.0.paths.push((names, line(first)));
                }
            }
            index += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = match item {
            Item::Const(item) => (Some(&item.ident), &item.attrs),
            Item::Enum(item) => (Some(&item.ident), &item.attrs),
            Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
            Item::Static(item) => (Some(&item.ident), &item.attrs),
            Item::Struct(item) => (Some(&item.ident), &item.attrs),
            Item::Trait(item) => (Some(&item.ident), &item.attrs),
            Item::TraitAlias(item) => (Some(&item.ident), &item.attrs),
            Item::Type(item) => (Some(&item.ident), &item.attrs),
            Item::Union(item) => (Some(&item.ident), &item.attrs),
            Item::Impl(item) => (None, &item.attrs),
            Item::Use(item) => (None, &item.attrs),
            Item::Mod(item) => (None, &item.attrs),
            _ => return,
        };
        if is_test(attributes) {
            return;
        }
        self.0.items.extend(name.map(text));
        match item {
            Item::Mod(item) => {
                let content = item.content.as_ref().map(|(_, items)| items.clone());
                self.1.push((text(&item.ident), content));
            }
            Item::Use(item) => {
                let is_private = matches!(item.vis, syn::Visibility::Inherited);
                if item.leading_colon.is_none() {
                    self.import(&item.tree, &[], is_private);
                }
            }
            Item::Macro(item) => self.scan(item.mac.tokens.clone(), item.ident.is_some()),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Fn(item) => &item.attrs[..],
            syn::ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| text(&segment.ident));
            let line = path.segments.first().map_or(0, |first| line(&first.ident));
            self.0.paths.push((names.collect(), line));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.visit_path(&mac.path);
        self.scan(mac.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.parse_args::<syn::Path>();
        attribute.path().is_ident("cfg") && condition.is_ok_and(|path| path.is_ident("test"))
    })
}

fn text(name: &Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn line(name: &Ident) -> usize {
    name.span().start().line
}
