#!/usr/bin/env bash
# Software: tar-stream 3.2.2, tar 7.5.23 (npm) under Node.js; the archives are listed by GNU tar 1.34 (Debian 1.34+dfsg-1.2+deb12u1).
#
# One would expect: an owner too large for the field of a tar header goes into a record of POSIX's format, or is written in
# base 256, as GNU tar does; or an error says so. npm's tar does that, and tar-stream itself does so for sizes.
#
# What happens: tar-stream writes the largest number of six octal digits, 262143, for every uid and gid from 262144 on, without
# an error. It does not even use the seventh digit that the field has room for.
#
# Seen (owner of the files as GNU tar lists them):
#     given 262143/262144, 300000/2097152: tar-stream 262143/262143, 262143/262143; tar 262143/262144, 300000/2097152
#
# Why it matters: containers without root use the ids that /etc/subuid gives: the third user of a machine begins at 231072, and
# his user 65534 is 296606. Who packs such a tree by tar-stream (tar-fs, archiver and dockerode do) gives all its users one owner.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/bin:$PATH
}
changed() { echo "changed: $*"; exit 1; }
get tar=1.34+dfsg-1.2+deb12u1
timeout 100 npm install --silent --no-audit --no-fund --prefix . tar@7.5.23 tar-stream@3.2.2 >/dev/null 2>&1 ||
    { echo "cannot install tar and tar-stream" >&2; exit 2; }
cat >write.mjs <<'END'
import fs from 'fs';
import stream from 'tar-stream';
import { Header, Pax } from 'tar';
const owners = [[262143, 262144], [300000, 2097152]];
const pack = stream.pack();
owners.forEach(([uid, gid], i) => pack.entry({ name: 'file' + i, uid, gid }, ''));
pack.finalize();
const pieces = [];
for await (const piece of pack) pieces.push(piece);
fs.writeFileSync('tar-stream.tar', Buffer.concat(pieces));
const blocks = owners.flatMap(([uid, gid], i) => {
    const own = { path: 'file' + i, mode: 0o644, uid, gid, size: 0, mtime: new Date(0), type: 'File', uname: '', gname: '' };
    const header = new Header(own);
    header.encode();
    return header.needPax ? [new Pax(own).encode(), header.block] : [header.block];
});
fs.writeFileSync('tar.tar', Buffer.concat([...blocks, Buffer.alloc(1024)]));
END
node write.mjs 2>error || changed "an error: $(grep -m 1 Error error)"
owners() { tar --numeric-owner -tvf "$1" | awk '{print $2}' | paste -sd, | sed 's/,/, /'; }
seen="given 262143/262144, 300000/2097152: tar-stream $(owners tar-stream.tar); tar $(owners tar.tar)"
echo "$seen"
[ "$seen" = "given 262143/262144, 300000/2097152: tar-stream 262143/262143, 262143/262143; tar 262143/262144, 300000/2097152" ] || changed "other owners"
