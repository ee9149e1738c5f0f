#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10), umoci 0.4.7 (0.4.7+ds-3+b7).
#
# One would expect: copying another image onto a tag of an OCI layout replaces the tag's entry in index.json, as
# pushing to a tag of a registry does, so the layout still has one image and `umoci gc` removes what the old one had.
#
# What happens: skopeo takes the annotation from the old entry and keeps the entry, untagged. A command that names the
# layout without a tag, which worked before, now fails ("more than one image in oci, choose an image"); `umoci gc`
# holds the untagged entry for a root, and removes nothing; `umoci ls` lists one tag.
#
# Seen:
#     before: 1 entry, inspect without a tag exit 0; after: 2 entries, exit 1; umoci ls: v; blobs 6, after umoci gc 6
#
# Why it matters: a layout that a build writes to again and again grows by an image each time, and no tool's list of tags
# shows it. What reads a layout must not count entries to decide whether there is one image, and may not drop the
# untagged ones either.
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
get skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2
get umoci=0.4.7+ds-3+b7

sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$2" "$1/blobs/sha256/$(sha "$2")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$2")" "$(stat -c %s "$2")"; }
image() { # DIR LAYER SUFFIX TAR: an OCI layout of one layer with the tag v
    local oci=application/vnd.oci.image
    mkdir -p "$1/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha "$4")" >config
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar%s",%s}]}' \
        $oci $oci "$(blob "$1" config)" $oci "$3" "$(blob "$1" "$2")" >manifest
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
        $oci "$(blob "$1" manifest)" >"$1/index.json"
}

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
mkdir r && seq 9 >r/a && tar --format=gnu -cf one.tar r && seq 99 >r/a && tar --format=gnu -cf two.tar r || exit 2
for i in one two; do gzip -nc $i.tar >$i.gz && image $i $i.gz +gzip $i.tar; done
onto() { skopeo --policy policy copy -q "oci:$1:v" oci:out:v || changed "the copy of $1 fails"; }
entries() { grep -o '"digest"' out/index.json | wc -l; }
inspect() { skopeo inspect --raw oci:out >/dev/null 2>error; echo $?; }
blobs() { find out/blobs -type f | wc -l; }
onto one; before="$(entries) $(inspect)"
onto two; after="$(entries) $(inspect)"; skopeo inspect --raw oci:out >/dev/null 2>error
tags=$(umoci ls --layout out); all=$(blobs); umoci gc --layout out >/dev/null 2>&1 || changed "umoci gc fails"
echo "entries and exit of inspect without a tag: before $before, after $after; umoci ls: $tags; blobs $all, after umoci gc $(blobs)"
[ "$before, $after" = "1 0, 2 1" ] || changed "the old entry is not kept"
grep -q 'more than one image' error || changed "the error is another: $(cat error)"
[ "$tags" = v ] || changed "umoci ls lists something else"
[ "$all $(blobs)" = "6 6" ] || changed "umoci gc removes blobs"
