#!/usr/bin/env bash
# How much processor an answer costs newsdesk and nginx, which serves the same bytes from files: by turns, in one run, over
# loopback. Ends by itself and leaves nothing behind.
#
#     benches/serve.sh [ROUNDS]
#
# Needs bash, curl, nginx and wrk (https://github.com/wg/wrk). ROUNDS is 3 unless given; $SECONDS_EACH is 3. $NEWSDESK_SERVE_BENCH
# is the built bench where it is not to be built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rounds=${1:-3}
seconds=${SECONDS_EACH:-3}
port=${NEWSDESK_BENCH_PORT:-18100}
ours=127.0.0.1:$port
theirs=127.0.0.1:$((port + 1))
work=$(mktemp -d "${TMPDIR:-/tmp}/newsdesk-serve-XXXXXX")
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
    printf 'serve.sh: %s\n' "$*" >&2
    exit 1
}

for needed in curl nginx wrk; do
    command -v "$needed" > /dev/null || fail "$needed is not installed"
done

# Waits up to ten seconds for a command to succeed.
await() {
    local deadline=$((SECONDS + 10))
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# Nanoseconds that all threads of a process have had on a processor.
processor_time() { cat "/proc/$1/task/"*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'; }

field() { curl --silent --output /dev/null --dump-header - "${@:2}" | tr -d '\r' | awk -v name="$1:" 'tolower($1) == name { print $2 }'; }

bench=${NEWSDESK_SERVE_BENCH:-}
if [ -z "$bench" ]; then
    bench=$(cargo bench --quiet --bench serve --no-run --message-format json |
        sed -n 's/.*"executable":"\([^"]*serve-[^"]*\)".*/\1/p' | tail -n 1)
fi
cp "$bench" "$work/serve"
mkfifo "$work/input"
"$work/serve" "$ours" < "$work/input" &
newsdesk=$!
running+=("$newsdesk")
exec 9> "$work/input"
await curl --silent --fail "http://$ours/all.atom" || fail "nothing is served at $ours"

# The same bytes, and the same gzip, as files. A limit that comes near to 43 kB.
mkdir "$work/www"
fetch() { curl --silent --fail --output "$work/www/$1" "${@:3}" "http://$ours$2" || fail "no $2"; }
large='/all.atom?limit=80'
small='/all.atom?limit=16'
for _ in 1 2 3 4 5; do
    fetch large.atom "$large"
    fetch small.atom "$small"
    fetch large.atom.gz "$large" --header 'Accept-Encoding: gzip'
    # An edition that somebody has just had made is packed in the background.
    cmp --silent "$work/www/large.atom" "$work/www/large.atom.gz" || break
    sleep 0.2
done
chmod -R a+rX "$work"
cat > "$work/nginx.conf" << EOF
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 1024; }
http {
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600;
    open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
    types { application/atom+xml atom; } gzip_static on; gzip_vary on;
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
    server { listen $theirs; root $work/www; }
}
EOF
nginx -c "$work/nginx.conf" -p "$work" 2> /dev/null &
running+=("$!")
await curl --silent --fail "http://$theirs/large.atom" || fail "nginx does not serve at $theirs: $(cat "$work/nginx.log")"
nginx=$(pgrep --parent "${running[1]}")

# Microseconds of processor for each answer of a process to requests as wrk makes them.
load() {
    local process=$1 before after requests
    shift
    before=$(processor_time "$process")
    wrk --threads 1 --connections 64 --duration "${seconds}s" "$@" > "$work/wrk"
    after=$(processor_time "$process")
    ! grep -q 'Non-2xx' "$work/wrk" || fail "$(cat "$work/wrk")"
    requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
    awk -v spent=$((after - before)) -v requests="$requests" 'BEGIN { printf "%.2f\n", spent / 1000 / requests }'
}

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# A row: name, our target, theirs, then what wrk is to say.
compare() {
    local name=$1 our_target=$2 their_target=$3 etag
    shift 3
    local us=("$@") them=("$@")
    if [ "$name" = 304 ]; then
        etag=$(field etag "$@" "http://$ours$our_target")
        us+=(--header "If-None-Match: $etag")
        etag=$(field etag "$@" "http://$theirs$their_target")
        them+=(--header "If-None-Match: $etag")
    fi
    : > "$work/us" && : > "$work/them" && : > "$work/ratios"
    for _ in $(seq "$rounds"); do
        load "$nginx" "${them[@]}" "http://$theirs$their_target" >> "$work/them"
        load "$newsdesk" "${us[@]}" "http://$ours$our_target" >> "$work/us"
    done
    paste "$work/us" "$work/them" | awk '{ printf "%.3f\n", $1 / $2 }' > "$work/ratios"
    printf '| %s | %s µs | %s µs | %.2f | %.2f to %.2f |\n' "$name" "$(median < "$work/us")" "$(median < "$work/them")" \
        "$(median < "$work/ratios")" "$(sort -n "$work/ratios" | head -n 1)" "$(sort -n "$work/ratios" | tail -n 1)"
}

size() { awk -v bytes="$(wc -c < "$work/www/$1")" 'BEGIN { printf "%.0f kB", bytes / 1000 }'; }

printf 'load average %s; %s rounds of %s s each, 64 connections\n\n' "$(cut -d' ' -f1-3 /proc/loadavg)" "$rounds" "$seconds"
printf '| an answer of | newsdesk | nginx | ratio | over the rounds |\n|---|---|---|---|---|\n'
compare "$(size large.atom)" "$large" /large.atom
compare "$(size small.atom)" "$small" /small.atom
compare "$(size large.atom), gzip: $(size large.atom.gz)" "$large" /large.atom --header 'Accept-Encoding: gzip'
compare 304 "$large" /large.atom
printf '\nload average at the end %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
