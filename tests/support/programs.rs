use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// The program of an example. `cargo test` has built it already; where only one test was asked for it may be missing or older
/// than the code, and is built now.
pub fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let test = std::env::current_exe().expect("a test's path");
    // target/debug/deps/test-0123, target/debug/examples/name
    let profile = test.parent().and_then(Path::parent).expect("a profile's folder");
    let program = profile.join("examples").join(name);
    let built = fs::metadata(&program).and_then(|found| found.modified()).ok();
    if built.is_none_or(|built| built < newest_in(&root.join("src")).max(newest_in(&root.join("examples")))) {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", name]).current_dir(root);
        build.arg("--target-dir").arg(profile.parent().expect("a target folder"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo").success(), "the example {name} does not build");
    }
    program
}

/// When a file under this folder was last changed.
fn newest_in(folder: &Path) -> SystemTime {
    let children = fs::read_dir(folder).expect("read").map(|child| child.expect("read").path());
    let times = children.map(|path| {
        if path.is_dir() {
            newest_in(&path)
        } else {
            fs::metadata(&path).and_then(|file| file.modified()).expect("a time")
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status();
    assert!(sent.expect("a shell").success());
}

/// Waits until the program has ended; kills it if it will not.
pub fn wait_for_end(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("waited") {
            return status;
        }
        if begun.elapsed() > Duration::from_secs(20) {
            let _ = child.kill();
            panic!("the program does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}
