#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs, the builder of old and BuildKit),
# Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3, vfs), dpkg 1.21.23. Needs root.
#
# One would expect: on a base with a merged /usr (lib is a link to usr/lib, as in Debian, Ubuntu and Fedora) what is added below
# lib/ comes to usr/lib, as a package does that dpkg installs; or it is refused.
#
# What happens: "ADD files.tar /" by Docker, BuildKit and Podman, "COPY files /" by Docker and Podman, and "dpkg-deb -x" (what
# is also done by hand to put a package into a tree) put a folder in the place of the link, and all that was there by way of
# it is gone from /lib: the dynamic loader too. They say nothing. BuildKit's COPY alone refuses ("cannot copy to non-directory").
#
# Seen (what is /lib afterwards):
#     ADD: docker folder, buildkit folder, podman folder; COPY: docker folder, buildkit refused, podman folder
#     dpkg-deb -x: folder; dpkg -i: link
#
# Why it matters: one tarball with a lib/ or bin/ in it, and no program of the image starts ("no such file or directory", of a
# program that is there). Pack such files as usr/lib.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 dpkg=1.21.23 \
    runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
export HOME=$work DOCKER_HOST=unix://$work/docker/sock

mkdir -p docker p context/files/lib base
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)

tree() { mkdir -p "$1/usr/lib" && echo loader >"$1/usr/lib/ld.so" && ln -s usr/lib "$1/lib" || exit 2; }
tree tree && tar -C tree -cf base/layer.tar usr lib && echo new >context/files/lib/new && tar -C context/files -cf context/files.tar lib || exit 2
printf '{"architecture":"amd64","os":"linux","config":{},"history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(sha256sum <base/layer.tar | cut -c1-64)" >base/config.json
echo '[{"Config":"config.json","RepoTags":["localhost/base:1"],"Layers":["layer.tar"]}]' >base/manifest.json
tar -C base -cf base.tar manifest.json config.json layer.tar

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
podman() { command podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
for _ in $(seq 300); do docker version >answer 2>&1 && break; sleep 0.2; done
docker load -q -i base.tar >answer 2>&1 && podman load -q --signature-policy policy -i base.tar >answer 2>&1 || { cat answer >&2; exit 2; }

kind() { if [ -L "$1" ]; then echo link; elif [ -d "$1" ]; then echo folder; else echo nothing; fi; }
last() { # ARCHIVE: what its last layer puts at lib
    rm -rf saved && mkdir -p saved/out && tar -C saved -xf "$1" || exit 2
    tar -C saved/out -xf "saved/$(grep -o '"[^"]*\.tar"' saved/manifest.json | tail -n 1 | tr -d '"')" || exit 2
    kind saved/out/lib
}
by() { # NAME COMMAND...: what is /lib by this builder
    "${@:2}" -q -t "made:$1" context >answer 2>error || { grep -q 'cannot copy to non-directory' error && echo refused; return; }
    if [ "$2" = podman ]; then podman save -q -o "$1.tar" "made:$1" >answer; else docker save -o "$1.tar" "made:$1"; fi
    last "$1.tar"
}
line() { # NAME LINE: of a Dockerfile
    printf 'FROM localhost/base:1\n%s\n' "$2" >context/Dockerfile
    printf '%s: docker %s, ' "${2%% *}" "$(by "$1-old" env DOCKER_BUILDKIT=0 docker build)"
    printf 'buildkit %s, ' "$(by "$1-new" env DOCKER_BUILDKIT=1 docker build)"
    printf 'podman %s\n' "$(by "$1" podman build --signature-policy policy)"
}

mkdir -p package/DEBIAN package/lib && cp context/files/lib/new package/lib/ &&
    printf 'Package: p\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a file\n' >package/DEBIAN/control &&
    dpkg-deb -b package p.deb >answer && tree by-hand && dpkg-deb -x p.deb by-hand && tree installed &&
    mkdir -p installed/var/lib/dpkg/{info,updates} && touch installed/var/lib/dpkg/status && dpkg --root="$work/installed" -i p.deb >answer 2>&1 ||
    { echo "cannot be tried: $(tail -n 1 answer)" >&2; exit 2; }

first="$(line add 'ADD files.tar /'); $(line copy 'COPY files /')"
second="dpkg-deb -x: $(kind by-hand/lib); dpkg -i: $(kind installed/lib)"
echo "$first"
echo "$second"
[ "$first" = "ADD: docker folder, buildkit folder, podman folder; COPY: docker folder, buildkit refused, podman folder" ] ||
    changed "builders treat the link otherwise"
[ "$second" = "dpkg-deb -x: folder; dpkg -i: link" ] || changed "dpkg treats the link otherwise"
