#!/usr/bin/env bash
# Software: umoci 0.4.7 (Debian 0.4.7+ds-3+b7), Podman 4.3.1 (4.3.1+ds1-8+deb12u1+b3, storage driver vfs), containerd 1.6.20
# (1.6.20~ds1-1+deb12u3). Needs root.
#
# One would expect: a header of type g, POSIX's records for all entries of an archive, is no file; who reads tars applies it or
# passes over it. "git archive" begins each tar of a commit with one, and "tar --pax-option=KEY=VALUE" makes them.
#
# What happens: umoci takes it for an entry of a type that it does not know, and fails to unpack the image. Podman and containerd
# pass over it, but make the folder in its name: GNU tar calls it /tmp/GlobalHead.PID.1, and the image has a /tmp.
#
# Seen (a layer of a global comment and the entry "file"; exit status and tree):
#     podman 0: file tmp; containerd 0: file tmp; umoci 1
#
# Why it matters: what "git archive" wrote is a layer that engines take, until somebody unpacks the image with umoci. Unpack
# and pack such a tar again; or archive the tree of the commit, HEAD^{tree}, which has no such header.
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
get containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 umoci=0.4.7+ds-3+b7 runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 \
    libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4
export HOME=$work

mkdir -p c
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

oci=application/vnd.oci.image
sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "$name/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
image() { # NAME LAYER...: a layout, with what Docker reads beside it, as a folder and as a tar
    local name=$1 layer diffs='' layers='' paths='' manifest; shift
    mkdir -p "$name/blobs/sha256" && echo '{"imageLayoutVersion":"1.0.0"}' >"$name/oci-layout" || exit 2
    for layer in "$@"; do
        diffs+=,\"sha256:$(sha "$layer")\" paths+=,\"blobs/sha256/$(sha "$layer")\"
        layers+=,{\"mediaType\":\"$oci.layer.v1.tar\",$(blob "$layer")}
    done
    printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["x"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' "${diffs#,}" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[%s]}' \
        $oci $oci "$(blob config)" "${layers#,}" >manifest
    manifest=$(blob manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$manifest" >"$name/index.json"
    printf '[{"Config":"blobs/sha256/%s","RepoTags":["%s:v"],"Layers":[%s]}]' "$(sha config)" "$name" "${paths#,}" >"$name/manifest.json"
    tar -C "$name" -cf "$name.tar" . || exit 2
}
run() { "$@" 2>error || { echo "cannot be tried: $* says $(tail -n 1 error)" >&2; exit 2; }; }
exits() { "$@" >answer 2>error; echo $?; }
for _ in $(seq 300); do ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
engine=(podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs)
echo hello >file && TMPDIR=/tmp tar --format=pax --pax-option=comment=0123456789abcdef0123456789abcdef01234567 -cf layer.tar file || exit 2
[ "$(dd if=layer.tar bs=1 skip=156 count=1 2>answer)" = g ] && [ "$(tar -tf layer.tar)" = file ] || { echo "tar makes no global header" >&2; exit 2; }
image app layer.tar
umoci=$(exits umoci unpack --image app:v u)
why=$(cat error answer)
podman=$(exits "${engine[@]}" pull -q --signature-policy policy oci:app:v)
id=$(run "${engine[@]}" create "$(cat answer)") && tree=$(run "${engine[@]}" mount "$id") && podman+=": $(ls "$tree" | paste -sd ' ')" || exit 2
containerd=$(exits ctr -a c/sock images import --snapshotter native --base-name app app.tar)
seen="podman $podman; containerd $containerd: $(ls c/root/io.containerd.snapshotter.v1.native/snapshots/1 | paste -sd ' '); umoci $umoci"
echo "$seen"
[ "$seen" = "podman 0: file tmp; containerd 0: file tmp; umoci 1" ] || changed "others read it"
grep -q 'unknown typeflag' <<<"$why" || changed "umoci says something else: $why"
