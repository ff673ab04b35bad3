//! Output, progress, prompts and interruption on a terminal, which tmux emulates.

use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use hoopai_test_support::{Reply, Server};
use serde_json::{Value, json};

use crate::program::Program;

/// A session of tmux that runs one command of the program.
struct Terminal {
    socket: String,
}

impl Terminal {
    /// Runs `hoopai` with these arguments, which are written for a shell, in a terminal of this
    /// width. `None`: there is no tmux.
    fn run(program: &Program, width: usize, shell_prefix: &str, arguments: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("SKIPPED: there is no tmux (Debian: apt-get install tmux)");
            return None;
        }
        let command = program.command(&[]);
        let mut script = "trap : INT\nunset NO_COLOR\n".to_owned();
        for (name, value) in command.get_envs() {
            let name = name.to_string_lossy();
            script.push_str(&match value {
                Some(value) => format!("export {name}='{}'\n", value.to_string_lossy()),
                None => format!("unset {name}\n"),
            });
        }
        let binary = env!("CARGO_BIN_EXE_hoopai");
        script.push_str(&format!(
            "{shell_prefix} '{binary}' {arguments}\necho \"exit code $?\"\nexec cat\n"
        ));
        let path = program.directory().join("run.sh");
        std::fs::write(&path, script).unwrap();
        let terminal = Terminal {
            socket: program
                .directory()
                .join("tmux.sock")
                .to_string_lossy()
                .into_owned(),
        };
        let width = width.to_string();
        let path = path.to_string_lossy();
        let started = terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            "50",
            "sh",
            &path,
        ]);
        assert!(started.status.success(), "{started:?}");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        Command::new("tmux")
            .args(["-S", &self.socket])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// The screen with escape sequences, once it contains this text.
    fn shows(&self, text: &str) -> String {
        let mut screen = String::new();
        for _ in 0..3_000 {
            let captured = self.tmux(&["capture-pane", "-p", "-e"]).stdout;
            screen = String::from_utf8(captured).unwrap();
            if screen.contains(text) {
                return screen;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("`{text}` is not shown:\n{screen}");
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn without_styles(screen: &str) -> String {
    let mut plain = String::new();
    let mut parts = screen.split("\u{1b}[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    plain
}

#[test]
fn table_is_within_the_terminal_and_has_a_bold_header() {
    for width in [40, 77, 140] {
        let program = Program::new();
        let arguments = "--mock contacts list --limit 5";
        let Some(terminal) = Terminal::run(&program, width, "", arguments) else {
            return;
        };
        let screen = terminal.shows("exit code 0");
        assert!(screen.starts_with("\u{1b}[1mid "), "{screen:?}");
        let plain = without_styles(&screen);
        let rows: Vec<&str> = plain.lines().take(6).collect();
        // A row that is wider is wrapped, so that its rest begins a line.
        let ids = rows.iter().skip(1).map(|row| row.split(' ').next());
        for id in ids {
            assert!(id.is_some_and(|id| id.len() >= 20), "{width}: {plain}");
        }
        assert!(plain.contains("more columns do not fit"), "{plain}");
    }
}

#[test]
fn colours_are_off_with_no_color_and_on_dumb_terminals() {
    for prefix in ["NO_COLOR=1", "TERM=dumb"] {
        for arguments in [
            "--mock contacts list --limit 5 --fields id",
            "contacts get",
            "login --nonsense",
            "--help | head -n 20",
        ] {
            let program = Program::new();
            let Some(terminal) = Terminal::run(&program, 80, prefix, arguments) else {
                return;
            };
            let screen = terminal.shows("exit code");
            assert!(!screen.contains('\u{1b}'), "{prefix}: {screen:?}");
        }
    }
    let program = Program::new();
    let Some(terminal) = Terminal::run(&program, 80, "", "contacts get") else {
        return;
    };
    let screen = terminal.shows("exit code 2");
    assert!(screen.contains("\u{1b}[1m\u{1b}[31merror:"), "{screen:?}");
}

#[test]
fn list_shows_its_progress_until_ctrl_c() {
    let contacts: Vec<Value> = (0..100).map(|id| json!({ "id": id.to_string() })).collect();
    let page = json!({
        "contacts": contacts,
        "meta": { "total": 1234, "startAfter": 1, "startAfterId": "x" },
    });
    let server = Server::on_thread(move |request| match request.index {
        0 => Reply::json(200, page.to_string()),
        _ => Reply::silence().hang(),
    });
    let program = Program::at(&server.url);
    let arguments = "contacts list --all -o ndjson > \"$HOOPAI_CONFIG_DIR.ndjson\"";
    let Some(terminal) = Terminal::run(&program, 100, "", arguments) else {
        return;
    };
    terminal.shows("100 of 1234 items");
    terminal.keys(&["C-c"]);
    let screen = without_styles(&terminal.shows("exit code 130"));
    assert!(screen.contains("--from '{"), "{screen}");
    assert!(!screen.contains("of 1234"), "{screen}");
    let written = std::fs::read_to_string(program.directory().join("hoopai.ndjson")).unwrap();
    assert_eq!(written.lines().count(), 100);
}

#[test]
fn prompt_accepts_yes_only() {
    for (answer, code, requests) in [("n", 5, 0), ("", 5, 0), ("y", 0, 1)] {
        let server = crate::program::serving("{}");
        let program = Program::at(&server.url);
        let arguments = "contacts delete --contact-id c1";
        let Some(terminal) = Terminal::run(&program, 80, "", arguments) else {
            return;
        };
        terminal.shows("Continue? [y/N]");
        terminal.keys(&[answer, "Enter"]);
        terminal.shows(&format!("exit code {code}"));
        assert_eq!(server.count(), requests, "{answer}");
    }
}

#[test]
fn token_at_the_prompt_is_not_shown() {
    let token = "pit-typed-0123456789";
    let program = Program::new();
    let Some(terminal) = Terminal::run(&program, 80, "", "login") else {
        return;
    };
    terminal.shows("private token:");
    terminal.keys(&[token, "Enter"]);
    let screen = terminal.shows("exit code 0");
    assert!(screen.contains("stored the profile"), "{screen}");
    assert!(!screen.contains(token), "{screen}");
    // The terminal shows typed characters again, beside what `cat` writes.
    terminal.keys(&["typed-later", "Enter"]);
    terminal.shows("typed-later\ntyped-later");
}
