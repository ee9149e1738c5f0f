#!/usr/bin/env bash
# Software: umoci 0.4.7 (Debian 0.4.7+ds-3+b7), skopeo 1.9.3 (1.9.3+ds1-1+b10); the layer is read by GNU tar 1.34 (1.34+dfsg-1.2+deb12u1),
# bsdtar 3.6.2 (libarchive-tools and libarchive13 3.6.2-1+deb12u5) and Python's tarfile (python3).
#
# One would expect: the layer that "umoci insert" adds is a tar as those that "umoci repack" writes are: the last file filled
# up to a block of 512 bytes, two blocks of zeros behind it.
#
# What happens: it ends with the last byte of the last file. Neither that block is filled up nor is there an end. umoci itself
# and skopeo take the layer; GNU tar and bsdtar list all of it and fail then, Python raises an error after the last name.
#
# Seen (bytes of a layer with one file of 6 bytes, and what comes of reading it):
#     insert: 518 bytes, GNU tar fails, bsdtar fails, Python fails, umoci reads; repack: all read
#
# Why it matters: an image that runs everywhere has a layer that a scanner or a script calls cut off, and a check for cut
# downloads ("does tar -t pass?") refuses it. A repack of the bundle writes a whole one.
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
get umoci=0.4.7+ds-3+b7 skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    tar=1.34+dfsg-1.2+deb12u1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5
umoci() { command umoci "$@" >log 2>&1 || { echo "umoci $1: $(tail -n 1 log)" >&2; exit 2; }; }

last() { # TAG: the last layer of that image, as a tar
    python3 - "$1" <<'END' || exit 2
import gzip, json, sys
blob = lambda at: open("l/blobs/" + at["digest"].replace(":", "/"), "rb").read()
at = [m for m in json.load(open("l/index.json"))["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] == sys.argv[1]]
open(sys.argv[1] + ".tar", "wb").write(gzip.decompress(blob(json.loads(blob(at[-1]))["layers"][-1])))
END
}
read_by() { # NAME COMMAND...: what it makes of the layer; all name the file
    local name=$1; shift
    "$@" >names 2>error && how=reads || how=fails
    grep -q inserted names || changed "$name does not list the file"
    echo "$name $how"
}
readers() { # TAR
    echo "$(read_by "GNU tar" tar -tf "$1"), $(read_by bsdtar bsdtar -tf "$1"), $(read_by Python python3 -c \
        'import sys, tarfile; [print(entry.name, flush=True) for entry in tarfile.open(sys.argv[1])]' "$1")"
}
umoci init --layout l && umoci new --image l:empty && echo hello >inserted || exit 2
umoci insert --rootless --image l:empty --tag insert inserted /inserted
last insert
umoci unpack --rootless --image l:insert bundle
cmp -s inserted bundle/rootfs/inserted || changed "umoci does not read what it wrote"
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
skopeo --policy policy copy -q oci:l:insert docker-archive:saved.tar >log 2>&1 || changed "skopeo does not take it: $(cat log)"
umoci unpack --rootless --image l:empty other && cp inserted other/rootfs/ && umoci repack --image l:repack other
last repack
insert="insert: $(stat -c %s insert.tar) bytes, $(readers insert.tar), umoci reads" || { echo "$insert"; exit 1; }
repack=$(readers repack.tar) || { echo "$repack"; exit 1; }
seen="$insert; repack: $repack"
[[ $seen != *"repack: GNU tar reads, bsdtar reads, Python reads" ]] || seen="$insert; repack: all read"
echo "$seen"
[ "$seen" = "insert: 518 bytes, GNU tar fails, bsdtar fails, Python fails, umoci reads; repack: all read" ] || changed "the layer is another"
