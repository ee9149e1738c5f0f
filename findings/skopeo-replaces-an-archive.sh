#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10).
#
# One would expect: copying a second image to a place that has one does the same for all three that are on a disk: it is put
# beside the first, as "oci:" does in a folder, or refused, as "docker-archive:" does ("doesn't support modifying existing
# images"). "oci-archive:" is "oci:" in a tar, and takes a tag behind the file's name, so that there can be several.
#
# What happens: the archive is written anew with the second image alone, under its tag. The first is gone, without a word, and
# the exit status is 0.
#
# Seen (the tags after copying an image to :one and then another to :two):
#     oci one two; oci-archive two; docker-archive one, the second is refused
#
# Why it matters: a loop over images with "oci-archive:all.tar:$tag" ends well and keeps the last one. Copy them to a folder and
# put that into a tar.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2

saved() { # NAME: an image of one file, as docker save writes it
    mkdir -p "s.$1" && echo "$1" >"file-$1" && tar -cf "s.$1/layer.tar" "file-$1" || exit 2
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(sha256sum <"s.$1/layer.tar" | cut -c1-64)" >"s.$1/config.json"
    echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"app:$1\"],\"Layers\":[\"layer.tar\"]}]" >"s.$1/manifest.json"
    tar -C "s.$1" -cf "$1.tar" manifest.json config.json layer.tar
}
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
copy() { skopeo --policy policy copy -q "docker-archive:$1.tar" "$2" 2>error; }
first() { copy one "$1" || { echo "cannot copy: $(cat error)" >&2; exit 2; }; }
tags() { grep -o 'ref.name":"[a-z]*' | sed 's/.*"//' | paste -sd' '; }
saved one && saved two || exit 2

first oci:layout:one
copy two oci:layout:two || changed "oci: $(cat error)"
first oci-archive:oci.tar:one
[ "$(tar -xOf oci.tar index.json | tags)" = one ] || changed "the first archive is another"
copy two oci-archive:oci.tar:two || changed "oci-archive: $(cat error)"
first docker-archive:docker.tar:app:one
copy two docker-archive:docker.tar:app:two && changed "docker-archive takes the second"
seen="oci $(tags <layout/index.json); oci-archive $(tar -xOf oci.tar index.json | tags)"
seen+="; docker-archive $(tar -xOf docker.tar manifest.json | grep -o 'app:[a-z]*' | sed 's/app://' | paste -sd' '), the second is refused"
echo "$seen"
[ "$seen" = "oci one two; oci-archive two; docker-archive one, the second is refused" ] || changed "other images are kept"
