#!/usr/bin/env bash
# Software: Podman 4.3.1 (Debian 4.3.1+ds1-8+deb12u1+b3, storage driver vfs). Root.
#
# One would expect: "podman save -o both.tar app:a app:b" does what "docker save" does with the same words: the archive has
# both images.
#
# What happens: it holds app:a alone, and under both names. Only with -m (--multi-image-archive) further arguments are
# images; without it they are names for the first one, even where another image has such a name. The exit status is 0, and
# loading the archive elsewhere gives that name to the wrong image.
#
# Seen (which file the image of each name has):
#     before: app:a one, app:b two; save app:a app:b, load: app:a one, app:b one; save -m, load: app:a one, app:b two
#
# Why it matters: a script that was written for docker save runs through with "alias docker=podman", and what is started from
# its archive as app:b is app:a. Use -m whenever there is more than one.
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
get podman=4.3.1+ds1-8+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 \
    libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 \
    golang-github-containers-image=5.23.1-4

sha() { sha256sum <"$1" | cut -c1-64; }
saved() { # FILE TAG: an image with that file, as docker save writes it
    mkdir -p "s.$2" && echo "$1" >"$1" && tar -cf "s.$2/layer.tar" "$1" || exit 2
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha "s.$2/layer.tar")" >"s.$2/config.json"
    echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"localhost/app:$2\"],\"Layers\":[\"layer.tar\"]}]" >"s.$2/manifest.json"
    tar -C "s.$2" -cf "$2.tar" manifest.json config.json layer.tar
}
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
run() { podman --root "$work/st" --runroot "$work/run" --storage-driver vfs --cgroup-manager cgroupfs "$@" 2>>error; }
load() { run load -q --signature-policy policy -i "$1" >output || { echo "cannot load: $(tail -n 1 error)" >&2; exit 2; }; }
has() { # the file of each name's image
    local of=()
    for tag in a b; do
        at=$(run image mount "localhost/app:$tag") || { echo "cannot mount: $(tail -n 1 error)" >&2; exit 2; }
        of+=("app:$tag $(ls "$at")")
    done
    run image umount -a >output
    echo "${of[0]}, ${of[1]}"
}
save() { # OPTION...: both saved, all removed, loaded again
    run save -q -o both.tar "$@" localhost/app:a localhost/app:b && run rmi -af >output || exit 2
    load both.tar
    has
    run rmi -af >output
    rm -f both.tar
}
saved one a && saved two b && load a.tar && load b.tar || exit 2
before=$(has)
plain=$(save) || exit 2
load a.tar && load b.tar
many=$(save -m) || exit 2
seen="before: $before; save app:a app:b, load: $plain; save -m, load: $many"
echo "$seen"
[ "$seen" = "before: app:a one, app:b two; save app:a app:b, load: app:a one, app:b one; save -m, load: app:a one, app:b two" ] ||
    changed "other images are saved"
