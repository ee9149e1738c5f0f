#!/usr/bin/env bash
# Software: pixz 1.0.7 (Debian 1.0.7-2), read back by xz 5.4.1 (5.4.1-1+deb12u2).
#
# One would expect: a tar that pixz compressed is an ordinary .xz of that tar, so `xz -dc` gives the tar back byte
# for byte, as it does for xz, pigz (gzip) or pzstd (zstd).
#
# What happens: pixz appends an index of the tar's files as one more *block of data* of the xz stream. Every reader
# but pixz itself gives that index out behind the tar's end. `pixz -t` ("do not assume a tar") leaves it out.
#
# Seen:
#     tar 1300480 bytes, by pixz -d 1300480, by xz -dc 1300520; with pixz -t: by xz -dc 1300480
#
# Why it matters: the digest that names an unpacked layer (DiffID) is over all that decompression gives. The same .xz
# has one DiffID by pixz and another by everything else, while `tar -t` shows no difference at all.
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
get pixz=1.0.7-2 xz-utils=5.4.1-1+deb12u2 libarchive13=3.6.2-1+deb12u5

mkdir r && seq 200000 >r/a && tar --sort=name --format=gnu -cf layer.tar r || exit 2
pixz layer.tar with.xz && pixz -t layer.tar without.xz || exit 2
pixz -d with.xz own.tar && xz -dc with.xz >other.tar && xz -dc without.xz >plain.tar || changed "xz or pixz cannot read it"
size() { stat -c %s "$1"; }
echo "tar $(size layer.tar) bytes, by pixz -d $(size own.tar), by xz -dc $(size other.tar); with pixz -t: by xz -dc $(size plain.tar)"
cmp -s own.tar layer.tar || changed "pixz -d does not give the tar back"
cmp -s plain.tar layer.tar || changed "pixz -t does not give the tar back by xz -dc"
[ "$(size other.tar)" -gt "$(size layer.tar)" ] || changed "xz -dc gives the tar alone"
head -c "$(size layer.tar)" other.tar | cmp -s - layer.tar || changed "the tar is not at the beginning"
