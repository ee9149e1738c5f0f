#!/usr/bin/env bash
# Software: erofs-utils 1.5 (mkfs.erofs, fsck.erofs; Debian 1.5-1), casync 2 (2+20201210-1+b1), squashfs-tools-ng 1.2.0
# (rdsquashfs; 1.2.0-1), beside unsquashfs 4.5.1 (1:4.5.1-1). Needs root.
#
# One would expect: a tree that goes into an image of a filesystem, as root, and out again by the image's own tool, is the tree
# that it was: modes, attributes, names of one file.
#
# What happens: "fsck.erofs --extract" of erofs-utils 1.5 takes the setuid bit away (it sets the mode, then the owner, and the
# kernel clears the bit), makes a file of each name, and knows no attributes: capabilities are gone. All of it is in the image;
# mounted it is there. casync, which stores modes and attributes, makes a file of each name too; so does rdsquashfs. None says
# a word, and each exits 0. unsquashfs gives all back.
#
# Seen (mode of a setuid program with two names, its number of names, attributes):
#     tree 4755 2 1; fsck.erofs 755 1 0; casync 4755 1 1; rdsquashfs 4755 1 1; unsquashfs 4755 2 1
#
# Why it matters: a layer that is made of such a tree has files twice, and a sudo or ping that no longer works. Mount an
# EROFS image and copy from there; or find hard links by inode before, and link again.
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
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
get erofs-utils=1.5-1 casync=2+20201210-1+b1 libfuse2=2.9.9-6+b1 squashfs-tools=1:4.5.1-1 squashfs-tools-ng=1.2.0-1 \
    libsquashfs1=1.2.0-1 liblzo2-2=2.10-2 attr=1:2.5.1-4

umask 022
mkdir tree casync && echo program >tree/a && chmod 4755 tree/a && ln tree/a tree/b && setfattr -n user.key -v value tree/a ||
    { echo "cannot make the tree" >&2; exit 2; }
made() { "$@" >output 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
made mkfs.erofs e.img tree
made fsck.erofs --extract="$work/fsck.erofs" e.img
made casync make c.catar tree
made casync extract c.catar casync
made mksquashfs tree s.sqfs -quiet -no-progress
made rdsquashfs -q -C -O -X -T -u / -p rdsquashfs s.sqfs
made unsquashfs -q -n -d unsquashfs s.sqfs

seen=$(for at in tree fsck.erofs casync rdsquashfs unsquashfs; do
    printf '%s %s %s; ' "$at" "$(stat -c '%a %h' "$at/a")" "$(getfattr "$at/a" 2>error | grep -c '^user')"
done)
seen=${seen%; }
echo "$seen"
[ "$seen" = "tree 4755 2 1; fsck.erofs 755 1 0; casync 4755 1 1; rdsquashfs 4755 1 1; unsquashfs 4755 2 1" ] || changed "other things are kept"
