#!/usr/bin/env bash
# gcc's static analyzer over core/ and tui/. What it tells must stand in analyze.txt, with the reason why it is not so.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
found=$build/analyze/found
bad=0

rm -rf "$build/analyze"
mkdir -p "$build/analyze"
LC_ALL=C make --no-print-directory -j "$(nproc)" BUILD="$build" analyze-objects >"$build/analyze/log" 2>&1 || {
    tail -n 20 "$build/analyze/log"
    exit 1
}
sed -nE 's/ \[(CWE|-W).*//; s/^([^ :]+):[0-9]+:[0-9]+: warning: /\1: /p' "$build/analyze/log" | sort -u >"$found"

while IFS= read -r report; do
    grep -qxF -- "$report" tests/analyze.txt && continue
    echo "analyze: $report"
    bad=1
done <"$found"
grep -v '^ ' tests/analyze.txt | while IFS= read -r known; do
    grep -qxF -- "$known" "$found" || echo "analyze: no longer told: $known"
done
exit "$bad"
