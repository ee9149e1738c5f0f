#!/usr/bin/env bash
# Software: GNU tar 1.34 (Debian 1.34+dfsg-1.2+deb12u1), bsdtar 3.6.2 (libarchive-tools and libarchive13 3.6.2-1+deb12u5), busybox 1.35.0
# (1:1.35.0-4+deb12u1+b1), Python's tarfile (python3 3.11), npm's tar 7.5.23 and tar-stream 3.2.2 under Node.js.
#
# One would expect: a tar that breaks off is an error, wherever it does, as GNU tar says "Unexpected EOF in archive" for one that ends in
# a file's contents.
#
# What happens: where it ends within a header, or right before one, GNU tar lists and unpacks what stands before and exits with 0, as if
# the archive were whole. So do Python's tarfile and npm's tar. In a header bsdtar, busybox and tar-stream say that it is cut, but
# of all six none misses the two blocks of zeros where it ends between two files.
#
# Seen (three files, cut in the contents of the third, in its header, before its header):
#     contents: tar error, bsdtar error, busybox error, Python error, npm tar error, tar-stream error
#     header: tar 2 files, bsdtar error, busybox error, Python 2 files, npm tar 2 files, tar-stream error
#     between: tar 2 files, bsdtar 2 files, busybox 2 files, Python 2 files, npm tar 2 files, tar-stream 2 files
#
# Why it matters: "tar -t" is no check of a download, and of a layer without compression in particular: where files are of up to 512 bytes,
# every other byte is a header's. Only a digest or a size shows it.
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
get tar=1.34+dfsg-1.2+deb12u1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 busybox=1:1.35.0-4+deb12u1+b1
timeout 100 npm install --silent --no-audit --no-fund --prefix . tar@7.5.23 tar-stream@3.2.2 >/dev/null 2>&1 ||
    { echo "cannot install tar and tar-stream" >&2; exit 2; }

mkdir d && for name in 1 2 3; do head -c 1000 /dev/zero | tr '\0' "$name" >"d/$name" || exit 2; done
tar -C d --format=ustar -cf whole.tar 1 2 3 || exit 2
third=$((2 * (512 + 1024)))
head -c $((third + 512 + 300)) whole.tar >contents.tar
head -c $((third + 300)) whole.tar >header.tar
head -c $third whole.tar >between.tar

cat >read.py <<'END'
import sys, tarfile
with tarfile.open(sys.argv[1]) as tar:
    tar.extractall("out")
END
cat >read.mjs <<'END'
import fs from 'fs';
import { pipeline } from 'stream/promises';
import * as tar from 'tar';
import stream from 'tar-stream';
if (process.argv[2] === 'tar') {
    await tar.x({ file: process.argv[3], cwd: 'out' });
} else {
    const extract = stream.extract();
    extract.on('entry', (header, body, next) => {
        const to = fs.createWriteStream('out/' + header.name);
        pipeline(body, to).then(() => next(), next);
    });
    await pipeline(fs.createReadStream(process.argv[3]), extract);
}
END
by() { # NAME COMMAND...: unpacks into out/
    local name=$1; shift
    rm -rf out && mkdir out
    if "$@" >log 2>&1; then echo "$name $(ls out | wc -l) files"; else echo "$name error"; fi
}
cut() { # WHERE
    { by tar tar -C out -xf "$1.tar"; by bsdtar bsdtar -C out -xf "$1.tar"; by busybox busybox tar -C out -xf "$1.tar"
        by Python python3 read.py "$1.tar"; by "npm tar" node read.mjs tar "$1.tar"; by tar-stream node read.mjs stream "$1.tar"; } | paste -sd, | sed 's/,/, /g'
}
[[ $(cut whole) != *error* ]] || { echo "cannot read a whole tar" >&2; exit 2; }
seen="contents: $(cut contents)"$'\n'"header: $(cut header)"$'\n'"between: $(cut between)"
echo "$seen"
[ "$seen" = "contents: tar error, bsdtar error, busybox error, Python error, npm tar error, tar-stream error
header: tar 2 files, bsdtar error, busybox error, Python 2 files, npm tar 2 files, tar-stream error
between: tar 2 files, bsdtar 2 files, busybox 2 files, Python 2 files, npm tar 2 files, tar-stream 2 files" ] || changed "others say that it is cut"
