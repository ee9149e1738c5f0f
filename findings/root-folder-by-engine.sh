#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), Podman 4.3.1
# (4.3.1+ds1-8+deb12u1+b3, vfs), umoci 0.4.7 (0.4.7+ds-3+b7), containerd 1.6.20 (1.6.20~ds1-1+deb12u3, snapshotter native). Needs root.
#
# One would expect: the root of an image is a folder as others are. Where a layer has an entry "./" ("tar -C tree -cf layer.tar ."
# writes one) its mode is that of the root, and where none has, it is 0755.
#
# What happens: containerd passes over the entry: the root is always 0755. Podman takes the entry, and without one makes the
# root 0555. Docker and umoci do as expected.
#
# Seen (mode of the root, from a layer with "./" of mode 711, and from a layer without it):
#     docker 711 755; podman 711 555; umoci 711 755; containerd 755 755
#
# Why it matters: the root of a tree that mktemp -d or a builder made is 0700. Such an image works under containerd and
# for root, and under Docker and Podman no other user can open a single file. A comparison of two engines' trees differs
# at the root, too, though the layers are the same.
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

mkdir tree && echo hello >tree/file && chmod 711 tree && tar -C tree -cf with.tar . && tar -C tree -cf without.tar file || exit 2
image with with.tar
image without without.tar

native=c/root/io.containerd.snapshotter.v1.native/snapshots
declare -A modes
of() { # IMAGE SNAPSHOT
    local id tree
    run docker load -q -i "$1.tar" >answer
    id=$(run docker create "$1:v") && run docker cp "$id:/" - >docker.tar || exit 2
    case $(tar -tvf docker.tar 2>answer | head -n 1) in drwx--x--x*) modes[docker]+=" 711" ;; drwxr-xr-x*) modes[docker]+=" 755" ;; *) modes[docker]+=" other" ;; esac
    id=$(run "${podman[@]}" pull -q --signature-policy policy "oci:$1:v") && id=$(run "${podman[@]}" create "$id") && tree=$(run "${podman[@]}" mount "$id") || exit 2
    modes[podman]+=" $(stat -c %a "$tree")"
    run umoci unpack --image "$1:v" "umoci.$1" >answer
    modes[umoci]+=" $(stat -c %a "umoci.$1/rootfs")"
    run ctr -a c/sock images import --snapshotter native --base-name "$1" "$1.tar" >answer
    [ -e "$native/$2/file" ] || { echo "containerd has it elsewhere" >&2; exit 2; }
    modes[containerd]+=" $(stat -c %a "$native/$2")"
}
of with 1
of without 2
seen="docker${modes[docker]}; podman${modes[podman]}; umoci${modes[umoci]}; containerd${modes[containerd]}"
echo "$seen"
[ "$seen" = "docker 711 755; podman 711 555; umoci 711 755; containerd 755 755" ] || changed "other modes"
