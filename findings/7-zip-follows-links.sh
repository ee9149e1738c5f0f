#!/usr/bin/env bash
# Software: 7-Zip 26.02 (Debian 7zip 22.01+really26.02+dfsg-0+deb12u1); listed by GNU tar 1.34 (1.34+dfsg-1.2+deb12u1). Root.
#
# One would expect: "7zz a -ttar" makes a tar as other programs make one: a symbolic link is a link, a second name of a file a hard
# link, and each entry has the file's owner and mode.
#
# What happens: 7-Zip follows symbolic links: instead of each there is a copy of what it leads to, of a folder with all that is in
# it. Hard links are copies too, and everything belongs to 0:0. With -snl and -snh links are links; the owners are still 0:0.
#
# Seen (entries with kind and owner):
#     plain: d 0/0 t/, d 0/0 t/bin/, - 0/0 t/bin/sh, d 0/0 t/dir/, - 0/0 t/dir/sh, - 0/0 t/file, - 0/0 t/link, - 0/0 t/name
#     -snl -snh: d 0/0 t/, l 0/0 t/bin, d 0/0 t/dir/, - 0/0 t/dir/sh, - 0/0 t/file, l 0/0 t/link, h 0/0 t/name
#
# Why it matters: a root file system packed so has /usr twice where /bin, /lib and /sbin are links, no link that an alternative is
# changed by, and every daemon's data belong to root.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/bin:$PATH
}
changed() { echo "changed: $*"; exit 1; }
get 7zip=22.01+really26.02+dfsg-0+deb12u1 tar=1.34+dfsg-1.2+deb12u1

mkdir -p t/dir && echo shell >t/dir/sh && echo text >t/file && ln t/file t/name && ln -s file t/link && ln -s dir t/bin && chown -h 1000:1000 t/file t/link || exit 2
listed() { tar --numeric-owner -tvf "$1" | sed -E 's/^(.)\S+ (\S+) +\S+ \S+ \S+ ([^ ]*).*/\1 \2 \3/' | LC_ALL=C sort -k3 | paste -sd, | sed 's/,/, /g'; }
7zz a -ttar plain.tar t >log 2>&1 && 7zz a -ttar -snl -snh links.tar t >log 2>&1 || { echo "7zz: $(grep -m 1 -i error log)" >&2; exit 2; }
seen="plain: $(listed plain.tar)"$'\n'"-snl -snh: $(listed links.tar)"
echo "$seen"
[ "$seen" = "plain: d 0/0 t/, d 0/0 t/bin/, - 0/0 t/bin/sh, d 0/0 t/dir/, - 0/0 t/dir/sh, - 0/0 t/file, - 0/0 t/link, - 0/0 t/name
-snl -snh: d 0/0 t/, l 0/0 t/bin, d 0/0 t/dir/, - 0/0 t/dir/sh, - 0/0 t/file, l 0/0 t/link, h 0/0 t/name" ] || changed "other entries"
