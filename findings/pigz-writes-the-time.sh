#!/usr/bin/env bash
# Software: pigz 2.6 (Debian 2.6-1), igzip 2.30.0 (isal and libisal2 2.30.0-5), 7-Zip 26.02 (7zip 22.01+really26.02+dfsg-0+deb12u1), gzip 1.12
# (1.12-1), bgzip 1.16 (tabix and libhts3 1.16+ds-3), libdeflate-gzip 1.14 (libdeflate-tools and libdeflate0 1.14-1).
#
# One would expect: "tar ... | pigz" gives the same bytes whenever it is run, as "tar ... | gzip" does: what comes from a pipe
# has no name and no time, so none is stored, and -n is for files.
#
# What happens: pigz, igzip and 7-Zip store the time of the run where there is none of a file. gzip, bgzip and libdeflate-gzip
# store 0. With -n (7-Zip: -mtm-) the three do so too.
#
# Seen (whether the time in the header is that of the run, from a pipe):
#     gzip no, pigz yes, igzip yes, 7zz yes, bgzip no, libdeflate-gzip no; with -n: pigz no, igzip no, 7zz no
#
# Why it matters: pigz stands in for gzip because it is faster ("tar -I pigz", a link of that name). With it the digest of a layer,
# and so of the image, changes with each build, of the very same tar; caches and registries keep a copy of each.
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
get pigz=2.6-1 isal=2.30.0-5 libisal2=2.30.0-5 7zip=22.01+really26.02+dfsg-0+deb12u1 gzip=1.12-1 tabix=1.16+ds-3 libhts3=1.16+ds-3 \
    libhtscodecs2=1.3.0-4 libdeflate-tools=1.14-1 libdeflate0=1.14-1

seq 1000 >bytes && touch -d 2020-01-01 bytes || exit 2
timed() { # NAME COMMAND...: whether it stores the present time
    local name=$1 since stored; shift
    since=$(date +%s)
    cat bytes | "$@" >out.gz 2>error || { echo "$name: $(tail -n 1 error)" >&2; exit 2; }
    gzip -dc <out.gz | cmp -s - bytes || { echo "$name: other bytes come out" >&2; exit 2; }
    stored=$(od -An -tu4 -j4 -N4 out.gz)
    if [ "$stored" -eq 0 ]; then echo "$name no"; elif [ "$stored" -ge "$since" ]; then echo "$name yes"; else echo "$name $stored"; fi
}
plain=$(timed gzip gzip; timed pigz pigz; timed igzip igzip; timed 7zz 7zz a -tgzip -si -so x; timed bgzip bgzip -c; timed libdeflate-gzip libdeflate-gzip -c)
without=$(timed pigz pigz -n; timed igzip igzip -n; timed 7zz 7zz a -tgzip -mtm- -si -so x)
seen=$(paste -sd, <<<"$plain" | sed 's/,/, /g')"; with -n: "$(paste -sd, <<<"$without" | sed 's/,/, /g')
echo "$seen"
[ "$seen" = "gzip no, pigz yes, igzip yes, 7zz yes, bgzip no, libdeflate-gzip no; with -n: pigz no, igzip no, 7zz no" ] || changed "other times"
