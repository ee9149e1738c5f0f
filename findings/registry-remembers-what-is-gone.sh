#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback, with the cache in memory
# that Debian's and the project's own example of a config have ("blobdescriptor: inmemory"). Needs curl.
#
# One would expect: after an image was deleted and garbage-collect has run, the registry answers 404 for its blobs, and a new push
# of the image brings them back. (That nobody may push while it runs is well known.)
#
# What happens: the running registry still has the descriptors in mind. HEAD of a blob whose bytes are gone is 200, so that a client
# skips it; PUT of the manifest is answered 201 and stores nothing. The push has succeeded, and GET of its tag is 404. After a
# restart of the registry the same push works.
#
# Seen:
#     after the collection: HEAD blob 200, PUT manifest 201, GET tag 404; after a restart: HEAD blob 404, pushed anew 200
#
# Why it matters: a collection that runs each night without a restart leaves a registry in which what was deleted cannot be
# pushed again, while each push says that it was. Restart the registry after garbage-collect, and pull what matters.
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
storage: {filesystem: {rootdirectory: $work/data}, cache: {blobdescriptor: inmemory}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
END
start() {
    docker-registry serve config.yml >log 2>&1 &
    server=$!
    for _ in $(seq 50); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done
}
start
trap 'kill $server; wait $server 2>/dev/null; rm -rf "$work"' EXIT

repo=http://127.0.0.1:$port/v2/r
oci=application/vnd.oci.image
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
code() { curl -so answer -w '%{http_code}' -H "Accept: $oci.manifest.v1+json" "$@"; }
push() { # FILE: as a blob, unless the registry says that it has it
    [ "$(code -I "$repo/blobs/$(digest "$1")")" != 200 ] || return 0
    local at; at=$(curl -si -X POST $repo/blobs/uploads/ | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -sfo answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$at&digest=$(digest "$1")"
}
image() { push config && push layer && code -X PUT -H "Content-Type: $oci.manifest.v1+json" --data-binary @manifest $repo/manifests/v; }
printf '{}' >config && printf hello >layer || exit 2
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"%s","size":5}]}' \
    $oci $oci "$(digest config)" $oci "$(digest layer)" >manifest

[ "$(image)" = 201 ] && [ "$(code $repo/manifests/v)" = 200 ] && [ "$(code -X DELETE "$repo/manifests/$(digest manifest)")" = 202 ] &&
    docker-registry garbage-collect config.yml >gc.log 2>&1 || { echo "cannot be tried" >&2; exit 2; }
[ ! -e "data/docker/registry/v2/blobs/sha256/$(digest layer | cut -c8-9)/$(digest layer | cut -c8-)/data" ] || { echo "nothing was collected" >&2; exit 2; }
seen="after the collection: HEAD blob $(code -I "$repo/blobs/$(digest layer)"), PUT manifest $(image), GET tag $(code $repo/manifests/v)"
kill $server; wait $server 2>/dev/null
start
seen="$seen; after a restart: HEAD blob $(code -I "$repo/blobs/$(digest layer)")"
image >output
seen="$seen, pushed anew $(code $repo/manifests/v)"
echo "$seen"
[ "$seen" = "after the collection: HEAD blob 200, PUT manifest 201, GET tag 404; after a restart: HEAD blob 404, pushed anew 200" ] ||
    changed "the registry knows what is gone"
