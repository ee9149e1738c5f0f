#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback. Needs curl.
#
# One would expect: on a push the registry checks what a manifest names. An index whose child is no manifest is refused
# (400), and so is a manifest that gives another size for a layer than the blob in the registry has.
#
# What happens: it asks only whether the digest is there at all, manifest or blob. An index with a layer's blob as its
# child is taken (201); asking for that child as a manifest answers 500 "unknown error". A size that is wrong is taken
# (201) too. A digest that is nowhere is refused.
#
# Seen:
#     child is nowhere: 400; child is a blob: 201, then as a manifest: 500; layer of 5 bytes said to have 77: 201
#
# Why it matters: "the registry took it" proves neither sizes nor the kinds of what an index names. A client must check a
# layer's size itself, and a 500 for a child of an index can be the image's fault, which no retry mends.
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
get docker-registry=2.8.2+ds1-1
port=$((20000 + $$ % 10000))

cat >config.yml <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/data}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve config.yml >log 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 50); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done

repo=http://127.0.0.1:$port/v2/r
oci=application/vnd.oci.image
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
push() { # FILE: as a blob
    local at; at=$(curl -si -X POST $repo/blobs/uploads/ | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -so answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$at&digest=$(digest "$1")"
}
put() { curl -so answer -w '%{http_code}' -X PUT -H "Content-Type: $1" --data-binary "@$2" "$repo/manifests/$3"; }
index() { printf '{"schemaVersion":2,"mediaType":"%s.index.v1+json","manifests":[{"mediaType":"%s.manifest.v1+json","size":5,"digest":"%s"}]}' $oci $oci "$1"; }

printf '{}' >config && printf hello >layer && push config && push layer || exit 2
index "sha256:$(printf '0%.0s' {1..64})" >nowhere
index "$(digest layer)" >of-layer
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"%s","size":77}]}' \
    $oci $oci "$(digest config)" $oci "$(digest layer)" >sized
nowhere=$(put $oci.index.v1+json nowhere a); child=$(put $oci.index.v1+json of-layer b)
asked=$(curl -so answer -w '%{http_code}' -H "Accept: $oci.manifest.v1+json" "$repo/manifests/$(digest layer)")
sized=$(put $oci.manifest.v1+json sized c)
echo "child is nowhere: $nowhere; child is a blob: $child, then as a manifest: $asked; layer of 5 bytes said to have 77: $sized"
[ "$nowhere $child $asked $sized" = "400 201 500 201" ] || changed "400 201 500 201 was expected"
