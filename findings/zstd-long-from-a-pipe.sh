#!/usr/bin/env bash
# Software: zstd 1.5.4 (Debian zstd and libzstd1 1.5.4+dfsg2-5+deb12u1), bsdtar 3.6.2 (libarchive-tools 3.6.2-1+deb12u5), skopeo 1.9.3
# (1.9.3+ds1-1+b10), containerd 1.6.20 (1.6.20~ds1-1+deb12u3). Needs root.
#
# One would expect: a high --long is for large inputs. The window of a frame is never larger than what is in it, and so a small
# layer can be read everywhere, whatever level and window it was written with.
#
# What happens: that is so for a file that zstd opens itself. From a pipe it does not know the size, and declares the window as
# told: 2 GiB for --long=31, around a few hundred bytes. From --long=28 on zstd itself and bsdtar refuse such a layer, from
# 30 on skopeo and containerd, too ("window size exceeded"); 28 and 29 they take.
#
# Seen (a layer of 10240 bytes):
#     from a file, --long=31: window 10.0 KiB; zstd, bsdtar, skopeo, containerd take it
#     from a pipe, --long=27: window 128 MiB; zstd, bsdtar, skopeo, containerd take it
#     from a pipe, --long=29: window 512 MiB; skopeo, containerd take it
#     from a pipe, --long=31: window 2.00 GiB; none take it
#
# Why it matters: "tar -c … | zstd --ultra --long=31" is how large layers are made small, and the small ones of the same build
# cannot be pulled. Write the tar to a file first, give --stream-size, or stay with --long=27.
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
get zstd=1.5.4+dfsg2-5+deb12u1 libzstd1=1.5.4+dfsg2-5+deb12u1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 skopeo=1.9.3+ds1-1+b10 \
    libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 containerd=1.6.20~ds1-1+deb12u3
export HOME=$work

mkdir -p c
cat >c/config.toml <<END
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/sock"
END
containerd -c c/config.toml >c/log 2>&1 &
started+=($!)
for _ in $(seq 300); do ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy

oci=application/vnd.oci.image
sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "i/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
image() { # LAYER.tar LAYER.zst: the layout i, and i.tar
    rm -rf i && mkdir -p i/blobs/sha256 && echo '{"imageLayoutVersion":"1.0.0"}' >i/oci-layout
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha "$1")" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar+zstd",%s}]}' \
        $oci $oci "$(blob config)" $oci "$(blob "$2")" >manifest
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$(blob manifest)" >i/index.json
    tar -C i -cf i.tar . || exit 2
}
round=0
by() { # NAME COMMAND...: the name, if the command succeeds
    local name=$1; shift
    "$@" >output 2>error && takers+=", $name"
    cat error >>errors
}
of() { # WINDOW WHERE: what the frame declares, and who takes the layer
    local takers=
    round=$((round + 1))
    echo "$round" >file && tar -cf layer.tar file || exit 2
    if [ "$2" = file ]; then zstd -q --ultra --long="$1" -c layer.tar; else zstd -q --ultra --long="$1" -c <layer.tar; fi >layer.zst || exit 2
    image layer.tar layer.zst
    by zstd zstd -dc layer.zst
    by bsdtar bsdtar -tf layer.zst
    by skopeo skopeo --policy policy copy -q --dest-decompress oci:i:v "dir:copy.$round"
    by containerd ctr -a c/sock images import --snapshotter native --base-name "i$round" i.tar
    takers=${takers#, }
    echo "from a $2, --long=$1: window $(zstd -lv layer.zst 2>&1 | sed -n 's/^Window Size: \(.*\) (.*/\1/p'); ${takers:-none} take it"
}
seen=$(of 31 file; of 27 pipe; of 29 pipe; of 31 pipe)
echo "$seen"
[ "$seen" = "from a file, --long=31: window 10.0 KiB; zstd, bsdtar, skopeo, containerd take it
from a pipe, --long=27: window 128 MiB; zstd, bsdtar, skopeo, containerd take it
from a pipe, --long=29: window 512 MiB; skopeo, containerd take it
from a pipe, --long=31: window 2.00 GiB; none take it" ] || changed "other windows, or others take them"
grep -q 'window size exceeded' errors && grep -q 'too much memory' errors || changed "the errors are others"
