#!/usr/bin/env bash
# Software: umoci 0.4.7 (Debian 0.4.7+ds-3+b7) and buildah 1.28.2 (1.28.2+ds1-3+deb12u1+b3) beside GNU tar 1.34. Needs
# python3, and root for buildah's mount.
#
# One would expect: the time of a file in a layer is what the tar says, whoever unpacks it, and so are its attributes.
#
# What happens: a time after 2262-04-11 (what 64 bits of nanoseconds hold) becomes 1901-12-13 by umoci and 1970-01-01 by
# buildah; one before 1970 is kept by umoci, and is 1970-01-01 by buildah. An attribute without a value is dropped by
# both, its neighbour stays. Nothing is said. GNU tar keeps all of it.
#
# Seen:
#     in 2264: tar 9300000000, umoci -2147483648, buildah 0; in 1969: tar -86400, umoci -86400, buildah 0
#     user.empty and user.full: tar 2, umoci 1, buildah 1
#
# Why it matters: an image that is unpacked and packed again (umoci repack, buildah commit) says other times than before,
# and files without a date, to which some archivers give the end of their own calendar, come out as old. Comparing trees
# that two tools unpacked shows differences that are not in the image.
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
get umoci=0.4.7+ds-3+b7 buildah=1.28.2+ds1-3+deb12u1+b3 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 \
    libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2
get golang-github-containers-common=0.50.1+ds1-4 golang-github-containers-image=5.23.1-4 attr=1:2.5.1-4

cat >layer.py <<'END'
import io, tarfile
with tarfile.open("layer", "w", format=tarfile.PAX_FORMAT) as tar:
    for name, mtime, headers in (("late", 9300000000, {}), ("early", -86400, {}),
                                 ("attributes", 1, {"SCHILY.xattr.user.empty": "", "SCHILY.xattr.user.full": "v"})):
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.pax_headers = 1, mtime, headers
        tar.addfile(info, io.BytesIO(b"x"))
END
python3 layer.py || exit 2
sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "i/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
oci=application/vnd.oci.image
mkdir -p i/blobs/sha256 tar && echo '{"imageLayoutVersion":"1.0.0"}' >i/oci-layout
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha layer)" >config
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar",%s}]}' \
    $oci $oci "$(blob config)" $oci "$(blob layer)" >manifest
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
    $oci "$(blob manifest)" >i/index.json

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
build() { buildah --root "$work/st" --runroot "$work/run" --storage-driver vfs "$@" 2>>error; }
tar --xattrs --xattrs-include='user.*' -C tar -xf layer 2>error && umoci unpack --image i:v umoci >>error 2>&1 &&
    container=$(build from --signature-policy policy "oci:i:v") && mounted=$(build mount "$container") ||
    { echo "cannot be tried: $(tail -n 1 error)" >&2; exit 2; }

mtime() { echo "tar $(stat -c %Y "tar/$1"), umoci $(stat -c %Y "umoci/rootfs/$1"), buildah $(stat -c %Y "$mounted/$1")"; }
attributes() { getfattr --absolute-names "$1/attributes" | grep -c '^user'; }
late=$(mtime late) early=$(mtime early)
have="tar $(attributes tar), umoci $(attributes umoci/rootfs), buildah $(attributes "$mounted")"
build umount "$container" >output; build rm "$container" >output
echo "in 2264: $late; in 1969: $early"
echo "user.empty and user.full: $have"
[ "$late" = "tar 9300000000, umoci -2147483648, buildah 0" ] || changed "late times are read otherwise"
[ "$early" = "tar -86400, umoci -86400, buildah 0" ] || changed "early times are read otherwise"
[ "$have" = "tar 2, umoci 1, buildah 1" ] || changed "empty attributes are read otherwise"
