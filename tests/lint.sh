#!/usr/bin/env bash
# What reviewers should not have to look for. "quick": format, floors and words alone; "changed": clang-tidy on what the
# last commits changed (LINT_COMMITS of them), and the rest whole.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
mapfile -t c_files < <(find core tui tests -name '*.[ch]' | sort)
mapfile -t sources < <(find core tui -name '*.c' | sort)

fail() {
    echo "lint: $*" >&2
    bad=1
}

# Other versions lay out the same style otherwise.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    clang-format --dry-run --Werror "${c_files[@]}" || fail "format: run 'make format'"
elif [ "${CI:-}" = true ]; then
    fail "format: clang-format 14 is missing"
else
    echo "lint: format: skipped: no clang-format 14"
fi

tests/floors.py "${BUILD:-build}" || fail "floors: see above"

# Paths of somebody's machine and hosts of somebody's registry; the brackets keep this line out.
words='/[h]ome/|/[w]ork/|[g]hcr\.io|[q]uay\.io|[g]cr\.io|registry-1\.|index\.[d]ocker'
grep -rnE "$words" --include='*' --exclude-dir=.git --exclude=.git --exclude-dir=build --exclude=LICENSE . && fail "words: see above"
grep -rnE '\b(TO''DO|FIX''ME|X''XX)\b' core tui tests && fail "unfinished: see above"

# What comes from an image, a plan or the command line gets out through tui/cli/print.c, which escapes it.
grep -nE '\b(v?f?printf|puts|fputs|putchar|fputc|putc|fwrite|perror)\(' tui/cli/*.c | grep -v '^tui/cli/print.c:' && fail "printing: see above"

# All sources, or those alone that the last commits changed: clang-tidy takes seconds for each.
tidy() {
    printf '%s\0' "$@" | xargs -0 -r -P"$(nproc)" -n1 sh -c \
        'clang-tidy --quiet "$0" -- -std=c17 -D_GNU_SOURCE -Icore/include -Icore -Itui 2>/dev/null'
}
changed() {
    git diff --name-only "$(git rev-list -n "${LINT_COMMITS:-10}" HEAD | tail -n 1)~" -- 'core/*.c' 'tui/*.c' 2>/dev/null ||
        printf '%s\n' "${sources[@]}"
}

if [ "${1:-}" != quick ]; then
    if [ "${1:-}" = changed ]; then
        mapfile -t sources < <(changed | while read -r name; do [ -e "$name" ] && echo "$name"; done)
    fi
    tidy "${sources[@]}" || fail "clang-tidy: see above"
    # Leaks are gcc's, LeakSanitizer's and the fault tests' business: cppcheck does not know cleanup attributes. Nor does it
    # see across functions what an assignment of a whole struct sets.
    cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
        --suppress=memleak --suppress=resourceLeak --suppress=ctuuninitvar --suppress=missingIncludeSystem \
        -D__GNUC__ '-Djson_object_foreach(o,k,v)=while((k=f(o))&&(v=g(o)))' -Icore/include -Icore -Itui core tui || fail "cppcheck: see above"
fi
exit "$bad"
