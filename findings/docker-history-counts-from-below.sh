#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs, and the BuildKit in it). Needs root.
#
# One would expect: "docker history" shows what each step of a Dockerfile added, and the layers of a base that has no history (it is
# optional, and some builders leave it out) as steps that are not known.
#
# What happens: the entries that there are get the sizes of the lowest layers, counted from below. The COPY of 5 bytes is shown
# with the base's megabyte; the base's layers and the COPY's own are not there. BuildKit fills up entries, but behind its own:
# its COPY has the base's size too, and one "fileop target" has the COPY's.
#
# Seen (a base of 1000000 bytes without a history, COPY of a file of 5 bytes, ENV):
#     docker build: ENV 0B, COPY 1MB; BuildKit: fileop target 5B, ENV 0B, COPY 1MB
#
# Why it matters: who looks for what made an image large finds the wrong step, and tools that read the config's history by counting do as
# Docker does. Compare the number of entries without empty_layer with the number of layers first; where they differ, nobody knows.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
started=()
end() { for pid in "${started[@]}"; do kill "$pid"; wait "$pid"; done 2>/dev/null; umount "$work"/docker/root/vfs "$work"/docker/root "$work"/p/root/vfs 2>/dev/null; rm -rf "$work"; }
trap end EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 runc=1.1.5+ds1-1+deb12u1 libdevmapper1.02.1=2:1.02.185-2
export HOME=$work DOCKER_HOST=unix://$work/docker/sock
mkdir -p docker
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)

oci=application/vnd.oci.image
sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "$name/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
image() { # NAME LAYER...: a layout, with what Docker reads beside it, as a folder and as a tar
    local name=$1 layer diffs='' layers='' paths='' manifest; shift
    mkdir -p "$name/blobs/sha256" && echo '{"imageLayoutVersion":"1.0.0"}' >"$name/oci-layout" || exit 2
    for layer in "$@"; do
        diffs+=,\"sha256:$(sha "$layer")\" paths+=,\"blobs/sha256/$(sha "$layer")\"
        layers+=,{\"mediaType\":\"$oci.layer.v1.tar\",$(blob "$layer")}
    done
    printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["x"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' "${diffs#,}" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[%s]}' \
        $oci $oci "$(blob config)" "${layers#,}" >manifest
    manifest=$(blob manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$manifest" >"$name/index.json"
    printf '[{"Config":"blobs/sha256/%s","RepoTags":["%s:v"],"Layers":[%s]}]' "$(sha config)" "$name" "${paths#,}" >"$name/manifest.json"
    tar -C "$name" -cf "$name.tar" . || exit 2
}
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done

head -c 1000000 /dev/zero >big && tar -cf layer.tar big || exit 2
image base layer.tar
mkdir context && printf 1234 >context/file && echo >>context/file || exit 2
printf 'FROM base:v\nCOPY file /file\nENV A=b\n' >context/Dockerfile
run docker load -q -i base.tar >answer
history() { # IMAGE: steps and sizes, the last first
    run docker history --no-trunc --format '{{.CreatedBy}}|{{.Size}}' "$1" |
        sed 's/^.*\(ENV\|COPY\|fileop target\)[^|]*|/\1 /' | paste -sd, | sed 's/,/, /g'
}
DOCKER_BUILDKIT=0 run docker build -q -t classic context >answer
DOCKER_BUILDKIT=1 run docker build -q -t buildkit context >answer
seen="docker build: $(history classic); BuildKit: $(history buildkit)"
echo "$seen"
[ "$seen" = "docker build: ENV 0B, COPY 1MB; BuildKit: fileop target 5B, ENV 0B, COPY 1MB" ] || changed "other sizes"
