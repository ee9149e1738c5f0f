#!/usr/bin/env bash
# What gcov saw, a line for each source file, the least covered first, and a sum.
#
#   tests/coverage.sh FOLDER        with the objects and counts of a build with --coverage
set -eu
cd "$(dirname "$0")/.."
find "$1/core" "$1/tui" -name '*.gcda' | sort | xargs gcov -n -b 2>/dev/null | awk '
    /^File / { file = $2; gsub(/\047/, "", file) }
    file !~ /^(core|tui)\/.*\.c$/ { next }
    /^Lines executed/ { split($2, n, /[:%]/); lines[file] = n[2]; sum += $4; hit += n[2] * $4 / 100 }
    /^Taken at least once/ { split($4, n, /[:%]/); branches[file] = n[2]; bsum += $6; bhit += n[2] * $6 / 100 }
    END {
        for (f in lines)
            printf "%6.2f %% lines %6.2f %% branches  %s\n", lines[f], branches[f], f | "sort -n"
        close("sort -n")
        if (sum)
            printf "%6.2f %% lines %6.2f %% branches  in all\n", 100 * hit / sum, bsum ? 100 * bhit / bsum : 100
    }'
