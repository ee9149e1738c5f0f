#!/usr/bin/env bash
# Software: Podman 4.3.1 (Debian 4.3.1+ds1-8+deb12u1+b3, storage driver vfs). Root.
#
# One would expect: an OCI layout's tag v says what the image is called, in a folder and in a tar of it alike, however
# the folder is called; a tar with two tags is loaded as a docker archive with two is: both.
#
# What happens: "podman pull oci:FOLDER:v" names the image after the folder, with the tag latest; where the folder's path
# has a capital letter it fails ("repository name must be lowercase"). "podman load" of the same as a tar names it
# localhost/v:latest. Of a tar with two tags nothing is loaded ("more than one image in oci, choose an image"), but
# "podman pull oci-archive:FILE:v" finds each.
#
# Seen:
#     pull folder: localhost/folder:latest; pull Folder: 125; load its tar: localhost/v:latest; load two tags: 125; pull one of two: 0
#
# Why it matters: a script that works in one folder fails in a temporary one of mktemp, whose names have capitals, and the
# name to run is none that the image was given. Tag what was pulled by the id that is printed.
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
get podman=4.3.1+ds1-8+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 \
    libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 \
    golang-github-containers-image=5.23.1-4

sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "folder/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
oci=application/vnd.oci.image
image() { # TEXT TAG: one more in folder
    mkdir -p d folder/blobs/sha256 && echo "$1" >d/file && tar -cf layer d && echo '{"imageLayoutVersion":"1.0.0"}' >folder/oci-layout
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha layer)" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar",%s}]}' \
        $oci $oci "$(blob config)" $oci "$(blob layer)" >manifest
    printf '{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}' \
        $oci "$(blob manifest)" "$2" >"entry.$2"
}
index() { echo "{\"schemaVersion\":2,\"manifests\":[$1]}" >folder/index.json; }

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
run() { podman --root "$work/st" --runroot "$work/run" --storage-driver vfs --cgroup-manager cgroupfs "$@" 2>>error; }
fetch() { run "$1" -q --signature-policy policy "${@:2}" >output; }
named() { run images --format '{{.Repository}}:{{.Tag}}'; run rmi -af >output; }

image one v && index "$(cat entry.v)" && cp -r folder Folder && tar -C folder -cf one.tar . || exit 2
image two w && index "$(cat entry.v),$(cat entry.w)" && tar -C folder -cf two.tar . || exit 2
fetch pull oci:folder:v || { echo "cannot be tried: $(tail -n 1 error)" >&2; exit 2; }
folder=$(named)
fetch pull oci:Folder:v; capital=$?
grep -q 'must be lowercase' error || changed "the error is another: $(tail -n 1 error)"
fetch load -i one.tar; tar=$(named)
fetch load -i two.tar; two=$?
grep -q 'more than one image in oci' error || changed "the error is another: $(tail -n 1 error)"
fetch pull oci-archive:two.tar:w; one=$?
seen="pull folder: $folder; pull Folder: $capital; load its tar: $tar; load two tags: $two; pull one of two: $one"
echo "$seen"
[ "$seen" = "pull folder: localhost/folder:latest; pull Folder: 125; load its tar: localhost/v:latest; load two tags: 125; pull one of two: 0" ] ||
    changed "names are made otherwise"
