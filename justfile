# just: https://just.systems. Every recipe is one command that can as well be typed.

# what there is
default:
    @just --list

# poll the configured sources and serve on http://127.0.0.1:8080
run:
    cargo run --release

# publishers on loopback and the daemon beside them: no network needed
newsroom *arguments:
    cargo run --release --example newsroom -- {{arguments}}

# everything that `cargo test` runs on any machine
test:
    cargo test

# what a change must pass
check:
    .ci/run

# the crates that are new, yanked or warned about since the last look
advisories:
    cargo deny check advisories

# the unit file: understood by systemd, and tight
unit:
    systemd/verify.sh
