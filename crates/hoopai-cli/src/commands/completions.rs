//! `hoopai completions`: completions of a shell.
//!
//! For most shells the script calls `hoopai complete WORDS`, which prints the candidates for the
//! last word: commands, modules, operations, their flags, and values of flags. The other scripts
//! have commands only.

use clap::{Arg, Args, Command};
use clap_complete::Shell;
use hoopai_catalogue::Operation;

use super::names::hyphened;
use super::operation;
use crate::failure::Result;

const BASH: &str = r#"_hoopai() {
    local IFS=$'\n'
    COMPREPLY=($(hoopai complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _hoopai hoopai
"#;

const ZSH: &str = r#"#compdef hoopai
_hoopai() {
    local -a candidates
    candidates=(${(f)"$(hoopai complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#candidates )); then
        compadd -- $candidates
    else
        _files
    fi
}
if [ "$funcstack[1]" = "_hoopai" ]; then
    _hoopai
else
    compdef _hoopai hoopai
fi
"#;

const FISH: &str = r#"function _hoopai
    set --local words (commandline --tokenize --cut-at-cursor --current-process)[2..]
    set --local last (commandline --current-token --cut-at-cursor)
    set --local candidates (hoopai complete -- $words "$last" 2>/dev/null)
    if test (count $candidates) -gt 0
        printf '%s\n' $candidates
    else
        __fish_complete_path "$last"
    end
end
complete --command hoopai --no-files --arguments '(_hoopai)'
"#;

/// The options that operations have beside those of all commands.
const OF_OPERATIONS: [&str; 9] = [
    "--all",
    "--body",
    "--extra-field",
    "--extra-query",
    "--field",
    "--file",
    "--from",
    "--param",
    "--unchecked",
];

/// Completions of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// The words before the cursor, for the scripts of `completions`
#[derive(Args, Debug)]
pub(crate) struct Complete {
    /// The words after the name of the program. The last one is completed
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

pub(crate) fn run(completions: &Completions, mut command: Command) -> Result {
    let script = match completions.shell {
        Shell::Bash => BASH.into(),
        Shell::Zsh => ZSH.into(),
        Shell::Fish => FISH.into(),
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut command, "hoopai", &mut script);
            script
        }
    };
    write(&script)
}

/// Prints the candidates for the last word.
pub(crate) fn complete(complete: &Complete, root: &Command) -> Result {
    let line = Line::of(&complete.words);
    let mut candidates = candidates(root, &line.before, line.last.starts_with('-'));
    candidates.retain(|candidate| candidate.starts_with(&line.last));
    candidates.sort();
    candidates.dedup();
    let lines = candidates.iter();
    let lines: String = lines
        .map(|candidate| format!("{}{candidate}\n", line.attached))
        .collect();
    write(lines.as_bytes())
}

/// The words before the cursor.
struct Line {
    before: Vec<String>,
    /// The beginning of the word that is completed.
    last: String,
    /// The flag and the equals sign that the word begins with, as in `--output=`.
    attached: String,
}

impl Line {
    /// Separates flags from their values. In bash, an equals sign is a word of its own.
    fn of(words: &[String]) -> Self {
        let (last, before) = match words.split_last() {
            Some((last, before)) => (last.as_str(), before),
            None => ("", &[][..]),
        };
        let mut before: Vec<String> = before.iter().filter(|word| *word != "=").cloned().collect();
        let (last, attached) = match last.split_once('=') {
            Some(("", "")) => ("", String::new()),
            Some((flag, value)) if flag.starts_with("--") => {
                before.push(flag.to_owned());
                (value, format!("{flag}="))
            }
            _ => (last, String::new()),
        };
        Line {
            before,
            last: last.to_owned(),
            attached,
        }
    }
}

/// The words that can follow, or the flags that can.
fn candidates(root: &Command, before: &[String], flag: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut before = before.iter().peekable();
    while let Some(word) = before.next() {
        if !word.starts_with('-') {
            words.push(word.as_str());
        } else if let Some(values) = values_of(root, &words, word) {
            match before.peek() {
                None if flag => {}
                None => return values,
                Some(next) if next.starts_with("--") => {}
                Some(_) => {
                    before.next();
                }
            }
        }
    }
    let own: Vec<&Command> = own_command(root, &words);
    match (own.as_slice(), words.as_slice()) {
        ([_, .., command], _) if flag => options(command),
        ([_, command], ["explain"]) if command.get_name() == "explain" => {
            let modules = hoopai_catalogue::modules().iter();
            modules
                .flat_map(|module| module.operations())
                .map(Operation::key)
                .collect()
        }
        ([_, .., command], _) => {
            let of_arguments = command.get_positionals().flat_map(values);
            names(command).chain(of_arguments).collect()
        }
        (_, []) if flag => options(root),
        (_, []) => {
            let modules = hoopai_catalogue::modules().iter();
            let modules = modules.map(|module| module.name().to_owned());
            names(root).chain(modules).collect()
        }
        (_, [module]) => hoopai_catalogue::module(module).map_or_else(Vec::new, |module| {
            let entries = module.entries().iter();
            entries
                .map(|entry| hyphened(entry.short_name.unwrap_or(entry.name)))
                .collect()
        }),
        (_, words) => match operation_of(words) {
            Some(operation) if flag => [flags(operation), options(root)].concat(),
            _ => Vec::new(),
        },
    }
}

/// The operation of the words.
fn operation_of(words: &[&str]) -> Option<&'static Operation> {
    match words {
        [module, name, ..] => hoopai_catalogue::module(module)?.operation(name),
        _ => None,
    }
}

/// The commands that the words lead to, from the program itself.
fn own_command<'a>(root: &'a Command, words: &[&str]) -> Vec<&'a Command> {
    let mut commands = vec![root];
    for word in words {
        match commands
            .last()
            .and_then(|command| command.find_subcommand(word))
        {
            Some(command) => commands.push(command),
            None => break,
        }
    }
    commands
}

fn names(command: &Command) -> impl Iterator<Item = String> {
    let commands = command.get_subcommands();
    let shown = commands.filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned())
}

/// The values that can follow a flag. `None`: it has no value. Empty: any value can follow.
fn values_of(root: &Command, words: &[&str], flag: &str) -> Option<Vec<String>> {
    let is_flag = |option: &&Arg| {
        let long = option.get_long().map(|name| format!("--{name}"));
        let short = option.get_short().map(|name| format!("-{name}"));
        long.as_deref() == Some(flag) || short.as_deref() == Some(flag)
    };
    let commands = own_command(root, words);
    let mut options = commands.iter().flat_map(|command| command.get_arguments());
    if let Some(option) = options.find(is_flag) {
        return option.get_action().takes_values().then(|| values(option));
    }
    operation::values_of_flag(operation_of(words)?, flag.strip_prefix("--")?)
}

fn values(option: &Arg) -> Vec<String> {
    let values = option.get_possible_values();
    values
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect()
}

fn options(command: &Command) -> Vec<String> {
    let names = command.get_arguments().filter_map(Arg::get_long);
    let names = names.chain(["help"]);
    names.map(|name| format!("--{name}")).collect()
}

/// The flags of an operation: its options, parameters, and the fields of its body.
fn flags(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().map(|parameter| parameter.name);
    let body = operation.body.as_ref();
    let fields = body.into_iter().flat_map(|body| body.schema.fields());
    let parts = body.into_iter().flat_map(|body| body.parts.iter());
    let names = parameters
        .chain(fields.map(|field| field.name))
        .chain(parts.map(|part| part.name));
    let flags = names.map(|name| format!("--{}", hyphened(name)));
    flags.chain(OF_OPERATIONS.map(str::to_owned)).collect()
}

/// Writes to the standard output.
pub(super) fn write(bytes: &[u8]) -> Result {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}
