//! `hoopai-mock`: the server as a program.

use std::process::ExitCode;

use clap::Parser;
use hoopai_mock::Mock;

/// The HoopAI platform in a box.
#[derive(Parser)]
struct Arguments {
    /// The port on the loopback address; 0 for any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mock = match Mock::builder().port(arguments.port).start().await {
        Ok(mock) => mock,
        Err(error) => {
            eprintln!(
                "error: port {} cannot be had: {error}; choose another with --port",
                arguments.port
            );
            return ExitCode::FAILURE;
        }
    };
    println!("listening on {}", mock.url());
    let _ = tokio::signal::ctrl_c().await;
    ExitCode::SUCCESS
}
