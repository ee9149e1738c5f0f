#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback. Needs curl.
#
# One would expect: `Accept: */*` (curl's own) accepts every type, so a manifest that is there is given as it was pushed,
# whatever its type. Where a type does not fit, HTTP says 406.
#
# What happens: the registry looks for the exact names of types in the list. With `*/*`, `application/*` or no Accept at
# all it answers 404 MANIFEST_UNKNOWN for an OCI manifest, by its tag and even by its digest. A Docker manifest (schema 2)
# it gives by its digest; by its tag it makes one of schema 1 on the spot, another document of another digest.
#
# Seen:
#     OCI: by tag */*, application/*, none, named, by digest */*: 404 404 404 200 404
#     Docker: by digest */* 200 the same bytes; by tag */* 200 application/vnd.docker.distribution.manifest.v1+prettyjws
#
# Why it matters: a 404 is no proof that the image is missing, and a 200 none that these are the tag's bytes. Who asks
# "is it there?" with a plain HEAD pushes again, or pins the digest of what was never pushed; every request for a manifest must
# name all of the types that it can read.
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
docker=application/vnd.docker
ask() { curl -so answer -w '%{http_code} %{content_type}' -H "Accept:$1" "$repo/manifests/$2"; } # "Accept:" alone sends none

tar --format=gnu -cf - config.yml | gzip -n >layer
printf '{"architecture":"amd64","os":"linux","config":{},"history":[{"created":"2020-01-01T00:00:00Z"}],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(gzip -dc layer | sha256sum | cut -c1-64)" >config
push config && push layer || exit 2
manifest() { # TYPE CONFIG-TYPE LAYER-TYPE
    printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%s},"layers":[{"mediaType":"%s","digest":"%s","size":%s}]}' \
        "$1" "$2" "$(digest config)" "$(stat -c %s config)" "$3" "$(digest layer)" "$(stat -c %s layer)"
}
manifest $oci.manifest.v1+json $oci.config.v1+json $oci.layer.v1.tar+gzip >oci
manifest $docker.distribution.manifest.v2+json $docker.container.image.v1+json $docker.image.rootfs.diff.tar.gzip >docker
[ "$(put $oci.manifest.v1+json oci o) $(put $docker.distribution.manifest.v2+json docker d)" = "201 201" ] || changed "the manifests are not taken"

codes=""
for accept in ' */*' ' application/*' '' " $oci.manifest.v1+json"; do
    code=$(ask "$accept" o); codes+="${code%% *} "
done
code=$(ask ' */*' "$(digest oci)"); codes+=${code%% *}
echo "OCI: by tag */*, application/*, none, named, by digest */*: $codes"
code=$(ask ' */*' "$(digest docker)"); cmp -s answer docker && same="the same bytes" || same="other bytes"
made=$(ask ' */*' d)
echo "Docker: by digest */* ${code%% *} $same; by tag */* $made"
[ "$codes" = "404 404 404 200 404" ] || changed "404 404 404 200 404 was expected"
[ "${code%% *} $same" = "200 the same bytes" ] || changed "the Docker manifest is not given by its digest"
[ "$made" = "200 $docker.distribution.manifest.v1+prettyjws" ] && grep -q '"schemaVersion": 1' answer || changed "no schema 1 for a Docker manifest's tag"
