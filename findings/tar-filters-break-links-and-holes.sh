#!/usr/bin/env bash
# Software: mmtarfilter of mmdebstrap 1.3.5 (Debian 1.3.5-7) and bsdtar of libarchive 3.6.2 (libarchive-tools
# 3.6.2-1+deb12u5), read back by GNU tar 1.34. Needs python3.
#
# One would expect: a filter that leaves a path out of a tar on its way to an image ("mmtarfilter --path-exclude",
# "bsdtar --exclude … @in.tar") gives the file's bytes to the next name of a hard link, or says that it cannot; what it
# passes on is as it was.
#
# What happens: both leave the other name as a link to a member that is not there. Neither says a word, the exit status
# is 0, and the data is lost: only unpacking fails. And mmtarfilter writes the map of a sparse file (PAX 1.0, what
# "tar --format=pax --sparse" makes) as if it were no map: GNU tar 1.34 says "numeric overflow in sparse archive member"
# and lists no further. bsdtar writes such a file out whole.
#
# Seen:
#     b linked to a, without a: mmtarfilter exit 0, unpacked 2; bsdtar exit 0, unpacked 2
#     a sparse file, nothing excluded: mmtarfilter exit 0, listed 2; bsdtar exit 0, listed 0
#
# Why it matters: leaving paths out of layers by a tar filter is the usual way to slim images that are made from packages,
# and hard links between such paths are usual too (perl, git, zoneinfo). List what the filter wrote before using it.
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
get mmdebstrap=1.3.5-7 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5

exits() { "$@" >output 2>error; echo $?; }
unpacked() { rm -rf out && mkdir out && exits tar -xf "$1" -C out; }
mkdir links holes && echo data >links/a && ln links/a links/b && truncate -s 4M holes/h && echo end >>holes/h || exit 2
tar --format=pax --sort=name -C links -cf links.tar . && tar --format=pax --sparse -C holes -cf holes.tar . || exit 2
mm() { mmtarfilter --path-exclude=/a <"$1" >"$2"; }
bsd() { bsdtar --exclude ./a -cf "$2" --format=pax "@$1"; }

links="mmtarfilter exit $(exits mm links.tar mm.tar), unpacked $(unpacked mm.tar)"
links="$links; bsdtar exit $(exits bsd links.tar bsd.tar), unpacked $(unpacked bsd.tar)"
grep -q 'Cannot hard link' error || changed "the error is another: $(cat error)"
holes="mmtarfilter exit $(exits mm holes.tar mm.tar), listed $(exits tar -tvf mm.tar)"
grep -q 'numeric overflow' error || changed "the error is another: $(cat error)"
holes="$holes; bsdtar exit $(exits bsd holes.tar bsd.tar), listed $(exits tar -tvf bsd.tar)"
echo "b linked to a, without a: $links"
echo "a sparse file, nothing excluded: $holes"
[ "$links" = "mmtarfilter exit 0, unpacked 2; bsdtar exit 0, unpacked 2" ] || changed "links are kept, or refused"
[ "$holes" = "mmtarfilter exit 0, listed 2; bsdtar exit 0, listed 0" ] || changed "sparse files are read otherwise"
