#!/usr/bin/env bash
# Software: GNU tar 1.34 (Debian tar 1.34+dfsg-1.2+deb12u1) writes; busybox 1.35.0 (1:1.35.0-4+deb12u1+b1), pax 20201030
# (1:20201030-1), 7-Zip 26.02 (7zip 22.01+really26.02+dfsg-0+deb12u1), tarlz 0.23 (0.23-3), bsdtar 3.6.2 (libarchive-tools and
# libarchive13 3.6.2-1+deb12u5), npm's tar 7.5.23, tar-stream 3.2.2 and modern-tar 0.8.6 read.
#
# One would expect: a tool that reads POSIX's (pax) format gives a sparse file of it back, or says that it cannot.
#
# What happens: GNU tar stores it under a name of its own making, GNUSparseFile.PID/NAME, and the real name, the size and the
# fact that a map of the holes stands before the data are in records that GNU tar, libarchive, Python and Go know. The
# others pass over records that they do not know, as POSIX has it: they write a file of the other name, with the map as its
# first block, and exit with success. Of GNU's own format (-S without --format=pax) most do better or refuse.
#
# Seen (what becomes of a file of 1 MiB, all but 1 byte of it hole, from --format=pax --sparse):
#     bsdtar whole; busybox a map, exit 0; pax a map, exit 0; 7-Zip a map, exit 0; tarlz a map, exit 0; npm tar a map; npm tar-stream a map; npm modern-tar a map
#
# Why it matters: what Alpine's tar unpacks of such an archive is not there under its name, and nothing says so. In an image a
# database file or a disk image comes in this way. Write archives for others without -S.
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
get tar=1.34+dfsg-1.2+deb12u1 busybox=1:1.35.0-4+deb12u1+b1 pax=1:20201030-1 7zip=22.01+really26.02+dfsg-0+deb12u1 tarlz=0.23-3 \
    liblz1=1.13-5 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5
npm install --silent --no-audit --no-fund --prefix . tar@7.5.23 tar-stream@3.2.2 modern-tar@0.8.6 >/dev/null 2>&1 ||
    { echo "cannot install tar, tar-stream and modern-tar" >&2; exit 2; }

truncate -s 500000 disk && printf X >>disk && truncate -s 1M disk && tar --format=pax --sparse -cf sparse.tar disk || exit 2
sum=$(sha256sum <disk)
[ "$(stat -c %s sparse.tar)" -lt 100000 ] || { echo "no sparse files can be made here" >&2; exit 2; }

found() { # what is in out/
    if [ -e out/disk ]; then
        [ "$(sha256sum <out/disk)" = "$sum" ] && echo whole || echo "another file"
    elif head -n 1 out/GNUSparseFile.*/disk | grep -qaE '^[0-9]+$'; then
        echo "a map"
    else
        echo nothing
    fi
    rm -rf out
}
seen=
with() { # NAME COMMAND...: in out/
    local name=$1 code; shift
    mkdir out && (cd out && "$@") >log 2>&1
    code=$?
    result=$(found)
    [ "$result" = whole ] || result+=", exit $code"
    seen+="$name $result; "
}
with bsdtar bsdtar -xf ../sparse.tar
with busybox busybox tar -xf ../sparse.tar
with pax pax -r -f ../sparse.tar
with 7-Zip 7zz x ../sparse.tar
with tarlz tarlz -xf ../sparse.tar
cat >read.mjs <<'END'
import fs from 'fs';
import path from 'path';
import * as npm from 'tar';
import stream from 'tar-stream';
import { unpackTar } from 'modern-tar';
const write = (name, bytes) => { const to = path.join('out', name); fs.mkdirSync(path.dirname(to), { recursive: true }); fs.writeFileSync(to, bytes); };
fs.mkdirSync('out');
if (process.argv[2] === 'tar') {
    await npm.x({ file: 'sparse.tar', cwd: 'out' });
} else if (process.argv[2] === 'tar-stream') {
    const extract = fs.createReadStream('sparse.tar').pipe(stream.extract());
    for await (const entry of extract) {
        const pieces = [];
        for await (const piece of entry) pieces.push(piece);
        write(entry.header.name, Buffer.concat(pieces));
    }
} else {
    for (const entry of await unpackTar(fs.readFileSync('sparse.tar'))) write(entry.header.name, entry.data);
}
END
for name in tar tar-stream modern-tar; do
    node read.mjs $name 2>error || changed "$name refuses it: $(grep -m 1 Error error)"
    seen+="npm $name $(found); "
done
seen=${seen%; }
echo "$seen"
[ "$seen" = "bsdtar whole; busybox a map, exit 0; pax a map, exit 0; 7-Zip a map, exit 0; tarlz a map, exit 0; npm tar a map; npm tar-stream a map; npm modern-tar a map" ] ||
    changed "other files"
