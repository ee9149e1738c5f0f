#!/usr/bin/env bash
# Software: squashfs-tools 4.5.1 (sqfstar, mksquashfs; Debian 1:4.5.1-1), squashfs-tools-ng 1.2.0 (tar2sqfs; 1.2.0-1).
#
# One would expect: a time before 1970, which tars and filesystems can have, and squashfs, whose times have 32 bits without a sign,
# cannot, becomes 1970, or a warning tells it.
#
# What happens: sqfstar takes the whole tar for damaged: "Failed to parse pax header", or "Failed to read file mtime" of GNU's format,
# and exits 1. mksquashfs of a folder writes 2096 for 1960. tar2sqfs writes 1970. The last two say nothing and exit 0.
#
# Seen (a file of 1960-01-01):
#     pax: sqfstar 1, tar2sqfs 1970; gnu: sqfstar 1, tar2sqfs 1970; folder: mksquashfs 2096
#
# Why it matters: one file with a wrong clock in its past keeps a layer from being converted, and the message blames the tar. A time
# in the future is worse than none for whatever compares times. Clamp times first (tar --mtime, touch).
set -uo pipefail
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
get squashfs-tools=1:4.5.1-1 squashfs-tools-ng=1.2.0-1 libsquashfs1=1.2.0-1 liblzo2-2=2.10-2

export TZ=UTC
mkdir tree && echo hello >tree/file && touch -d 1960-01-01T00:00:00Z tree/file && [ "$(stat -c %Y tree/file)" -lt 0 ] ||
    { echo "no such time can be set here" >&2; exit 2; }
exits() { "$@" >>output 2>>errors; echo $?; }
year() { unsquashfs -lln "$1" | sed -n 's/.* \([0-9]*\)-[0-9]*-[0-9]* .*\/file$/\1/p'; }
of() { # FORMAT
    tar --format="$1" -C tree -cf "$1.tar" file || exit 2
    printf '%s: sqfstar %s, ' "$1" "$(exits sqfstar "$1.sqfstar" <"$1.tar")"
    tar2sqfs -q "$1.tar2sqfs" <"$1.tar" >>output 2>>errors || printf 'refused by '
    printf 'tar2sqfs %s;' "$(year "$1.tar2sqfs")"
}
seen="$(of pax) $(of gnu)"
mksquashfs tree folder.sqfs -quiet -no-progress >>output 2>>errors || changed "mksquashfs refuses the folder"
seen+=" folder: mksquashfs $(year folder.sqfs)"
echo "$seen"
[ "$seen" = "pax: sqfstar 1, tar2sqfs 1970; gnu: sqfstar 1, tar2sqfs 1970; folder: mksquashfs 2096" ] || changed "other times"
grep -q 'Failed to parse pax header' errors && grep -q 'Failed to read file mtime' errors || changed "the errors are others"
