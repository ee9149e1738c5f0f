#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), buildah 1.28.2 (1.28.2+ds1-3+deb12u1+b3,
# vfs). Needs root, and a filesystem with user attributes.
#
# One would expect: ADD unpacks a tar, and the layer has what the tar has: owners, modes, links, attributes.
#
# What happens: Docker unpacks the attributes, and the container has them, but of all attributes it writes security.capability
# alone into a layer. user.* is gone from the image, the exit status is 0. buildah keeps it.
#
# Seen (attributes in the layer, of a tar with user.key and security.capability):
#     docker security.capability; buildah security.capability user.key
#
# Why it matters: rsync --fake-super keeps owners there, and checksums and flags of hardened kernels stand there, too. An image from one
# Dockerfile has them or has them not, by who built it.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
started=()
end() { for pid in "${started[@]}"; do kill "$pid"; wait "$pid"; done 2>/dev/null; umount "$work"/docker/root/vfs "$work"/docker/root "$work"/p/root/vfs 2>/dev/null; rm -rf "$work"; }
trap end EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 buildah=1.28.2+ds1-3+deb12u1+b3 skopeo=1.9.3+ds1-1+b10 \
    runc=1.1.5+ds1-1+deb12u1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4 attr=1:2.5.1-4
export HOME=$work DOCKER_HOST=unix://$work/docker/sock
mkdir -p docker
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
store=(--root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs)
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done

mkdir tree context && echo hello >tree/file && setfattr -n user.key -v value tree/file &&
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/file &&
    tar --format=pax --xattrs --xattrs-include='*' -C tree -cf context/tree.tar file || { echo "cannot set attributes" >&2; exit 2; }
printf 'FROM scratch\nADD tree.tar /\nCMD x\n' >context/Dockerfile

attributes() { tar --xattrs --xattrs-include='*' -tvvf "$1" | sed -n 's/^  x: *[0-9]* //p' | sort | paste -sd ' '; } # of a layer
[ "$(attributes context/tree.tar)" = "security.capability user.key" ] || exit 2
run docker build -q -t app context >answer && run docker save app >saved.tar && tar -xOf saved.tar --wildcards '*/layer.tar' >docker.tar || exit 2
run buildah "${store[@]}" bud -q --signature-policy policy -t app context >answer
run buildah "${store[@]}" push -q --signature-policy policy app dir:pushed >answer
layer=$(grep -o '"layers":.*' pushed/manifest.json | grep -o 'sha256:[0-9a-f]*' | cut -d: -f2) && { gzip -dc "pushed/$layer" || cat "pushed/$layer"; } >buildah.tar 2>error
seen="docker $(attributes docker.tar); buildah $(attributes buildah.tar)"
echo "$seen"
[ "$seen" = "docker security.capability; buildah security.capability user.key" ] || changed "other attributes"
