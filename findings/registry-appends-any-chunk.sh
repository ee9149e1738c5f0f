#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), on the loopback. Needs curl.
#
# One would expect: a chunk of an upload says by Content-Range where it belongs; one that does not begin where the last ended
# is answered with 416 (distribution-spec, "Pushing a blob in chunks", and the registry's own API pages). So a chunk whose
# answer was lost can be sent again.
#
# What happens: the header is not looked at. A chunk of bytes 0-4 that is sent twice is there twice, one of 100-104 becomes the
# first five bytes; each answer is 202. And "Range: 0-0" is what the registry says of an upload that has one byte, and of one
# that has none.
#
# Seen:
#     0-4 sent twice: 202 0-9; 100-104 first: 202 0-4; no byte: 0-0; one byte: 0-0
#     what is closed with the digest of what was meant: 400; a chunk sent on from what the registry has: 201
#
# Why it matters: a client that repeats a PATCH after a timeout, as it would any request with a position, spoils the upload, and
# only the last PUT tells. Ask with GET how much is there before each attempt, and send no first chunk of one byte.
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
head_of() { tr -d '\r' <headers | sed -n "s/^$1: //Ip"; }
begin() { curl -so answer -D headers -X POST "$repo/blobs/uploads/"; head_of Location; }
patch() { # UPLOAD RANGE TEXT: code and range; the next place is in `next`
    seen=$(printf %s "$3" | curl -so answer -D headers -w '%{http_code}' -X PATCH -H "Content-Range: $2" -H 'Content-Type: application/octet-stream' \
        --data-binary @- "$1")
    next=$(head_of Location); seen="$seen $(head_of Range)"
}
finish() { curl -so answer -w '%{http_code}' -X PUT -H 'Content-Type: application/octet-stream' -H 'Content-Length: 0' "$1&digest=sha256:$2"; }
sum=$(printf helloworld | sha256sum | cut -c1-64)

patch "$(begin)" 0-4 hello; patch "$next" 0-4 hello; twice=$seen; again=$next
patch "$(begin)" 100-104 hello; gap=$seen
at=$(begin); curl -so answer -D headers "$at"; none=$(head_of Range)
patch "$(begin)" 0-0 h; one=${seen#* }
patch "$again" 5-9 world; spoilt=$(finish "$next" "$sum")
patch "$(begin)" 0-4 hello; patch "$next" 5-9 world; whole=$(finish "$next" "$sum")
first="0-4 sent twice: $twice; 100-104 first: $gap; no byte: $none; one byte: $one"
second="what is closed with the digest of what was meant: $spoilt; a chunk sent on from what the registry has: $whole"
echo "$first"
echo "$second"
[ "$whole" = 201 ] || { echo "cannot be tried" >&2; exit 2; }
[ "$first" = "0-4 sent twice: 202 0-9; 100-104 first: 202 0-4; no byte: 0-0; one byte: 0-0" ] || changed "chunks have places"
[ "$spoilt" = 400 ] || changed "the upload is not spoilt"
