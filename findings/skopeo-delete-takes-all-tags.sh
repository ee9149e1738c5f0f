#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10), with a Docker registry 2.8.2 (docker-registry 2.8.2+ds1-1) on the loopback.
#
# One would expect: "skopeo delete docker://HOST/NAME:one" takes the tag "one" away. The same image's tag "two" stays.
#
# What happens: skopeo asks for the digest behind the tag and deletes the manifest, and the registry drops each tag that
# led there. "two" is gone with it; the repository lists no tag at all. The exit status is 0. A tag of another image stays.
#
# Seen:
#     before: one other two; after deleting one: other; a tag that was given an image of its own first goes alone
#
# Why it matters: who cleans up ":build-123" after it was promoted to ":1.4" has deleted ":1.4". Only one image with many
# tags is hit, so it shows late. To drop one tag, push an image that has no other tag onto it first, and delete that.
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
get docker-registry=2.8.2+ds1-1
port=$((20000 + $$ % 10000))

cat >config.yml <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve config.yml >log 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 50); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done

sha() { sha256sum <"$1" | cut -c1-64; }
image() { # DIR TEXT: a dir: image of one layer
    local oci=application/vnd.oci.image
    mkdir -p "$1/d" && echo "$2" >"$1/d/file" && tar -C "$1" -cf layer d && rm -r "$1/d" && cp layer "$1/$(sha layer)"
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha layer)" >config
    cp config "$1/$(sha config)"
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"sha256:%s","size":%d}]}' \
        $oci $oci "$(sha config)" "$(stat -c %s config)" $oci "$(sha layer)" "$(stat -c %s layer)" >"$1/manifest.json"
    echo "Directory Transport Version: 1.1" >"$1/version"
}
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
image a hello && image b other && image c none || exit 2
to() { skopeo --policy policy copy -q --dest-tls-verify=false "dir:$1" "docker://127.0.0.1:$port/r:$2" || exit 2; }
tags() { curl -s "http://127.0.0.1:$port/v2/r/tags/list" | grep -o '\[.*\]' | tr -dc 'a-z,' | tr ',' '\n' | sort | paste -sd ' '; }
delete() { skopeo --policy policy delete --tls-verify=false "docker://127.0.0.1:$port/r:$1" 2>error || changed "deleting fails: $(cat error)"; }
to a one; to a two; to a three; to b other
to c three; delete three
before=$(tags)
delete one
after=$(tags)
echo "before: $before; after deleting one: $after; a tag that was given an image of its own first goes alone"
[ "$before; $after" = "one other two; other" ] || changed "other tags are left"
