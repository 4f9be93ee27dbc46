#!/usr/bin/env bash
# Refuse files over 200 kB: data sets, binaries and generated output do not belong in git.
set -eu
status=0
for file in "$@"; do
    [ -f "$file" ] || continue
    bytes=$(wc -c <"$file")
    if [ "$bytes" -gt 200000 ]; then
        echo "error: $file has $bytes bytes, more than 200000; keep it out of git" >&2
        status=1
    fi
done
exit $status
