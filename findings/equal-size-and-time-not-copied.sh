#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6), Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3), buildah 1.28.2
# (1.28.2+ds1-3+deb12u1+b3), all with the storage driver vfs; umoci 0.4.7 (0.4.7+ds-3+b7). Needs root.
#
# One would expect: COPY of a file that has changed puts it into the image. The cache of a build goes by content, so the step
# runs, and what the step wrote is the layer.
#
# What happens: the step runs, and the container has the new file. But with a driver that finds the layer by comparing two trees
# (vfs, which is what is left where overlay cannot be) a file of equal size, mode, owner and time counts as unchanged: it is
# not in the layer, and the image has the old one. Docker, Podman and buildah do so, at builds and at commits, without a
# word. umoci, which compares contents, does not.
#
# Seen (the base has "one" of 2020-01-01, the context has "two" of 2020-01-01):
#     COPY: docker one, podman one, buildah one; docker commit: one, its container two; umoci repack: two
#
# Why it matters: builds that are to be reproducible give all files one time, and 1.2.3 and 1.2.4 are of one length. Builds within
# containers often use vfs. The image then is yesterday's, and its digest says that nothing has changed.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 buildah=1.28.2+ds1-3+deb12u1+b3 \
    umoci=0.4.7+ds-3+b7 runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
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
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
store=(--root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs)
podman() { command podman "${store[@]}" --cgroup-manager cgroupfs "$@"; }
buildah() { command buildah "${store[@]}" "$@"; }
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done

put() { echo "$1" >"$2" && touch -d 2020-01-01T00:00:00Z "$2"; }
mkdir context && put one file && tar -cf layer.tar file && put two context/file || exit 2
image base layer.tar
printf 'FROM base:v\nCOPY file /file\n' >context/Dockerfile
printf 'FROM localhost/base:v\nCOPY file /file\n' >context/Containerfile

of() { docker cp "$1:/file" - >got.tar 2>error && tar -xOf got.tar; } # CONTAINER of Docker's
run docker load -q -i base.tar >answer
run docker build -q -t docker context >answer
built=$(run docker create docker) && changing=$(run docker create base:v) && run docker cp -a context/file "$changing:/file" >answer || exit 2
run docker commit "$changing" docker:commit >answer && committed=$(run docker create docker:commit) || exit 2
id=$(run podman pull -q --signature-policy policy oci:base:v) && run podman tag "$id" localhost/base:v || exit 2
run podman build -q --signature-policy policy -f context/Containerfile -t podman context >answer
run buildah bud -q --signature-policy policy -f context/Containerfile -t buildah context >answer
id=$(run podman create localhost/podman) && podman=$(run podman mount "$id") || exit 2
id=$(run podman create localhost/buildah) && buildah=$(run podman mount "$id") || exit 2
run umoci unpack --image base:v u >answer && cp -p context/file u/rootfs/file && run umoci repack --image base:new u >answer &&
    run umoci unpack --image base:new new >answer || exit 2
seen="COPY: docker $(of "$built"), podman $(cat "$podman/file"), buildah $(cat "$buildah/file")"
seen+="; docker commit: $(of "$committed"), its container $(of "$changing"); umoci repack: $(cat new/rootfs/file)"
echo "$seen"
[ "$seen" = "COPY: docker one, podman one, buildah one; docker commit: one, its container two; umoci repack: two" ] || changed "other files"
