#!/usr/bin/env bash
# Hostile tars, streams and layouts: each must end in an exit status of the design, in time, with one line about what is
# wrong, and with the output as it was. tests/corpus/odd makes them.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$(realpath "${LAMINA:-build/lamina}")
prop=$PWD/tests/prop
generators=$PWD/tests/corpus/odd
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache TMPDIR=$scratch PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$prop
cd "$scratch" || exit 1
passed=0 failed=0

fail() {
    printf 'hostile: %s: %s\n' "$1" "$2"
    failed=$((failed + 1))
}

state() { (cd output && find . -type f -exec sha256sum {} + | sort); }

# Prints what is wrong with how a command ended; STATUS is its exit status.
ended() { # NAME COMMAND...
    local name=$1 lines
    shift
    timeout --kill-after=1 10 "$program" "$@" --progress=none >stdout 2>stderr </dev/null
    STATUS=$?
    lines=$(wc -l <stderr)
    case $STATUS in
    0 | 1) ;;
    3 | 4 | 5) [ "$lines" -eq 1 ] && grep -q '^lamina: ' stderr || {
        fail "$name" "$1: exit $STATUS with $lines lines: $(head -c 300 stderr)"
        return 1
    } ;;
    *)
        fail "$name" "$1: exit $STATUS: $(head -c 1000 stderr)"
        return 1
        ;;
    esac
    if grep -qE 'Sanitizer|runtime error:' stderr; then
        fail "$name" "$1: $(head -c 2000 stderr)"
        return 1
    fi
    if LC_ALL=C grep -qP '[^\n\x20-\x7e\x80-\xff]' stderr; then
        fail "$name" "$1: control bytes on standard error"
        return 1
    fi
}

# expected: "reads", "refused", or nothing where either will do.
attempt() { # NAME IMAGE EXPECTED
    local name=$1 image=$2 expected=$3 before
    ended "$name" inspect --json "$image" || return
    case $expected:$STATUS in
    reads:[!0]*) fail "$name" "refused: $(head -c 300 stderr)" && return ;;
    refused:0) fail "$name" "read, and should not have been" && return ;;
    esac
    ended "$name" ls -R "$image" || return
    ended "$name" check "$image" || return
    before=$(state)
    ended "$name" apply flat.json "$image" oci:output:new || return
    if [ "$STATUS" -ne 0 ] && [ "$before" != "$(state)" ]; then
        fail "$name" "apply failed, and the output is another"
        return
    fi
    if [ "$STATUS" -eq 0 ]; then
        ended "$name" check oci:output:new || return
        [ "$STATUS" -eq 0 ] || { fail "$name" "what apply wrote does not pass check" && return; }
        rm -rf output && cp -r clean output
    fi
    passed=$((passed + 1))
}

python3 "$generators/tars.py" cases >/dev/null || exit 1
python3 "$generators/streams.py" comp cases/end_none.tar || exit 1
python3 "$generators/layouts.py" out cases/end_none.tar || exit 1
echo '{"lamina":1,"layers":[{"name":"all","from":"rest"}]}' >flat.json
python3 "$prop/sample.py" clean && cp -r clean output

# A layout for each tar and each stream, its digests right whatever is in it.
python3 - <<'END' || exit 1
import os, oci
whole = open("cases/end_none.tar", "rb").read() + b"\0" * 1024
plain = oci.compress
for name in os.listdir("cases"):
    with open("cases/" + name, "rb") as f:
        oci.write_layout("images/tar/" + name, [(f.read(), "gzip", 1)])
for name in os.listdir("comp"):
    with open("comp/" + name, "rb") as f:
        blob = f.read()
    oci.compress = lambda tar, how, pieces: blob
    how = "zstd" if name.startswith("zst") else "none" if name == "plain_tar" else "gzip"
    oci.write_layout("images/stream/" + name, [(whole, how, 1)])
oci.compress = plain
END

sound=' gz_ok gz_multi gz_multi_empty gz_fname gz_fextra zst_ok zst_multi zst_skippable zst_nosum zst_long27 plain_tar '
for image in images/tar/*; do
    attempt "${image##*/}" "oci:$image:t" ""
done
for image in images/stream/*; do
    case $sound in
    *" ${image##*/} "*) attempt "${image##*/}" "oci:$image:t" reads ;;
    *) attempt "${image##*/}" "oci:$image:t" refused ;;
    esac
done
for image in out/*; do
    case ${image##*/} in
    ok | cfg_nul | hist_short | hist_all_empty | hist_null | layer_mt_* | cfg_bigint | idx_dup_tag | data_mismatch) expected= ;;
    *) expected=refused ;;
    esac
    [ "${image##*/}" = ok ] && expected=reads
    attempt "${image##*/}" "oci:$image:latest" "$expected"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
