#!/usr/bin/env bash
# Software: Podman 4.3.1 (Debian 4.3.1+ds1-8+deb12u1+b3, storage driver vfs), skopeo 1.9.3 (1.9.3+ds1-1+b10), Docker 20.10.24
# (docker.io 20.10.24+dfsg1-1+deb12u1+b6, vfs), containerd 1.6.20 (1.6.20~ds1-1+deb12u3). Needs root, bzip2, xz, zstd.
#
# One would expect: what "docker save app | gzip" made is loaded by "podman load", whose manual names gzip first of what it
# takes, and by skopeo; zstd is what an older one may not know.
#
# What happens: of a saved image in gzip, both write the first eight bytes of the tar into their temporary copy and no more:
# "loading tar component manifest.json: unexpected EOF". Podman then tells of four formats that it is not. The same tar in
# bzip2, xz or zstd is loaded. (An OCI layout in a tar.gz is read, too.) Docker loads gzip, bzip2 and xz, and calls zstd an
# invalid tar header. containerd's ctr imports a plain tar alone.
#
# Seen:
#     plain: podman 0 skopeo 0 docker 0 ctr 0
#     gzip: podman 125 skopeo 1 docker 0 ctr 1
#     bzip2: podman 0 skopeo 0 docker 0 ctr 1
#     xz: podman 0 skopeo 0 docker 0 ctr 1
#     zstd: podman 0 skopeo 0 docker 1 ctr 1
#
# Why it matters: the usual app.tar.gz goes from Docker to Docker only, and nothing in the message says why. What all four
# take is the plain tar; xz is what Podman and Docker share. Pipe through "gzip -d" and load from the standard input.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 skopeo=1.9.3+ds1-1+b10 \
    runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 \
    libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4

mkdir -p docker c p i
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "unix://$work/docker/sock" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)
cat >c/config.toml <<END
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/sock"
END
containerd -c c/config.toml >c/log 2>&1 &
started+=($!)

echo hello >file && tar -cf i/layer.tar file || exit 2
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(sha256sum <i/layer.tar | cut -c1-64)" >i/config.json
echo '[{"Config":"config.json","RepoTags":["app:1"],"Layers":["layer.tar"]}]' >i/manifest.json
tar -C i -cf plain manifest.json config.json layer.tar
gzip -c plain >gzip && bzip2 -c plain >bzip2 && xz -c plain >xz && zstd -qc plain >zstd || exit 2
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
for _ in $(seq 300); do
    docker -H "unix://$work/docker/sock" version >answer 2>&1 && ctr -a c/sock version >answer 2>&1 && break; sleep 0.2
done

exits() { "$@" >output 2>error; echo $?; }
podman() { command podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
for file in plain gzip bzip2 xz zstd; do
    podman=$(exits podman load --signature-policy policy -i $file); cp error why.$file
    skopeo=$(exits skopeo --policy policy copy "docker-archive:$file" "dir:$work/$file.dir")
    docker=$(exits docker -H "unix://$work/docker/sock" load -q -i $file)
    ctr=$(exits ctr -a c/sock images import $file)
    echo "$file: podman $podman skopeo $skopeo docker $docker ctr $ctr"
done >seen
cat seen
grep -qx 'plain: podman 0 skopeo 0 docker 0 ctr 0' seen || { echo "cannot be tried" >&2; exit 2; }
cat >described <<'END'
plain: podman 0 skopeo 0 docker 0 ctr 0
gzip: podman 125 skopeo 1 docker 0 ctr 1
bzip2: podman 0 skopeo 0 docker 0 ctr 1
xz: podman 0 skopeo 0 docker 0 ctr 1
zstd: podman 0 skopeo 0 docker 1 ctr 1
END
grep -q 'manifest.json: unexpected EOF' why.gzip || changed "Podman says of gzip: $(cat why.gzip)"
cmp -s seen described || changed "other archives are taken"
