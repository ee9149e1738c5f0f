#!/usr/bin/env bash
# Software: genext2fs 1.5.0 (Debian 1.5.0-3), beside mke2fs 1.47.0 (e2fsprogs 1.47.0-2+b2) and tar2sqfs 1.2.0 (squashfs-tools-ng 1.2.0-1).
# Needs root.
#
# One would expect: a maker of filesystem images stores an owner and a device as they are in its input, or says that it cannot.
# ext2 has had owners of 32 bits and large device numbers since Linux 2.4 and 2.6.
#
# What happens: genext2fs, which takes a tar or a folder, writes the low 16 bits of owners and the low 8 of both device
# numbers, exits 0, and says nothing: 100000 becomes 34464, 65536 becomes 0, which is root. mke2fs -d and tar2sqfs store all.
#
# Seen (a file of 100000:65536, a block device 259:300):
#     genext2fs -a: 34464:0, 3:44; genext2fs -d: 34464:0, 3:44; mke2fs -d: 100000:65536, 259:300; tar2sqfs: 100000:65536, 259:300
#
# Why it matters: the files of a container without root belong to such numbers on the host (a range of /etc/subuid begins at 100000
# as a rule), and a tree that is packed there gets other owners, root among them.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$work/root/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get genext2fs=1.5.0-3 e2fsprogs=1.47.0-2+b2 squashfs-tools-ng=1.2.0-1 libsquashfs1=1.2.0-1 liblzo2-2=2.10-2 libarchive13=3.6.2-1+deb12u5

umask 022
mkdir d && echo hello >d/file && chown 100000:65536 d/file && mknod d/dev b 259 300 || { echo "cannot make the tree" >&2; exit 2; }
tar --numeric-owner -cf d.tar -C d . || exit 2
made() { "$@" >output 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
made genext2fs -b 200 -a d.tar tar.ext2
made genext2fs -b 200 -d d dir.ext2
made truncate -s 1M mke2fs.ext2; made mke2fs -q -d d mke2fs.ext2
made tar2sqfs -q d.sqfs <d.tar

ext2() { # IMAGE
    debugfs -R 'stat /file' "$1" 2>/dev/null | awk '/^User:/ {printf "%s:%s, ", $2, $4}'
    debugfs -R 'stat /dev' "$1" 2>/dev/null | sed -n 's/.*evice major\/minor number: *0*\([0-9]*\):0*\([0-9]*\) .*/\1:\2/p'
}
sqfs2tar d.sqfs >back.tar 2>error || exit 2
squash=$(tar --numeric-owner -tvf back.tar | awk '/ file$/ {owner = $2; sub("/", ":", owner)} / dev$/ {dev = $3; sub(",", ":", dev)} END {print owner ", " dev}')
seen="genext2fs -a: $(ext2 tar.ext2); genext2fs -d: $(ext2 dir.ext2); mke2fs -d: $(ext2 mke2fs.ext2); tar2sqfs: $squash"
echo "$seen"
[ "$seen" = "genext2fs -a: 34464:0, 3:44; genext2fs -d: 34464:0, 3:44; mke2fs -d: 100000:65536, 259:300; tar2sqfs: 100000:65536, 259:300" ] ||
    changed "other numbers"
