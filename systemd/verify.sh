#!/usr/bin/env bash
# Checks newsdesk.service without installing it: that systemd understands every line, and that the sandbox scores below 2.0
# (0 is the tightest, 10 is none). Needs systemd-analyze; neither a running systemd nor an installed newsdesk.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The program need not be installed on this machine, and systemd-analyze insists that it is: in the copy that is checked
# another one stands in its place, and nothing else differs.
sed 's|^ExecStart=/usr/bin/newsdesk |ExecStart=/bin/true |' "$here/newsdesk.service" > "$work/newsdesk.service"
if cmp -s "$here/newsdesk.service" "$work/newsdesk.service"; then
    echo "newsdesk.service: ExecStart does not start with /usr/bin/newsdesk" >&2
    exit 1
fi

# `verify` ends well on some lines it only ignores, a misspelt key among them: any remark on our unit is a failure.
remarks=$(systemd-analyze verify --man=no "$work/newsdesk.service" 2>&1) && verified=yes || verified=no
ours=$(grep -F newsdesk.service <<< "$remarks" || true)
if [ "$verified" = no ] || [ -n "$ours" ]; then
    echo "systemd-analyze verify:" >&2
    echo "$remarks" >&2
    exit 1
fi

# The threshold is ten times the score, and the score must stay below it.
if ! scored=$(systemd-analyze security --offline=true --threshold=19 --no-pager "$here/newsdesk.service" 2>&1); then
    echo "$scored" >&2
    exit 1
fi
grep 'Overall exposure level' <<< "$scored"
