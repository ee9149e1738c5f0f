#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback. Needs curl.
#
# One would expect: "GET …/tags/list?n=2&last=…" gives the next two tags after one, in order, and a Link to the rest, as the
# registry's pages on its API and the distribution-spec say, and as the same registry does it for _catalog.
#
# What happens: n and last are not looked at. Each answer has all tags, without a Link, as the folder of them is listed by the
# storage: not sorted.
#
# Seen (of twenty tags):
#     n=2: 20 tags, Link no; n=2&last=t05: 20 tags; sorted: no; _catalog n=1: 1, Link yes
#
# Why it matters: a client that asks for the next page until one is empty asks forever, and one that takes "the last tag" gets
# any. Follow the Link alone, and sort.
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

base=http://127.0.0.1:$port/v2
oci=application/vnd.oci.image
push() { # REPOSITORY FILE: as a blob
    local at; at=$(curl -si -X POST "$base/$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -sfo answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$at&digest=sha256:$(sha256sum <"$2" | cut -c1-64)"
}
printf '{}' >config
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"sha256:%s","size":2},"layers":[]}' \
    $oci $oci "$(sha256sum <config | cut -c1-64)" >manifest
tag() { curl -sfo answer -X PUT -H "Content-Type: $oci.manifest.v1+json" --data-binary @manifest "$base/$1/manifests/$2"; }
push a config && push b config && tag b t || exit 2
for n in 07 03 12 01 19 05 20 02 16 09 11 04 18 06 14 08 17 10 15 13; do tag a "t$n" || exit 2; done

ask() { curl -so answer -D head "$base/$1"; }
link() { if grep -qi '^Link:' head; then echo yes; else echo no; fi; }
ask 'a/tags/list?n=2'; page="$(grep -o '"t[0-9][0-9]"' answer | wc -l) tags, Link $(link)"
ask 'a/tags/list?n=2&last=t05'; next="$(grep -o '"t[0-9][0-9]"' answer | wc -l) tags"
grep -o '"t[0-9][0-9]"' answer | sort -c 2>error && sorted=yes || sorted=no
ask '_catalog?n=1'; catalog="$(grep -o '"[ab]"' answer | wc -l), Link $(link)"
seen="n=2: $page; n=2&last=t05: $next; sorted: $sorted; _catalog n=1: $catalog"
echo "$seen"
[ "$seen" = "n=2: 20 tags, Link no; n=2&last=t05: 20 tags; sorted: no; _catalog n=1: 1, Link yes" ] ||
    changed "tags are paged, or sorted"
