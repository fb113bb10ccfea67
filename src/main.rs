//! The newsdesk program. See the library for the tour.

use std::process::ExitCode;

fn main() -> ExitCode {
    newsdesk::cli::main_with(std::env::args_os())
}
