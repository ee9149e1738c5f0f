#!/usr/bin/env bash
# Installs the packages of `make deb` in a fresh Debian, runs them, and purges them: usage: debian.sh FOLDER
# Needs the network, and root or user namespaces, and a minute or more: run by hand (make deb deb-test; MIRROR= is a mirror or a file of
# sources). 0.1.0 on Debian 12: lintian 2.116 has no error or warning; installed, run, built against, purged, nothing left.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
debs=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/prop/sample.py" "$work/image"

# Runs in the new system; $1 is its root's own inside.
cat >"$work/inside" <<'INSIDE'
set -eu
export DEBIAN_FRONTEND=noninteractive
everything() { find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o -print | sort; }
apt-get install -qq -y --no-install-recommends /tmp/debs/*.deb gcc libc6-dev pkg-config >/dev/null
ours=$(cd /tmp/debs && for deb in *.deb; do dpkg-deb -f "$deb" Package; done)
dpkg -L $ours | sort -u >/tmp/files
lamina --version
lamina inspect oci:/tmp/image
lamina plan oci:/tmp/image --flatten --split /opt | lamina apply - oci:/tmp/image oci:/tmp/out:split
lamina diff oci:/tmp/image oci:/tmp/out:split
cc -o /tmp/wasted /usr/share/doc/liblamina-dev/examples/wasted.c $(pkg-config --cflags --libs lamina)
/tmp/wasted oci:/tmp/image
rm -rf /root/.cache/lamina
apt-get purge -qq -y $ours >/dev/null
everything >/tmp/after
left=
while read -r file; do
    [ -d "$file" ] || ! [ -e "$file" ] || left="$left $file"
done </tmp/files
grep -i lamina /tmp/after && left="$left (see above)"
[ -z "$left" ] || { echo "left behind:$left"; exit 1; }
for package in $ours; do
    if dpkg -s "$package" >/dev/null 2>&1; then echo "$package is still known"; exit 1; fi
done
INSIDE

mmdebstrap --quiet --variant=apt \
    --customize-hook='mkdir -p "$1/tmp/debs"' \
    --customize-hook="cp $debs/*.deb \"\$1/tmp/debs\"" \
    --customize-hook="cp -r $work/image $work/inside \"\$1/tmp\"" \
    --customize-hook='chroot "$1" sh /tmp/inside' \
    bookworm /dev/null ${MIRROR:+"$MIRROR"}
echo "1 passed, 0 failed"
