#!/usr/bin/env bash
# Software: buildah 1.28.2 (Debian 1.28.2+ds1-3+deb12u1+b3) and Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3), storage driver vfs, which
# build by the same code. Needs root.
#
# One would expect: "podman build" and "buildah build" make the same layers of a Dockerfile, and an option of both means one thing.
#
# What happens: without options buildah puts all steps into one layer, Podman makes one of each. "--squash" is, with Podman,
# that all new steps are one layer above the base; with buildah the base goes into it as well, so that none of its layers is
# left. What buildah's --squash does is Podman's --squash-all.
#
# Seen (layers, of a base of two and two steps):
#     buildah build 3, --layers 4, --squash 1; podman build 4, --squash 3, --squash-all 1
#
# Why it matters: with --squash in a Makefile, it depends on which of the two the machine has whether a client fetches the
# base with each version anew. Count the layers that a base shares with what was built upon it.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get podman=4.3.1+ds1-8+deb12u1+b3 buildah=1.28.2+ds1-3+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
    libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4

sha() { sha256sum <"$1" | cut -c1-64; }
image() { # FOLDER HISTORY: an OCI layout of two layers, tagged v
    blob() { cp "$2" "$1/blobs/sha256/$(sha "$2")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$2")" "$(stat -c %s "$2")"; }
    local oci=application/vnd.oci.image
    mkdir -p "$1/blobs/sha256" && echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
    printf '{"architecture":"amd64","os":"linux","config":{},%s"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
        "$2" "$(sha x.tar)" "$(sha y.tar)" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[' \
        $oci $oci "$(blob "$1" config)" >manifest
    printf '{"mediaType":"%s.layer.v1.tar",%s},{"mediaType":"%s.layer.v1.tar",%s}]}' \
        $oci "$(blob "$1" x.tar)" $oci "$(blob "$1" y.tar)" >>manifest
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$(blob "$1" manifest)" >"$1/index.json"
}
echo x >x && echo y >y && tar -cf x.tar x && tar -cf y.tar y || exit 2
image base '"history":[{"created_by":"one"},{"created_by":"two"}],'
mkdir context && echo 1 >context/1 && echo 2 >context/2
printf 'FROM oci:base:v\nCOPY 1 /\nCOPY 2 /\n' >context/Dockerfile

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
storage=(--root "$work/st" --runroot "$work/run" --storage-driver vfs)
podman=(podman "${storage[@]}" --cgroup-manager cgroupfs)
layers() { # COMMAND...: of what it builds
    "$@" --signature-policy policy -q -t localhost/built context >output 2>error || { echo "cannot build"; return; }
    "${podman[@]}" image inspect --format '{{len .RootFS.Layers}}' localhost/built
    "${podman[@]}" rmi -f localhost/built >output
}
buildah=(buildah "${storage[@]}" build) build=("${podman[@]}" build)
seen="buildah build $(layers "${buildah[@]}"), --layers $(layers "${buildah[@]}" --layers), --squash $(layers "${buildah[@]}" --squash)"
seen="$seen; podman build $(layers "${build[@]}"), --squash $(layers "${build[@]}" --squash), --squash-all $(layers "${build[@]}" --squash-all)"
echo "$seen"
[[ $seen != *cannot* ]] || { tail -n 1 error >&2; exit 2; }
[ "$seen" = "buildah build 3, --layers 4, --squash 1; podman build 4, --squash 3, --squash-all 1" ] || changed "other layers are made"
