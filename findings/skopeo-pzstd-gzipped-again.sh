#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10); layers by zstd and pzstd 1.5.4 (1.5.4+dfsg2-5+deb12u1).
#
# One would expect: `skopeo copy` between two OCI layouts keeps a layer of the media type tar+zstd as it is, whichever
# program of the zstd package made it.
#
# What happens: that is so for zstd's output. pzstd's begins with a skippable frame (50 2a 4d 18), which is valid zstd;
# skopeo looks at the first four bytes rather than at the media type, takes the layer for an uncompressed tar,
# compresses it with gzip and calls it tar+gzip. It exits 0 and the config keeps its DiffID.
#
# Seen:
#     zstd: layer.v1.tar+zstd, same blob; pzstd: layer.v1.tar+gzip, and gzip -d gives a zstd stream (first: 502a4d18)
#
# Why it matters: the copy's layer unpacks to a zstd stream, not to a tar, and its DiffID is wrong; so a reader of the copy
# that checks it refuses the image. A reader must know the sixteen skippable magics, and a writer must not emit one first.
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
get skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2
get zstd=1.5.4+dfsg2-5+deb12u1

sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$2" "$1/blobs/sha256/$(sha "$2")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$2")" "$(stat -c %s "$2")"; }
image() { # DIR LAYER SUFFIX TAR: an OCI layout of one layer with the tag v
    local oci=application/vnd.oci.image
    mkdir -p "$1/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha "$4")" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar%s",%s}]}' \
        $oci $oci "$(blob "$1" config)" $oci "$3" "$(blob "$1" "$2")" >manifest
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$(blob "$1" manifest)" >"$1/index.json"
}

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
mkdir r && seq 20000 >r/a && tar --sort=name --format=gnu -cf layer.tar r || exit 2
zstd -q layer.tar -o zstd.zst && pzstd -q layer.tar -o pzstd.zst || exit 2
zstd -dcq pzstd.zst | cmp -s - layer.tar || exit 2
for by in zstd pzstd; do
    image $by $by.zst +zstd layer.tar
    skopeo --policy policy copy -q oci:$by:v oci:$by.copy:v || changed "the copy of $by's layer fails"
done
manifest() { cat "$1/blobs/sha256/$(grep -o 'sha256:[0-9a-f]*' "$1/index.json" | head -1 | cut -d: -f2)"; }
layer() { manifest "$1" | grep -o '"layers".*' | grep -o 'sha256:[0-9a-f]*' | cut -d: -f2; }
[ "$(layer zstd.copy)" = "$(sha zstd.zst)" ] || changed "zstd's layer is not kept"
[ "$(layer pzstd.copy)" != "$(sha pzstd.zst)" ] || changed "pzstd's layer is kept"
manifest pzstd.copy | grep -q 'layer.v1.tar+gzip' || changed "pzstd's layer is not called tar+gzip"
gzip -dc <"pzstd.copy/blobs/sha256/$(layer pzstd.copy)" | cmp -s - pzstd.zst || changed "the gzip does not hold the zstd stream"
echo "zstd: layer.v1.tar+zstd, same blob; pzstd: layer.v1.tar+gzip, and gzip -d gives a zstd stream (first: $(head -c 4 pzstd.zst | od -An -tx1 | tr -d ' '))"
