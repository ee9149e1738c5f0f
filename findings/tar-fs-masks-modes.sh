#!/usr/bin/env bash
# Software: tar-fs 3.1.3, tar 7.5.23 (npm) under Node.js; beside them GNU tar 1.34 (Debian 1.34+dfsg-1.2+deb12u1). Root.
#
# One would expect: what root packs and unpacks keeps its modes, as with tar, bsdtar and busybox; a umask is for files that are
# made anew. At the least packing does not look at it.
#
# What happens: tar-fs takes the umask (022) off twice: what it packs has lost the write permission of others already, and
# what it unpacks loses it, with setuid and the sticky bit. npm's tar packs modes as they are, and unpacks them less the umask,
# but with setuid and the sticky bit.
#
# Seen (modes of a folder as /tmp is, a program that is setuid, and a file for all):
#     disk 1777 4755 666; packed by tar-fs 1755 4755 644, by tar 1777 4755 666; unpacked by tar-fs 755 755 644, by tar 1755 4755 644, by GNU tar 1777 4755 666
#
# Why it matters: the root of an image that tar-fs has unpacked has a /tmp that only root may write to, and a sudo that does
# nothing. What dockerode sends as the context of a build it packs by tar-fs, so the image depends on the umask of who builds it.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
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
timeout 100 npm install --silent --no-audit --no-fund --prefix . tar@7.5.23 tar-fs@3.1.3 >/dev/null 2>&1 ||
    { echo "cannot install tar and tar-fs" >&2; exit 2; }
umask 022
mkdir -p disk/tmp && echo program >disk/su && echo file >disk/all && chmod 1777 disk/tmp && chmod 4755 disk/su && chmod 666 disk/all || exit 2
tar -C disk -cf whole.tar tmp su all || exit 2
cat >run.mjs <<'END'
import fs from 'fs';
import { pipeline } from 'stream/promises';
import tarfs from 'tar-fs';
import * as tar from 'tar';
await pipeline(tarfs.pack('disk'), fs.createWriteStream('tar-fs.tar'));
await tar.c({ file: 'tar.tar', cwd: 'disk' }, ['tmp', 'su', 'all']);
await pipeline(fs.createReadStream('whole.tar'), tarfs.extract('by-tar-fs'));
fs.mkdirSync('by-tar');
await tar.x({ file: 'whole.tar', cwd: 'by-tar' });
END
node run.mjs 2>error || changed "an error: $(grep -m 1 Error error)"
modes() { (cd "$1" && stat -c %a tmp su all | paste -sd' '); }
packed() { mkdir "of-$1" && tar -C "of-$1" -xpf "$1" && modes "of-$1"; }
mkdir by-gnu && tar -C by-gnu -xf whole.tar || exit 2
seen="disk $(modes disk); packed by tar-fs $(packed tar-fs.tar), by tar $(packed tar.tar); unpacked by tar-fs $(modes by-tar-fs), by tar $(modes by-tar), by GNU tar $(modes by-gnu)"
echo "$seen"
[ "$seen" = "disk 1777 4755 666; packed by tar-fs 1755 4755 644, by tar 1777 4755 666; unpacked by tar-fs 755 755 644, by tar 1755 4755 644, by GNU tar 1777 4755 666" ] ||
    changed "other modes"
