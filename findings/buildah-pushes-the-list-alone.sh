#!/usr/bin/env bash
# Software: buildah 1.28.2 (Debian 1.28.2+ds1-3+deb12u1+b3) and Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3), storage driver vfs. Needs root.
#
# One would expect: "buildah manifest push LIST oci:DIR" writes a layout with the images of the list, as "podman manifest push"
# does with the same list; pushing is moving something there.
#
# What happens: buildah writes the index alone and exits 0. The layout has one blob, which names images that are nowhere; reading
# it fails. All of them go along with --all, which is false by default with buildah, and true with Podman. A registry would
# refuse such an index; a folder refuses nothing.
#
# Seen (a list of two images: blobs in the layout, and whether skopeo copies its image):
#     buildah manifest push: exit 0, blobs 1, copied no; with --all: exit 0, blobs 7, copied yes; podman manifest push: exit 0, blobs 7, copied yes
#
# Why it matters: a backup that is made this way is empty, and that shows on the day when it is needed. Write --all always.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
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
get podman=4.3.1+ds1-8+deb12u1+b3 buildah=1.28.2+ds1-3+deb12u1+b3 skopeo=1.9.3+ds1-1+b10 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
    libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
export HOME=$work XDG_CONFIG_HOME=$work/.config

sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "i/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
oci=application/vnd.oci.image
image() { # ARCHITECTURE: its entry of an index
    echo "$1" >file && tar -cf layer file || exit 2
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$1" "$(sha layer)" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar",%s}]}' \
        $oci $oci "$(blob config)" $oci "$(blob layer)" >manifest
    printf '{"mediaType":"%s.manifest.v1+json",%s,"platform":{"os":"linux","architecture":"%s"}}' $oci "$(blob manifest)" "$1"
}
mkdir -p i/blobs/sha256 .config/containers && echo '{"imageLayoutVersion":"1.0.0"}' >i/oci-layout
printf '{"schemaVersion":2,"mediaType":"%s.index.v1+json","manifests":[%s,%s]}' $oci "$(image amd64)" "$(image arm64)" >list
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.index.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
    $oci "$(blob list)" >i/index.json

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >.config/containers/policy.json
storage=(--root "$work/st" --runroot "$work/run" --storage-driver vfs)
buildah() { command buildah "${storage[@]}" "$@"; }
podman() { command podman "${storage[@]}" --cgroup-manager cgroupfs "$@"; }
buildah manifest create list >output 2>error && buildah manifest add --all list oci:i:v >output 2>error ||
    { echo "cannot be tried: $(tail -n 1 error)" >&2; exit 2; }

pushed() { # FOLDER COMMAND...
    "${@:2}" list "oci:$1:v" >output 2>error; local code=$? copied=no
    skopeo --override-arch amd64 copy -q "oci:$1:v" "dir:$work/$1.dir" >output 2>>error && copied=yes
    echo "exit $code, blobs $(find "$1/blobs" -type f | wc -l), copied $copied"
}
seen="buildah manifest push: $(pushed one buildah manifest push); with --all: $(pushed two buildah manifest push --all); podman manifest push: $(pushed three podman manifest push)"
echo "$seen"
[ "$seen" = "buildah manifest push: exit 0, blobs 1, copied no; with --all: exit 0, blobs 7, copied yes; podman manifest push: exit 0, blobs 7, copied yes" ] ||
    changed "other blobs are pushed"
