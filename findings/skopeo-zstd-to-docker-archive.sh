#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10); layers by zstd 1.5.4 (1.5.4+dfsg2-5+deb12u1).
#
# One would expect: an archive of `docker save`'s form (docker-archive:) holds plain tars, and skopeo unpacks layers on
# the way into one; so how a layer of the source is compressed, gzip or zstd, makes no difference.
#
# What happens: for a gzip layer that is so. For a zstd layer skopeo converts the manifest as if the layer were still
# zstd, fails with "zstd compression is not supported for docker images", and leaves no archive. `--dest-decompress`
# does not help, but two steps do: with it into a `dir:`, and from there into the archive.
#
# Seen:
#     gzip: exit 0; zstd: exit 1; zstd with --dest-decompress: exit 1; by way of dir: exit 0
#
# Why it matters: who offers zstd layers to be read by `docker load` sees an error that speaks of a limit that the archive
# does not have; the image is fine, and what helps is a step more, not compressing it anew.
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
zstd -q layer.tar -o zstd.zst && gzip -nc layer.tar >gzip.gz || exit 2
image gzip gzip.gz +gzip layer.tar && image zstd zstd.zst +zstd layer.tar
copy() { skopeo --policy policy copy -q "$@" 2>error; }
copy oci:gzip:v docker-archive:gzip.tar:example/x:v; gzip=$?
copy oci:zstd:v docker-archive:zstd.tar:example/x:v; zstd=$?; said=$(cat error)
copy --dest-decompress oci:zstd:v docker-archive:flag.tar:example/x:v; flag=$?
copy --dest-decompress oci:zstd:v dir:plain && copy dir:plain docker-archive:dir.tar:example/x:v; by_dir=$?
echo "gzip: exit $gzip; zstd: exit $zstd; zstd with --dest-decompress: exit $flag; by way of dir: exit $by_dir"
[ "$gzip $zstd $flag $by_dir" = "0 1 1 0" ] || changed "0 1 1 0 was expected"
[[ $said = *"zstd compression is not supported for docker images"* ]] || changed "the error is another: $said"
for archive in gzip.tar dir.tar; do
    tar -xOf $archive "$(sha layer.tar).tar" | cmp -s - layer.tar || changed "$archive does not hold the plain tar"
done
