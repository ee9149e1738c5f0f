#!/usr/bin/env bash
# Runs fuzz targets, two at a time: run.sh smoke|SECONDS TARGET...        BUILD= where they are (default build)
#
# "smoke" is 20 seconds each, from the kept corpus alone and with the same seed each time; longer runs go on from where
# the last one ended, in BUILD/fuzz/corpus. What ends a target badly is left in BUILD/fuzz/found.
# FUZZ_TIMEOUT= seconds of one input (default 10), for a machine that has no time.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}/fuzz
time=$1 && shift
found=$build/found
mkdir -p "$found" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# Targets that write files write many: to memory, where that is a file system.
[ -w /dev/shm ] && mkdir -p /dev/shm/lamina-fuzz.$$ && export TMPDIR=/dev/shm/lamina-fuzz.$$ && trap 'rm -rf "$scratch" "$TMPDIR"' EXIT

# What is kept from one input to the next has to stay small, too; freed blocks are held back by ASan itself.
export ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=1:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1

# The longest input of a target, and MiB that it may take.
bounds() {
    case $1 in
        editor) echo 600 512 ;;
        image) echo 300 512 ;;
        codec) echo 20000 900 ;;
        cache) echo 120 512 ;;
        *) echo 12000 512 ;;
    esac
}

# One target; its log ends with the line that is shown.
fuzz() {
    local name=$1 length memory corpus seconds=$time options=()
    read -r length memory <<<"$(bounds "$name")"
    if [ "$time" = smoke ]; then
        seconds=20 corpus=$scratch/$name options=(-seed=1)
    else
        corpus=$build/corpus/$name
    fi
    mkdir -p "$corpus"
    "$build/fuzz_$name" -max_total_time="$seconds" -timeout="${FUZZ_TIMEOUT:-10}" -rss_limit_mb="$memory" -malloc_limit_mb="$memory" \
        -max_len="$length" -artifact_prefix="$found/$name-" -print_final_stats=1 ${options[@]+"${options[@]}"} \
        "$corpus" "tests/fuzz/corpus/$name" >"$scratch/$name.log" 2>&1 </dev/null
    echo $? >"$scratch/$name.status"
}

running=0
for name in "$@"; do
    if [ "$running" -ge 2 ]; then
        wait -n
        running=$((running - 1))
    fi
    fuzz "$name" &
    running=$((running + 1))
done
wait

passed=0 failed=0
for name in "$@"; do
    log=$scratch/$name.log
    printf '%-10s %s executions, %s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: //p' "$log")" \
        "$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -n 1)"
    if [ "$(cat "$scratch/$name.status")" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 60 "$log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
