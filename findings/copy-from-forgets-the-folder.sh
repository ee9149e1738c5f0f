#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs, the builder of old and BuildKit),
# Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3, vfs). Needs root.
#
# One would expect: "COPY --from=base /data /data" makes /data as it is in base: mode, owner and time of the folder as of the
# files in it.
#
# What happens: all below it comes as it was. The folder that the line names does not: its contents are copied into a new one,
# 0755, root's, of now. So it is by all three builders. (The folders in it keep theirs; with a file it is the file.)
#
# Seen (a folder of 1777 and owner 5 of the year 2001, with one like it inside):
#     docker: data 755 0 now, data/in 1777 5 2001
#     buildkit: data 755 0 now, data/in 1777 5 2001
#     podman: data 755 0 now, data/in 1777 5 2001
#
# Why it matters: /tmp, /var/tmp, a spool or a home that is carried over this way is not writable any more for whom it was made,
# and its layer is another at each build. Set its mode and owner by RUN afterwards.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
started=()
end() { for pid in "${started[@]}"; do kill "$pid"; wait "$pid"; done 2>/dev/null; umount "$work"/docker/root/vfs "$work"/p/root/vfs 2>/dev/null; rm -rf "$work"; }
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 \
    runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
export HOME=$work DOCKER_HOST=unix://$work/docker/sock

mkdir -p docker p context context/data/in base
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)

mkdir -p tree/data/in && echo file >tree/data/in/file && chown -R 5:0 tree/data && chmod 1777 tree/data tree/data/in &&
    touch -d 2001-02-03 tree/data/in/file tree/data/in tree/data && tar --format=pax -C tree -cf base/layer.tar data || exit 2
printf '{"architecture":"amd64","os":"linux","config":{},"history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(sha256sum <base/layer.tar | cut -c1-64)" >base/config.json
echo '[{"Config":"config.json","RepoTags":["localhost/base:1"],"Layers":["layer.tar"]}]' >base/manifest.json
tar -C base -cf base.tar manifest.json config.json layer.tar
printf 'FROM localhost/base:1 AS base\nFROM scratch\nCOPY --from=base /data /data\n' >context/Dockerfile

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
podman() { command podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done
docker load -q -i base.tar >answer 2>&1 && podman load -q --signature-policy policy -i base.tar >answer 2>&1 || { cat answer >&2; exit 2; }

has() { # ARCHIVE: what its last layer says of both folders
    rm -rf saved && mkdir saved && tar -C saved -xf "$1" || exit 2
    local layer year; layer=$(grep -o '"[^"]*\.tar"' saved/manifest.json | tail -n 1 | tr -d '"'); year=$(date +%Y)
    mkdir saved/out && tar -C saved/out --same-owner -xpf "saved/$layer" || exit 2
    (cd saved/out && stat -c '%n %a %u %y' data data/in) | cut -d- -f1 | sed "s/ $year\$/ now/" | paste -sd , | sed 's/,/, /'
}
made() { "$@" >answer 2>&1 || { tail -n 2 answer >&2; exit 2; }; }
made env DOCKER_BUILDKIT=0 docker build -q -t made:1 context; made docker save -o docker.tar made:1
made env DOCKER_BUILDKIT=1 docker build -q -t made:2 context; made docker save -o buildkit.tar made:2
made podman build -q --signature-policy policy -t made:3 context; made podman save -q -o podman.tar made:3
for builder in docker buildkit podman; do echo "$builder: $(has $builder.tar)"; done >seen
cat seen
for builder in docker buildkit podman; do
    grep -qx "$builder: data 755 0 now, data/in 1777 5 2001" seen || changed "$builder copies the folder otherwise"
done
