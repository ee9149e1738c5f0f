#!/usr/bin/env bash
# Software: XZ Utils 5.4.1 (Debian xz-utils 5.4.1-1+deb12u2) writes; Docker 20.10.24 (docker.io 20.10.24+dfsg1-1+deb12u1+b6, vfs),
# buildah 1.28.2 (1.28.2+ds1-3+deb12u1+b3, vfs), skopeo 1.9.3 (1.9.3+ds1-1+b10), busybox 1.35.0 (1:1.35.0-4+deb12u1+b1) read. Needs root.
#
# One would expect: an .xz file is an .xz file: who reads the format (ADD of a tar, a saved image) reads what xz writes.
#
# What happens: Docker calls xz and reads all. buildah, skopeo and Podman have a library that knows LZMA2 alone, without
# a filter before it (xz --x86, --arm64, --delta), and no file without a check (--check=none). skopeo refuses
# a saved image like that; at ADD buildah takes it for something else than a tar: the file itself is in the image, without
# a word, and the exit status is 0. busybox's unxz calls a filtered file corrupted.
#
# Seen (a tar with "file" at ADD, a saved image, and the archive by itself):
#     plain: docker file, buildah file, skopeo 0, busybox 0
#     --x86: docker file, buildah a.tar.xz, skopeo 1, busybox 1
#     --check=none: docker file, buildah a.tar.xz, skopeo 1, busybox 0
#
# Why it matters: the filters are there to make programs smaller, so archives of a root filesystem have them. An image built from such
# a one works if Docker built it, and has no /bin/sh but an archive if buildah did. Repack without filters.
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
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$work/root/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 buildah=1.28.2+ds1-3+deb12u1+b3 skopeo=1.9.3+ds1-1+b10 \
    runc=1.1.5+ds1-1+deb12u1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4 xz-utils=5.4.1-1+deb12u2 liblzma5=5.4.1-1+deb12u2 busybox=1:1.35.0-4+deb12u1+b1
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
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
exits() { "$@" >output 2>error; local code=$?; cat error >>errors; echo $code; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done

mkdir context && echo hello >file && tar -cf layer.tar file || exit 2
image app layer.tar
printf 'FROM scratch\nADD a.tar.xz /d/\nCMD x\n' >context/Dockerfile
of() { # OPTION...: of xz
    local id docker buildah
    xz -c "$@" <layer.tar >context/a.tar.xz && xz -c "$@" <app.tar >app.tar.xz || exit 2
    run docker build -q -t app context >answer && id=$(run docker create app) && run docker cp "$id:/d" - >d.tar && docker=$(tar -tf d.tar | sed -n 's|^d/\(..*\)|\1|p') || exit 2
    run buildah "${store[@]}" bud -q --no-cache --signature-policy policy -t app context >answer &&
        id=$(run buildah "${store[@]}" from --signature-policy policy localhost/app) && buildah=$(run buildah "${store[@]}" mount "$id") || exit 2
    echo "docker $docker, buildah $(ls "$buildah/d"), skopeo $(exits skopeo --policy policy inspect --raw docker-archive:app.tar.xz), busybox $(exits busybox unxz -c context/a.tar.xz)"
}
plain=$(of --check=crc64) || exit
x86=$(of --x86 --lzma2) || exit
none=$(of --check=none) || exit
seen="plain: $plain
--x86: $x86
--check=none: $none"
echo "$seen"
[ "$seen" = "plain: docker file, buildah file, skopeo 0, busybox 0
--x86: docker file, buildah a.tar.xz, skopeo 1, busybox 1
--check=none: docker file, buildah a.tar.xz, skopeo 1, busybox 0" ] || changed "others read it"
grep -q 'xz: unsupported filter count' errors && grep -q 'xz: invalid flags' errors && grep -q 'unxz: corrupted data' errors || changed "the errors are others"
