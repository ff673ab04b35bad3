//! Completions in the shells themselves.

use std::path::Path;
use std::process::Command;

use crate::program::Program;

/// The lines before the cursor, and one of the candidates.
const CASES: [(&[&str], &str); 7] = [
    (&["hoopai", "conta"], "contacts"),
    // The tests run beside a folder `tests`, which is no candidate.
    (&["hoopai", "contacts", "create", "--dnd", "t"], "true"),
    (&["hoopai", "contacts", "ups"], "upsert"),
    (
        &["hoopai", "--mock", "contacts", "get", "--con"],
        "--contact-id",
    ),
    (&["hoopai", "contacts", "list", "-o", "nd"], "ndjson"),
    (
        &["hoopai", "opportunities", "create", "--status", "lo"],
        "lost",
    ),
    (
        &["hoopai", "explain", "contacts.ups"],
        "contacts.upsert_contact",
    ),
];

/// Runs a script in a shell that finds the program, and returns its lines. `None`: there is no such
/// shell.
fn lines(program: &Program, shell: &str, arguments: &[&str], script: &str) -> Option<Vec<String>> {
    if Command::new(shell).arg("--version").output().is_err() {
        println!("SKIPPED: there is no {shell} (Debian: apt-get install {shell})");
        return None;
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_hoopai")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let completions = program.run(&["completions", shell]).expect(0).out;
    let file = program.directory().join("completions");
    std::fs::write(&file, completions).unwrap();
    let ended = Command::new(shell)
        .args(arguments)
        .args(["-c", script])
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HOME", program.directory())
        .env("COMPLETIONS", file)
        .output()
        .unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.success() && err.is_empty(), "{shell}: {err}");
    let out = String::from_utf8(ended.stdout).unwrap();
    Some(out.lines().map(str::to_owned).collect())
}

/// Checks all cases with the script that a function makes of the words.
fn check(shell: &str, arguments: &[&str], script: impl Fn(&[&str]) -> String) {
    let program = Program::new();
    for (words, expected) in CASES {
        let Some(found) = lines(&program, shell, arguments, &script(words)) else {
            return;
        };
        assert!(
            found.iter().any(|line| line == expected),
            "{shell}, {words:?}: {found:?}"
        );
        let begins = words[words.len() - 1];
        assert!(
            found
                .iter()
                .all(|line| line.starts_with(begins) && !line.ends_with('/')),
            "{shell}, {words:?}: {found:?}"
        );
    }
}

#[test]
fn bash_completes() {
    check("bash", &["--norc"], |words| {
        format!(
            "source \"$COMPLETIONS\"; complete -p hoopai > /dev/null; COMP_WORDS=({}); \
             COMP_CWORD={}; _hoopai; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1
        )
    });
}

/// The completion system of zsh runs on terminals only, so its part is replaced.
#[test]
fn zsh_completes() {
    check("zsh", &["-f"], |words| {
        format!(
            "compdef() {{ [[ \"$*\" = '_hoopai hoopai' ]] }}; \
             compadd() {{ print -l -- \"${{@[2,-1]}}\" }}; \
             source \"$COMPLETIONS\"; words=({}); CURRENT={}; _hoopai",
            words.join(" "),
            words.len()
        )
    });
}

#[test]
fn fish_completes() {
    check("fish", &["--no-config"], |words| {
        format!(
            "source $COMPLETIONS; complete --do-complete '{}'",
            words.join(" ")
        )
    });
}
