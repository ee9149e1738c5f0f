#!/usr/bin/env bash
# Software: bsdtar 3.6.2 (Debian libarchive-tools and libarchive13 3.6.2-1+deb12u5), read back by gzip 1.12 (1.12-1), zstd 1.5.4
# (1.5.4+dfsg2-5+deb12u1), xz 5.4.1 (5.4.1-1+deb12u2) and umoci 0.4.7 (0.4.7+ds-3+b7).
#
# One would expect: "bsdtar --zstd -cf - DIR | cat" gives the bytes that "bsdtar --zstd -cf FILE DIR" puts into the file. What
# is padded to records of 10240 bytes is the tar, below the compression, as with every other tar.
#
# What happens: into a pipe bsdtar pads what it has *compressed* as well, with zeros, to a multiple of 10240; into a file it
# does not. After gzip and xz that is passed over, by their own programs, without a word; zstd takes it for the beginning of
# another frame and fails behind the last byte. With -b 1 there is still one block of 512.
#
# Seen (bytes into a pipe, of less than 200 into a file, and whether they are read):
#     gzip 10240 read; zstd 10240 refused; xz 10240 read; umoci unpacks the gzip of a file, not of a pipe
#
# Why it matters: "bsdtar --zstd -cf - . | upload" makes layers that engines refuse, since nothing may stand behind the end of
# a layer's compression, and the same command that writes a file first works. Let a program of its own compress.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 gzip=1.12-1 zstd=1.5.4+dfsg2-5+deb12u1 xz-utils=5.4.1-1+deb12u2 \
    umoci=0.4.7+ds-3+b7

mkdir d && echo hello >d/file && touch -d 2020-01-01 d/file d || exit 2
seen=
for kind in gzip zstd xz; do
    bsdtar "--$kind" -cf "file.$kind" d && bsdtar "--$kind" -cf - d | cat >"pipe.$kind" || exit 2
    [ "$(stat -c %s "file.$kind")" -lt 1000 ] || changed "$kind is padded in a file"
    "$kind" -dc <"file.$kind" >tar.file || changed "$kind does not read what is in a file"
    "$kind" -dc <"pipe.$kind" >tar.pipe 2>error && how='read' || how=refused
    cmp -s tar.file tar.pipe || changed "another tar comes out"
    [ -z "$(tail -c 9000 "pipe.$kind" | tr -d '\0')" ] || changed "it is not filled up with zeros"
    seen+="$kind $(stat -c %s "pipe.$kind") $how; "
done

sha() { sha256sum <"$1" | cut -c1-64; }
image() { # NAME LAYER: a layout of it
    blob() { cp "$2" "$1/blobs/sha256/$(sha "$2")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$2")" "$(stat -c %s "$2")"; }
    local oci=application/vnd.oci.image
    mkdir -p "$1/blobs/sha256" && echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(gzip -dc <"$2" | sha256sum | cut -c1-64)" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar+gzip",%s}]}' \
        $oci $oci "$(blob "$1" config)" $oci "$(blob "$1" "$2")" >manifest
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$(blob "$1" manifest)" >"$1/index.json"
}
image a file.gzip && image b pipe.gzip || exit 2
umoci unpack --rootless --image a:v bundle.a >log 2>&1 || { echo "cannot unpack: $(tail -n 1 log)" >&2; exit 2; }
umoci unpack --rootless --image b:v bundle.b >log 2>&1 && changed "umoci unpacks the pipe's gzip"
seen+="umoci unpacks the gzip of a file, not of a pipe"
echo "$seen"
[ "$seen" = "gzip 10240 read; zstd 10240 refused; xz 10240 read; umoci unpacks the gzip of a file, not of a pipe" ] ||
    changed "another size, or read otherwise"
