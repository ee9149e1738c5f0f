#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), containerd 1.6.20
# (1.6.20~ds1-1+deb12u3), Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3, vfs), from a Docker registry 2.8.2 (docker-registry
# 2.8.2+ds1-1) on the loopback. Needs root, curl.
#
# One would expect: a layer that a client has is not fetched again; only what changed between two images is. (Image A has
# the layers x, y; image B has z, y.)
#
# What happens: Podman and containerd fetch z alone. Docker fetches y again too: it knows a layer by the chain of all
# layers below it, not by its digest, so from the first layer that differs on it fetches everything.
#
# Seen:
#     layers fetched for the second image: docker z y, podman z, containerd z
#
# Why it matters: how layers are cut decides what such a client saves, and so does their order: what changes often
# belongs on top. A tool that counts equal digests promises Docker's users too much.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
started=()
end() { for pid in "${started[@]}"; do kill "$pid"; wait "$pid"; done 2>/dev/null; umount "$work"/docker/root/vfs "$work"/p/root/vfs 2>/dev/null; rm -rf "$work"; }
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 \
    docker-registry=2.8.2+ds1-1 runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 \
    libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 \
    golang-github-containers-image=5.23.1-4
port=$((20000 + $$ % 10000))

cat >config.yml <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/data}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve config.yml >log 2>&1 &
started+=($!)
mkdir -p docker c p
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "unix://$work/docker/sock" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)
cat >c/config.toml <<END
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/sock"
END
containerd -c c/config.toml >c/log 2>&1 &
started+=($!)

oci=application/vnd.oci.image
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
push() { # REPOSITORY FILE: as a blob
    local at; at=$(curl -si -X POST "http://127.0.0.1:$port/v2/$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -sfo answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$at&digest=$(digest "$2")"
}
image() { # NAME LAYER LAYER
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["%s","%s"]}}' \
        "$(digest "$2.tar")" "$(digest "$3.tar")" >"$1.config"
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},"layers":[' \
        $oci $oci "$(digest "$1.config")" "$(wc -c <"$1.config")" >"$1.manifest"
    printf '{"mediaType":"%s.layer.v1.tar+gzip","digest":"%s","size":%d},{"mediaType":"%s.layer.v1.tar+gzip","digest":"%s","size":%d}]}' \
        $oci "$(digest "$2.gz")" "$(wc -c <"$2.gz")" $oci "$(digest "$3.gz")" "$(wc -c <"$3.gz")" >>"$1.manifest"
    push "$1" "$1.config" && push "$1" "$2.gz" && push "$1" "$3.gz" &&
        curl -sfo answer -X PUT -H "Content-Type: $oci.manifest.v1+json" --data-binary "@$1.manifest" "http://127.0.0.1:$port/v2/$1/manifests/1"
}
for _ in $(seq 100); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done
for layer in x y z; do
    echo "$layer" >"file-$layer" && tar -cf "$layer.tar" "file-$layer" && gzip -nk "$layer.tar" && mv "$layer.tar.gz" "$layer.gz" || exit 2
done
image a x y && image b z y || { echo "cannot push" >&2; exit 2; }
for _ in $(seq 300); do
    docker -H "unix://$work/docker/sock" version >answer 2>&1 && ctr -a c/sock version >answer 2>&1 && break; sleep 0.2
done

fetched() { # PULL...: with both images in turn; the layers that were asked for with the second
    "$@" "127.0.0.1:$port/a:1" >answer 2>&1 && local before && before=$(wc -l <log) && "$@" "127.0.0.1:$port/b:1" >answer 2>&1 ||
        { cat answer >&2; exit 2; }
    sleep 0.5
    for layer in z y; do tail -n +$((before + 1)) log | grep -aq "GET /v2/b/blobs/$(digest "$layer.gz")" && printf ' %s' "$layer"; done
    true
}
docker=$(fetched docker -H "unix://$work/docker/sock" pull -q) || exit 2
podman=$(fetched podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs pull -q --tls-verify=false) || exit 2
containerd=$(fetched ctr -a c/sock images pull --plain-http) || exit 2
echo "layers fetched for the second image: docker$docker, podman$podman, containerd$containerd"
[ "$docker,$podman,$containerd" = " z y, z, z" ] || changed "docker z y, podman z, containerd z was expected"
