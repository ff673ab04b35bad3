//! Output of the program.

use std::io::{self, ErrorKind, Write};

/// Describes an error of the start: of a port, a seed, or the folder of the state.
pub(super) fn start_error(port: u16, error: &io::Error) -> String {
    if error.raw_os_error().is_none() {
        return error.to_string();
    }
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is in use; stop the program that uses it, choose another port with --port, \
             or use --port 0 for any free port"
        ),
        ErrorKind::PermissionDenied => {
            format!("no permission to bind port {port}; choose a port above 1023 with --port")
        }
        ErrorKind::AddrNotAvailable => {
            "this machine does not have the address; choose another address with --bind".to_owned()
        }
        _ => format!("cannot bind port {port}: {error}; choose another port with --port"),
    }
}

/// Prints a line. A closed standard output does not stop the server.
pub(super) fn print(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
