#!/usr/bin/env bash
# Software: squashfs-tools 4.5.1 (sqfstar; Debian 1:4.5.1-1), squashfs-tools-ng 1.2.0 (tar2sqfs; 1.2.0-1),
# genext2fs 1.5.0 (1.5.0-3).
#
# One would expect: where a tar has two entries of one path (`tar -r` makes it so), the last counts, as for every program
# that unpacks tars; a program that turns a tar into a filesystem image shows what unpacking would.
#
# What happens: sqfstar keeps the first and exits 0 (a line says "ignoring"); genext2fs keeps the first and says nothing;
# tar2sqfs refuses the whole tar ("File exists", exit 1).
#
# Seen:
#     tar: second; sqfstar: first (exit 0); genext2fs: first (exit 0); tar2sqfs: exit 1
#
# Why it matters: layers with two entries of a path exist (appended tars, several writers). A rootfs image made from
# the layer's tar boots the old file, silently; unpack first, or write each path once.
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
get squashfs-tools=1:4.5.1-1 squashfs-tools-ng=1.2.0-1 libsquashfs1=1.2.0-1 liblzo2-2=2.10-2 genext2fs=1.5.0-3 \
    libarchive13=3.6.2-1+deb12u5 e2fsprogs=1.47.0-2+b2

mkdir d && echo first >d/f && tar --format=gnu -cf two.tar d && echo second >d/f && tar --format=gnu -rf two.tar d/f || exit 2
[ "$(tar -tf two.tar | grep -c '^d/f$')" = 2 ] || exit 2
mkdir out && tar -xf two.tar -C out || exit 2
sqfstar s.sqfs <two.tar >s.log 2>&1; sqfstar=$?
genext2fs -b 200 -a two.tar e.ext2 >e.log 2>&1; genext2fs=$?
tar2sqfs -q t.sqfs <two.tar >t.log 2>&1; tar2sqfs=$?
by_sqfstar=$(rdsquashfs -c d/f s.sqfs); by_genext2fs=$(debugfs -R 'cat d/f' e.ext2 2>/dev/null)
echo "tar: $(cat out/d/f); sqfstar: $by_sqfstar (exit $sqfstar); genext2fs: $by_genext2fs (exit $genext2fs); tar2sqfs: exit $tar2sqfs"
[ "$(cat out/d/f)" = second ] || changed "tar does not take the last"
[ $sqfstar = 0 ] && [ "$by_sqfstar" = first ] || changed "sqfstar does not keep the first"
[ $genext2fs = 0 ] && [ "$by_genext2fs" = first ] || changed "genext2fs does not keep the first"
[ $tar2sqfs != 0 ] && grep -q 'File exists' t.log || changed "tar2sqfs takes the tar"
