#!/usr/bin/env bash
# The whole of newsdesk, measured over loopback: a first round of polls, a second in which nothing has changed, the daemon's
# first edition, and how fast it is served. Ends by itself and leaves nothing behind.
#
#     benches/round.sh [FOLDER]
#
# FOLDER holds feed files; without it $NEWSDESK_CORPUS, and without that the newsroom example's invented feeds. Needs bash
# and curl; wrk (https://github.com/wg/wrk) for requests per second. Publishers have an address in 127.20.0.0/16 each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

feeds=${1:-${NEWSDESK_CORPUS:-}}
port=${NEWSDESK_BENCH_PORT:-18000}
listen=127.0.0.1:$((port + 1))
work=$(mktemp -d "${TMPDIR:-/tmp}/newsdesk-round-XXXXXX")
running=()

finish() {
    local status=$?
    for process in "${running[@]}"; do
        kill "$process" 2> /dev/null || true
        wait "$process" 2> /dev/null || true
    done
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    printf 'round.sh: %s\n' "$*" >&2
    exit 1
}

# Seconds, with milliseconds, since some fixed moment.
now() { printf '%s' "$EPOCHREALTIME"; }

since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f s", to - from }'; }

# Waits up to a number of seconds for a command to succeed.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

row() { printf '%-34s %s\n' "$@"; }

# One line of /proc/PID/status, in MB.
memory() { awk -v field="$2:" '$1 == field { printf "%.0f MB", $2 / 1024 }' "/proc/$1/status"; }

# The time a process and its threads have had on a processor.
processor_time() {
    awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f s", ($12 + $13) / ticks }' "/proc/$1/stat"
}

# The processor time of ended children between two reports of the shell's `times`.
spent() {
    awk 'NR % 2 == 0 { gsub(/[ms]/, " "); now = $1 * 60 + $2 + $3 * 60 + $4; used = now - before; before = now }
         END { printf "%.2f s", used }' "$1"
}

# Writes the most memory a process has had, until it ends.
watch_memory() {
    local peak
    while peak=$(memory "$1" VmHWM 2> /dev/null) && [ -n "$peak" ]; do
        printf '%s\n' "$peak" > "$work/peak"
        sleep 0.02
    done
    # The processor time of this watch is counted when it ends: not before the caller has looked.
    sleep 0.5
}

# Polls every source once; tells time, memory, and what the publishers saw of it.
poll() {
    local log=$work/access.log before begun took status=0
    before=$(wc -l < "$log")
    : > "$work/peak"
    times > "$work/times"
    begun=$(now)
    "$work/newsdesk" poll --config "$work/newsdesk.toml" > "$work/summary" 2> "$work/errors" &
    local process=$!
    watch_memory "$process" &
    local watch=$!
    wait "$process" || status=$?
    took=$(since "$begun")
    times >> "$work/times"
    wait "$watch"
    # 1: a source failed. Real feeds have broken ones among them.
    [ "$status" -le 1 ] || fail "newsdesk poll ended with $status: $(cat "$work/errors")"
    row "$1" "$took, $(spent "$work/times") of processor, $(cat "$work/peak") at most"
    tail -n +$((before + 1)) "$log" | awk '{ count[$4 " " $5]++ } END { for (kind in count) printf "  %6d x %s\n", count[kind], kind }' | sort -k3
    head -n 1 "$work/summary"
}

# Requests for an edition by 32 readers for five seconds; what goes before the figures is the row's name.
load() {
    local name=$1 before after
    shift
    before=$(processor_time "$daemon")
    wrk --threads 1 --connections 32 --duration 5s "$@" "http://$listen/all.atom" > "$work/wrk"
    after=$(processor_time "$daemon")
    local rate requests
    rate=$(awk '/^Requests\/sec/ { print int($2) }' "$work/wrk")
    requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
    row "$name" "$rate requests/s, $(awk -v a="${before% s}" -v b="${after% s}" -v n="$requests" 'BEGIN { printf "%.0f µs of processor each", (b - a) * 1e6 / n }')"
}

cargo build --release --quiet --bin newsdesk --example newsroom
target=${CARGO_TARGET_DIR:-target}
# Another build may overwrite them while they run.
cp "$target/release/newsdesk" "$target/release/examples/newsroom" "$work/"

"$work/newsroom" ${feeds:+"$feeds"} --only-publishers --work "$work" --port "$port" --listen "$listen" > "$work/newsroom.out" 2>&1 &
running+=($!)
await 60 grep -q '^configuration' "$work/newsroom.out" || fail "the publishers did not start: $(cat "$work/newsroom.out")"
row "sources" "$(grep -c '^\[sources\.' "$work/newsdesk.toml")"
row "topics" "$(grep -c '^\[topics\.' "$work/newsdesk.toml")"

poll "first round of polls"
row "store on the disk" "$(du -sh "$work/store" | cut -f1)"
poll "second round of polls"

begun=$(now)
NEWSDESK_LOG=error "$work/newsdesk" run --config "$work/newsdesk.toml" > "$work/daemon.out" 2>&1 &
daemon=$!
running+=("$daemon")
await 60 curl --silent --fail --output "$work/edition" "http://$listen/all.atom" || fail "no edition: $(cat "$work/daemon.out")"
row "start of daemon to first edition" "$(since "$begun")"
row "an edition" "$(wc -c < "$work/edition") octets; gzip $(curl --silent --header 'Accept-Encoding: gzip' "http://$listen/all.atom" | wc -c), br $(curl --silent --header 'Accept-Encoding: br' "http://$listen/all.atom" | wc -c)"
if command -v wrk > /dev/null; then
    etag=$(curl --silent --output /dev/null --dump-header - "http://$listen/all.atom" | tr -d '\r' | awk 'tolower($1) == "etag:" { print $2 }')
    load "200, plain"
    load "200, gzip" --header 'Accept-Encoding: gzip'
    load "304" --header "If-None-Match: $etag"
else
    row "requests/s" "not measured: wrk is not installed"
fi
row "memory of the daemon" "$(memory "$daemon" VmRSS)"
