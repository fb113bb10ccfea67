#!/usr/bin/env bash
# Topics by example, measured on labelled news: for every label of a set and three fixed draws of examples, a configuration is
# written, `newsdesk tag` run over the set, and the label scored as a yes-or-no question. Prints mean precision, recall and F1.
#
#     benches/examples.sh [NEWSDESK]
#
# NEWSDESK is the program, target/release/newsdesk if not named. Needs $NEWSDESK_CORPUS and python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${NEWSDESK_CORPUS:-}" ]; then
    printf 'examples.sh: skipped: NEWSDESK_CORPUS does not name the directory of the labelled news\n' >&2
    exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/newsdesk-examples-XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 benches/examples.py "$(realpath "${1:-target/release/newsdesk}")" "$NEWSDESK_CORPUS/eval" "$work"
