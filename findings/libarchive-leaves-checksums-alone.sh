#!/usr/bin/env bash
# Software: bsdtar and libarchive 3.6.2 (Debian libarchive-tools and libarchive13 3.6.2-1+deb12u5), fflate 0.8.3, pako 3.0.3 (npm); gzip
# 1.12 (1.12-1), busybox 1.35.0 (1:1.35.0-4+deb12u1+b1). Needs python3, Node.js.
#
# One would expect: what reads gzip compares the CRC-32 and the length at the end of each member with what came out: they are
# there for that, and gzip, zlib, Go and Python do.
#
# What happens: libarchive passes over both. A tar.gz of which the checksum does not fit its contents is unpacked by bsdtar without a
# word, with exit status 0, by default or with -z. fflate's gunzipSync does not look at it either. Of zstd libarchive
# does find it, since libzstd compares.
#
# Seen (of a file "AAAA" that has become "BAAA" below the compression):
#     gzip: error; busybox tar: error; bsdtar: BAAA, exit 0; fflate: BAAA; pako: error; bsdtar of zstd: error
#
# Why it matters: what came over a bad line or from a bad disk is caught by tar, and not by bsdtar or any program that has its
# archives from libarchive. Where there is no digest beside the archive, "gzip -t" is another thing than "bsdtar -t".
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
get libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 gzip=1.12-1 busybox=1:1.35.0-4+deb12u1+b1 zstd=1.5.4+dfsg2-5+deb12u1 \
    libzstd1=1.5.4+dfsg2-5+deb12u1
timeout 100 npm install --silent --no-audit --no-fund --prefix . fflate@0.8.3 pako@3.0.3 >/dev/null 2>&1 ||
    { echo "cannot install fflate and pako" >&2; exit 2; }

# the right checksum of the one tar behind the stored bytes of the other
cat >write.py <<'END'
import struct, sys, zlib
tar = open("a.tar", "rb").read()
other = tar.replace(b"AAAA", b"BAAA")
deflate = zlib.compressobj(0, zlib.DEFLATED, -15)
body = deflate.compress(other) + deflate.flush()
open("other.tar.gz", "wb").write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(tar), len(tar)))
# zstd: one block of bytes as they are, and the checksum that zstd itself has given the tar
zst = open("a.tar.zst", "rb").read()
frame = b"\x28\xb5\x2f\xfd\x64" + struct.pack("<HI", len(other) - 256, len(other) << 3 | 1)[:5]
open("same.tar.zst", "wb").write(frame + tar + zst[-4:])
open("other.tar.zst", "wb").write(frame + other + zst[-4:])
END
mkdir d && printf AAAA >d/a && tar -C d --format=ustar -b 1 -cf a.tar a && zstd -q --check a.tar && python3 write.py || exit 2

tried() { # COMMAND...: what it says of the file's contents
    local code
    "$@" >text 2>error
    code=$?
    if [ $code = 0 ]; then printf '%s, exit 0' "$(cat text)"; else printf error; fi
}
seen="gzip: $(tried gzip -t other.tar.gz); busybox tar: $(tried busybox tar -xzOf other.tar.gz a); bsdtar: $(tried bsdtar -xOf other.tar.gz a)"
[ "$(tried bsdtar -xzOf other.tar.gz a)" = "BAAA, exit 0" ] || changed "bsdtar -z looks at the checksum"
cat >read.mjs <<'END'
import fs from 'fs';
import * as fflate from 'fflate';
import * as pako from 'pako';
const bytes = fs.readFileSync('other.tar.gz');
for (const [name, read] of [['fflate', fflate.gunzipSync], ['pako', pako.ungzip]]) {
    let text = 'error';
    try { text = Buffer.from(read(bytes)).subarray(512, 516).toString(); } catch { }
    process.stdout.write(`; ${name}: ${text}`);
}
END
seen+=$(node read.mjs) || { echo "fflate and pako cannot be tried" >&2; exit 2; }
zstd -qdc same.tar.zst | cmp -s - a.tar || { echo "the frame is not read" >&2; exit 2; }
zstd -qdc other.tar.zst >text 2>error && changed "zstd takes the other bytes"
seen+="; bsdtar of zstd: $(tried bsdtar -xOf other.tar.zst a)"
echo "$seen"
[ "$seen" = "gzip: error; busybox tar: error; bsdtar: BAAA, exit 0; fflate: BAAA; pako: error; bsdtar of zstd: error" ] || changed "others look at the checksum"
