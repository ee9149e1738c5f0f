#!/usr/bin/env bash
# Software: Docker registry (distribution) 2.8.2 (Debian docker-registry 2.8.2+ds1-1), twice on the loopback: one as a cache of the
# other. Needs curl.
#
# One would expect: a cache (proxy: remoteurl) answers as the registry behind it does, but faster. A request for some bytes of a
# blob (Range) gets these, by 206.
#
# What happens: the first time, when the cache does not have the blob, it sends all of it, with 200. From the second request on it
# answers with 206 and the bytes that were asked for.
#
# Seen (status and length, of 10 bytes of a blob of 23893):
#     registry: 206 10; cache: 200 23893, then 206 10
#
# Why it matters: a download that is taken up where it broke off gets the blob from its beginning; who appends without looking at
# the status has a damaged layer. And a client that reads a layer in parts moves each of them whole when it is first.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$PATH
}
changed() { echo "changed: $*"; exit 1; }
get docker-registry=2.8.2+ds1-1
port=$((20000 + $$ % 10000))
cache=$((port + 1))

serve() { # PORT REST: in the background
    printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n%s\n' \
        "$work/data.$1" "$1" "$2" >"$1.yml"
    docker-registry serve "$1.yml" >"log.$1" 2>&1 &
    started+=($!)
}
started=()
trap 'kill "${started[@]}"; wait "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT
answers() { for _ in $(seq 100); do curl -so ping "http://127.0.0.1:$1/v2/" && return; sleep 0.1; done; echo "no registry" >&2; exit 2; }
serve "$port" '' && answers "$port"
serve "$cache" "proxy: {remoteurl: \"http://127.0.0.1:$port\"}" && answers "$cache"

seq 5000 >blob
digest=sha256:$(sha256sum <blob | cut -c1-64)
at=$(curl -si -X POST "http://127.0.0.1:$port/v2/r/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
curl -sfo answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary @blob "$at&digest=$digest" || { echo "cannot push" >&2; exit 2; }
ask() { # PORT
    local code; code=$(curl -s -r 100-109 -o part -w '%{http_code}' "http://127.0.0.1:$1/v2/r/blobs/$digest")
    case $code in
    206) cmp -s part <(head -c 110 blob | tail -c 10) ;;
    200) cmp -s part blob ;;
    esac || { echo "other bytes"; return; }
    echo "$code $(stat -c %s part)"
}
seen="registry: $(ask "$port"); cache: $(ask "$cache")"
for _ in $(seq 50); do find "data.$cache" -name data -path "*${digest#*:}*" | grep -q . && break; sleep 0.1; done
seen+=", then $(ask "$cache")"
echo "$seen"
[ "$seen" = "registry: 206 10; cache: 200 23893, then 206 10" ] || changed "another answer"
