#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), Podman 4.3.1
# (4.3.1+ds1-8+deb12u1+b3, vfs), umoci 0.4.7 (0.4.7+ds-3+b7), containerd 1.6.20 (1.6.20~ds1-1+deb12u3). Needs root, and a place where
# containerd can use overlayfs.
#
# One would expect: a whiteout hides what lower layers have, and not what its own layer brings (image-spec says so, and that a
# file of the same layer can only be hidden by a later one). So ".wh.a" and "a" in one layer give the new a, in either order.
#
# What happens: umoci alone does so. For Docker, Podman and containerd's native snapshotter it depends on the order: with a
# before .wh.a the new file is deleted, silently. containerd on overlayfs fails to unpack the image ("failed to convert
# whiteout file: file exists"). With an opaque whiteout all keep what the layer had before it.
#
# Seen (a lower layer has a, b and d/low; what is left of a where it is before .wh.a, b behind .wh.b, d/new before d/.wh..wh..opq):
#     docker b d/new; podman b d/new; umoci a b d/new; native b d/new; overlayfs refuses a
#
# Why it matters: a tool that joins two layers by appending, or sorts a layer's entries by name with .wh. last, makes an image of
# which files are missing. Write whiteouts before everything else, or leave out those whose path the layer brings itself.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 umoci=0.4.7+ds-3+b7 \
    runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
export HOME=$work DOCKER_HOST=unix://$work/docker/sock
umask 022
mkdir -p docker
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)
mkdir -p c
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
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
podman=(podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs)
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
for _ in $(seq 300); do docker version >answer 2>&1 && ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done

mkdir -p low/d up/d && echo low | tee low/a low/b >low/d/low && echo up | tee up/a up/b >up/d/new || exit 2
: >up/.wh.a && : >up/.wh.b && : >up/d/.wh..wh..opq || exit 2
tar -C low -cf low.tar a b d && tar -C up --no-recursion -cf up.tar a .wh.a .wh.b b d d/new d/.wh..wh..opq || exit 2
image app low.tar up.tar
tar -C up --no-recursion -cf only.tar .wh.b b d d/new d/.wh..wh..opq || exit 2
image rest low.tar only.tar

left() { (cd "$1" && for path in a b d/low d/new; do [ "$(cat "$path" 2>/dev/null)" = up ] && printf ' %s' "$path"; done); }
run docker load -q -i app.tar >answer
id=$(run docker create app:v) && run docker cp "$id:/" - >docker.tar && mkdir docker-tree && tar -C docker-tree -xf docker.tar 2>answer || exit 2
docker=$(left docker-tree)
id=$(run "${podman[@]}" pull -q --signature-policy policy oci:app:v) && id=$(run "${podman[@]}" create "$id") && tree=$(run "${podman[@]}" mount "$id") || exit 2
podman=$(left "$tree")
run umoci unpack --image app:v umoci >answer
run ctr -a c/sock images import --snapshotter native --base-name app app.tar >answer
native=$(left c/root/io.containerd.snapshotter.v1.native/snapshots/2)
run ctr -a c/sock images import --snapshotter overlayfs --base-name rest rest.tar >answer
ctr -a c/sock images import --snapshotter overlayfs --base-name app app.tar >answer 2>error && overlayfs="takes it"
grep -q 'convert whiteout file ".wh.a": file exists' error && overlayfs="refuses a"
seen="docker$docker; podman$podman; umoci$(left umoci/rootfs); native$native; overlayfs ${overlayfs:-says $(tail -n 1 error)}"
echo "$seen"
[ "$seen" = "docker b d/new; podman b d/new; umoci a b d/new; native b d/new; overlayfs refuses a" ] || changed "other files are left"
