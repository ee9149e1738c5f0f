#!/usr/bin/env bash
# Runs tests, each argument a command, and sums up what they count; the output of those that fail is shown.
#
#   tests/run.sh COMMAND...        TEST_TIMEOUT: seconds for one command (default 1500)
#
# A command counts by cmocka's summary or by its last line "N passed, N failed[, N skipped]"; one without either is a
# test by itself. One that ends badly and counts no failure has one more.
set -u
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

# Prints "passed failed skipped", or nothing where the output has no summary.
count() {
    awk '
        /^\[ +PASSED +\] [0-9]+ test/ { p += $4; seen = 1 }
        /^\[ +FAILED +\] [0-9]+ test/ { f += $4; seen = 1 }
        /^\[ +SKIPPED +\] [0-9]+ test/ { s += $4; seen = 1 }
        /^[0-9]+ passed, [0-9]+ failed/ { last = $0 }
        END {
            if (last != "") {
                split(last, n, /[^0-9]+/)
                p += n[1]; f += n[2]; s += n[3] + 0; seen = 1
            }
            if (seen)
                print p + 0, f + 0, s + 0
        }' "$log"
}

for command in "$@"; do
    read -ra words <<<"$command"
    start=$SECONDS
    timeout --kill-after=10 "${TEST_TIMEOUT:-1500}" "${words[@]}" >"$log" 2>&1 </dev/null
    status=$?
    read -r p f s <<<"$(count)"
    if [ -z "$p" ]; then
        p=$((status == 0)) f=0 s=0
    fi
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-34s %5d passed %3d failed%s  %d s\n' "${words[0]#build/}" "$p" "$f" \
        "$([ "$s" -gt 0 ] && printf ' %3d skipped' "$s")" $((SECONDS - start))
    if [ "$f" -gt 0 ]; then
        printf -- '--- %s: exit %d\n' "$command" "$status"
        tail -n 200 "$log" | sed 's/^/    /'
    elif [ "$s" -gt 0 ]; then
        grep -i 'skipped' "$log" | grep -v '^[0-9]* passed' | sed 's/^/    /'
    fi
done
[ "$skipped" -gt 0 ] && printf '%d skipped\n' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
