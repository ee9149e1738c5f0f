#!/usr/bin/env bash
# Software: Podman 4.3.1 (Debian 4.3.1+ds1-8+deb12u1+b3) and buildah 1.28.2 (1.28.2+ds1-3+deb12u1+b3), storage driver vfs. Root.
#
# One would expect: "history" of an image's config is optional (image-spec: "history array of objects, OPTIONAL"), it is for
# people to read, and an image without it is a base as good as another.
#
# What happens: on a base without history "podman build" takes the first step that makes a layer, and dies at the second:
# "internal error: history lists 2 non-empty layers, but we have 4 layers on disk". "buildah build --layers" does the same.
# "buildah build" as it is by default commits once, and succeeds. With a history of one entry for each layer all of them do.
#
# Seen (FROM a base of two layers, COPY, COPY):
#     without history: podman build 125, buildah build --layers 125, buildah build 0
#     with history: podman build 0, buildah build --layers 0, buildah build 0
#
# Why it matters: small builders leave history out, and an image of theirs runs everywhere. Who builds upon it sees an
# error that names neither the base nor what is missing. Give a base an entry for each layer.
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
image none ""
image each '"history":[{"created_by":"one"},{"created_by":"two"}],'
mkdir context && echo 1 >context/1 && echo 2 >context/2

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
storage=(--root "$work/st" --runroot "$work/run" --storage-driver vfs)
build() { # BASE COMMAND...: its exit code
    printf 'FROM oci:%s:v\nCOPY 1 /\nCOPY 2 /\n' "$1" >context/Dockerfile
    "${@:2}" --signature-policy "$work/policy" -q context >output 2>error
    echo $?
}
on() { # BASE
    printf 'podman build %s, ' "$(build "$1" podman "${storage[@]}" --cgroup-manager cgroupfs build)"
    [ "$1" != none ] || cp error why
    printf 'buildah build --layers %s, ' "$(build "$1" buildah "${storage[@]}" build --layers)"
    printf 'buildah build %s\n' "$(build "$1" buildah "${storage[@]}" build)"
}
without=$(on none)
with=$(on each)
echo "without history: $without"
echo "with history: $with"
[ "$with" = "podman build 0, buildah build --layers 0, buildah build 0" ] || { echo "cannot be tried: $(tail -n 1 error)" >&2; exit 2; }
[ "$without" = "podman build 125, buildah build --layers 125, buildah build 0" ] || changed "bases without history are built upon otherwise"
grep -q 'history lists 2 non-empty layers, but we have 4 layers on disk' why || changed "the error is another: $(tail -n 1 why)"
