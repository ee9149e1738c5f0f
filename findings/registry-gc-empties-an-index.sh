#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback. Needs curl.
#
# One would expect: "garbage-collect --delete-untagged" keeps whatever a tag leads to. An image of several platforms is an
# index with a tag, whose children were pushed by digest, as every client does it; they are a part of what is tagged.
#
# What happens: the children have no tag of their own and are deleted, manifests first, and their layers in the same or
# the next run. The tag stays: it answers with the index (200), whose children are not there (404). Without the option
# all stay.
#
# Seen:
#     collected: index 200, child 200; with --delete-untagged: index 200, child 404, its layer's blob gone
#
# Why it matters: a registry that is cleaned so keeps the tag of each image of several platforms, and no such image can be
# pulled. Give each child a tag before, or clean without the option.
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
server=

cat >config.yml <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
END
serve() {
    docker-registry serve config.yml >log 2>&1 &
    server=$!
    for _ in $(seq 50); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done
}
halt() { kill $server; wait $server 2>/dev/null; server=; }
trap '[ -n "$server" ] && halt; rm -rf "$work"' EXIT
collect() { # OPTION...: as the manual asks, while nothing writes
    halt
    docker-registry garbage-collect "$@" config.yml >collected 2>&1 || changed "the collection fails: $(tail -n 1 collected)"
    serve
}

repo=http://127.0.0.1:$port/v2/r
oci=application/vnd.oci.image
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
push() { # FILE: as a blob
    local at; at=$(curl -si -X POST $repo/blobs/uploads/ | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -so answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$at&digest=$(digest "$1")"
}
put() { curl -so answer -w '%{http_code}' -X PUT -H "Content-Type: $1" --data-binary "@$2" "$repo/manifests/$3"; }
ask() { curl -so answer -w '%{http_code}' -H "Accept: $1" "$repo/manifests/$2"; }
serve

mkdir d && echo hello >d/file && tar -cf layer d || exit 2
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$(digest layer)" >config
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"%s","size":%d}]}' \
    $oci $oci "$(digest config)" "$(stat -c %s config)" $oci "$(digest layer)" "$(stat -c %s layer)" >child
printf '{"schemaVersion":2,"mediaType":"%s.index.v1+json","manifests":[{"mediaType":"%s.manifest.v1+json","size":%d,"digest":"%s","platform":{"os":"linux","architecture":"amd64"}}]}' \
    $oci $oci "$(stat -c %s child)" "$(digest child)" >index
push config && push layer || exit 2
[ "$(put $oci.manifest.v1+json child "$(digest child)") $(put $oci.index.v1+json index all)" = "201 201" ] || exit 2
blob=data/docker/registry/v2/blobs/sha256/$(digest layer | cut -c8-9)/$(digest layer | cut -c8-)/data

state() { echo "index $(ask $oci.index.v1+json all), child $(ask $oci.manifest.v1+json "$(digest child)")"; }
collect
plain=$(state)
collect --delete-untagged
collect
untagged="$(state), its layer's blob $([ -e "$blob" ] && echo there || echo gone)"
echo "collected: $plain; with --delete-untagged: $untagged"
[ "$plain" = "index 200, child 200" ] || changed "collecting alone takes something away"
[ "$untagged" = "index 200, child 404, its layer's blob gone" ] || changed "--delete-untagged keeps the child"
