#!/usr/bin/env bash
# What lamina writes, in the hands of others: skopeo copies it, buildah pulls it, umoci unpacks it to the tree that the
# source unpacks to. Needs root.
#
#   peers.sh [IMAGE...]        oci:DIR:TAG or docker-archive:FILE; none: a small one that is made here
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${LAMINA:-$here/build/lamina}")
images=("$@")
read -ra more <<<"${REAL_IMAGES:-}"
images+=(${more[@]+"${more[@]}"})

for peer in umoci skopeo buildah; do
    command -v "$peer" >/dev/null && [ "$(id -u)" = 0 ] && continue
    if [ "${CI:-}" = true ]; then
        echo "peers: $peer is missing, or this is not root, which CI needs"
        echo "0 passed, 1 failed"
        exit 1
    fi
    echo "peers: skipped: no $peer, or not root"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
done

scratch=$(mktemp -d)
storage=(--storage-driver vfs --root "$scratch/storage" --runroot "$scratch/run")
cleanup() {
    buildah "${storage[@]}" rm --all >/dev/null 2>&1
    rm -rf "$scratch"
}
trap cleanup EXIT
export XDG_CACHE_HOME=$scratch/cache TMPDIR=$scratch PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here/tests/prop
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$scratch/policy.json"
passed=0 failed=0

check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        passed=$((passed + 1))
        return 0
    fi
    printf 'peers: %s: %s\n' "$name" "$what"
    tail -n 25 "$scratch/log" | sed 's/^/    /'
    failed=$((failed + 1))
    return 1
}

lamina() { "$program" "$@" --progress=none; }
apply() { lamina apply "$1" "$image" "$2"; }
unpack() { rm -rf "$2" && umoci raw unpack --image "$1" "$2"; }
same_trees() { python3 "$here/tests/prop/rootfs.py" "$@"; }
layers() {
    python3 -c 'import sys, oci; print(*(l["digest"] for l in oci.Image(sys.argv[1]).manifest["layers"]), sep="\n")' "$1"
}
lowest_kept() { diff <(layers in | head -n "$1") <(layers "$2" | head -n "$1"); }

# Each peer takes it, and unpacked it is the source's tree. Arguments behind: paths that only the source has.
taken() { # WHAT LAYOUT [DROPPED]
    local what=$1 out=$2 dropped=${3:-}
    check "$what: check" lamina check "oci:$out:t"
    check "$what: skopeo" skopeo --insecure-policy copy -q "oci:$out:t" "dir:$out.dir"
    rm -rf "$out.dir"
    check "$what: buildah" buildah "${storage[@]}" pull -q --signature-policy "$scratch/policy.json" "oci:$out:t"
    buildah "${storage[@]}" rmi --all --force >/dev/null 2>&1
    if check "$what: umoci" unpack "$out:t" root.out; then
        if [ -n "$dropped" ]; then
            check "$what: drop" test ! -e "root.out$dropped"
            check "$what: tree" dropped_only "$dropped"
        else
            check "$what: tree" same_trees root.in root.out
        fi
    fi
    rm -rf root.out
}

dropped_only() {
    python3 - "$1" <<'END'
import os, sys, rootfs
gone = os.fsencode(sys.argv[1])
def left(folder):
    tree = rootfs.read(folder)
    names = {p for p in tree if p != gone and not p.startswith(gone + b"/")}
    return {p: {**tree[p], "links": tree[p]["links"] & names} for p in names}
lines = rootfs.difference(left("root.in"), left("root.out"))
print("\n".join(lines))
sys.exit(bool(lines))
END
}

# plan.json for a purpose; `purpose` gets what that needs to know.
write_plan() { # squash | move | drop
    rm -f plan.json
    lamina ls --json -R "$image" >listing.json || return
    python3 - "$1" "$(layers in | wc -l)" "$image" "$program" <<'END'
import json, subprocess, sys
what, count = sys.argv[1], int(sys.argv[2])
entries = [e for e in json.load(open("listing.json"))["entries"] if e["path"] != "/"]
stack = [{"name": "layer-%d" % n, "from": [n]} for n in range(count)]
plan = {"lamina": 1, "layers": stack}
if what == "squash":
    last = max(count - 2, 1) if count > 2 else count - 1
    middle = [{"name": "middle", "from": ["1-%d" % last]}] if count > 2 else [{"name": "middle", "from": [count - 1]}]
    plan["layers"] = stack[:1 if count > 1 else 0] + middle + stack[last + 1:]
else:
    # the highest file that no lower layer has a version of: what is left out is left out of all layers
    files = sorted((e for e in entries if e["kind"] == "file" and e["links"] == 1), key=lambda e: -e["layer"])
    one = lambda e: subprocess.run([sys.argv[4], "log", sys.argv[3], e["path"]], stdout=subprocess.PIPE,
                                   check=True).stdout.count(b"\n") == 1
    top, path = next((e["layer"], e["path"]) for e in files if one(e))
    plan["assign"] = [{"path": path, "to": None if what == "drop" else "moved"}]
    if what == "move":
        stack.append({"name": "moved"})
    print(top, path, file=open("purpose", "w"))
json.dump(plan, open("plan.json", "w"))
END
}

one() {
    local top path
    lamina plan "$image" -o identity.json || { check "plan" false; return; }
    check "identity: apply" apply identity.json oci:in:t || return
    check "source: umoci" unpack in:t root.in || return
    path=/$(ls root.in | grep -x opt || ls root.in | tail -n 1)
    if check "flatten: plan" lamina plan "$image" --flatten --split "$path" -o plan.json &&
        check "flatten: apply" apply plan.json oci:flat:t; then
        taken flatten flat
        check "flatten: diff" lamina diff "$image" oci:flat:t
    fi
    check "squash: plan" write_plan squash
    if check "squash: apply" apply plan.json oci:squash:t; then
        taken squash squash
        check "squash: the lowest layer is kept" lowest_kept 1 squash
    fi
    check "move: plan" write_plan move && read -r top path <purpose
    if check "move: apply" apply plan.json oci:move:t; then
        taken move move
        check "move: layers below are kept" lowest_kept "$top" move
    fi
    check "drop: plan" write_plan drop && read -r top path <purpose
    if check "drop: apply" apply plan.json oci:drop:t; then
        taken drop drop "$path"
        check "drop: layers below are kept" lowest_kept "$top" drop
    fi
    if check "docker-archive: apply" apply identity.json docker-archive:out.tar:example.test/out:t; then
        check "docker-archive: skopeo" skopeo --insecure-policy copy -q docker-archive:out.tar oci:archive:t &&
            taken docker-archive archive
        check "docker-archive: in again" lamina apply identity.json docker-archive:out.tar oci:again:t &&
            check "docker-archive: diff" lamina diff "$image" oci:again:t
    fi
}

if [ "${#images[@]}" -eq 0 ]; then
    python3 "$here/tests/prop/sample.py" "$scratch/sample"
    images=("oci:$scratch/sample:latest")
fi
for image in "${images[@]}"; do
    name=${image##*/}
    case $image in
    oci:/* | docker-archive:/*) ;;
    *:*) image=${image%%:*}:$PWD/${image#*:} ;;
    esac
    mkdir "$scratch/work" && pushd "$scratch/work" >/dev/null || exit 1
    one
    popd >/dev/null && rm -rf "$scratch/work"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
