#!/usr/bin/env bash
# Software: containerd 1.6.20 (Debian 1.6.20~ds1-1+deb12u3), skopeo 1.9.3 (1.9.3+ds1-1+b10) writes the archives. Needs root.
#
# One would expect: "ctr images import" names an image as the archive does: the name that an annotation gives it, or that of the file;
# and an image is found under one name, whatever form the archive has.
#
# What happens: if the annotation is a tag, as of "oci-archive:app.tar:1.0", the name is import-DATE:1.0, with the day of the import.
# If it is app:1.0, the name is app:1.0, and of a Docker archive's app:1.0 it is docker.io/library/app:1.0.
#
# Seen (names after the import, the day as DATE):
#     OCI archive of 1.0: import-DATE:1.0; of app:1.0: app:1.0; Docker archive of app:1.0: docker.io/library/app:1.0
#
# Why it matters: a script that imports and then runs by name fails, or works until midnight; and who completes names, to
# docker.io/library/app:1.0, does not find app:1.0. Give --base-name, or a full name in the annotation.
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
get containerd=1.6.20~ds1-1+deb12u3 skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2
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
for _ in $(seq 300); do ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
echo hello >file && tar -cf layer.tar file || exit 2
image app layer.tar
copy() { run skopeo --policy policy copy -q oci:app:v "$1"; }
copy oci-archive:tag.tar:1.0 && copy oci-archive:name.tar:app:1.0 && copy docker-archive:docker.tar:app:1.0 || exit 2
named() { # ARCHIVE
    run ctr -a c/sock -n "$1" images import --no-unpack "$1.tar" >answer && run ctr -a c/sock -n "$1" images ls -q | sed 's/import-20[0-9-]*:/import-DATE:/' | paste -sd ' '
}
seen="OCI archive of 1.0: $(named tag); of app:1.0: $(named name); Docker archive of app:1.0: $(named docker)"
echo "$seen"
[ "$seen" = "OCI archive of 1.0: import-DATE:1.0; of app:1.0: app:1.0; Docker archive of app:1.0: docker.io/library/app:1.0" ] || changed "other names"
