#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10), umoci 0.4.7 (0.4.7+ds-3+b7), Docker registry (distribution) 2.8.2
# (docker-registry 2.8.2+ds1-1) on the loopback. Needs curl and python3.
#
# One would expect: sha512 is a registered algorithm of the image-spec's descriptors, so an OCI layout whose blobs are
# named by it is read, or refused as "not supported".
#
# What happens: umoci says 'unsupported algorithm: "sha512"'. skopeo takes the SHA-256 of what it read, compares that
# with the SHA-512 that is asked for, and says that the digest "does not match": a sound image looks damaged, to every
# kind of target. The registry takes a blob under its SHA-512 (201), calls it by its SHA-256 in the answer, and then gives
# it under both names.
#
# Seen:
#     umoci: unsupported; skopeo to oci:, docker-archive:, docker://: does not match; registry: 201 as sha256, then 200 and 200
#
# Why it matters: who sees "does not match" copies or pushes the image again, and it does not help. Only one that names its
# blobs by SHA-256 passes through all three.
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
get umoci=0.4.7+ds-3+b7 docker-registry=2.8.2+ds1-1
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

cat >image.py <<'END'
import hashlib, io, json, os, tarfile
os.makedirs("i/blobs/sha512")
def blob(kind, data):
    name = hashlib.sha512(data).hexdigest()
    with open("i/blobs/sha512/" + name, "wb") as f:
        f.write(data)
    return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha512:" + name, "size": len(data)}
tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as t:
    t.addfile(tarfile.TarInfo("file"))
layer = tar.getvalue()
config = {"architecture": "amd64", "os": "linux", "config": {},
          "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": blob("config.v1+json", json.dumps(config).encode()), "layers": [blob("layer.v1.tar", layer)]}
entry = blob("manifest.v1+json", json.dumps(manifest).encode())
with open("i/index.json", "w") as f:
    json.dump({"schemaVersion": 2, "manifests": [{**entry, "annotations": {"org.opencontainers.image.ref.name": "v"}}]}, f)
with open("i/oci-layout", "w") as f:
    f.write('{"imageLayoutVersion":"1.0.0"}')
END
python3 image.py || exit 2

umoci unpack --rootless --image i:v out >error 2>&1 && changed "umoci unpacks it"
grep -q 'unsupported algorithm: "sha512"' error || changed "umoci says: $(cat error)"
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
for to in oci:copy:v docker-archive:copy.tar:app:v "docker://127.0.0.1:$port/app:v"; do
    skopeo --policy policy copy -q --dest-tls-verify=false oci:i:v "$to" 2>error && changed "skopeo copies it to $to"
    grep -q 'does not match expected sha512:' error || changed "skopeo says of $to: $(cat error)"
done

printf hello >blob
long=sha512:$(sha512sum <blob | cut -c1-128) short=sha256:$(sha256sum <blob | cut -c1-64)
repo=http://127.0.0.1:$port/v2/r
at=$(curl -si -X POST $repo/blobs/uploads/ | tr -d '\r' | sed -n 's/^Location: //Ip')
put=$(curl -so answer -D head -w '%{http_code}' -X PUT -H 'Content-Type: application/octet-stream' --data-binary @blob "$at&digest=$long")
as=$(tr -d '\r' <head | sed -n 's/^Docker-Content-Digest: \([^:]*\):.*/\1/Ip')
ask() { curl -so answer -w '%{http_code}' "$repo/blobs/$1"; }
seen="$put as $as, then $(ask "$long") and $(ask "$short")"
echo "umoci: unsupported; skopeo to oci:, docker-archive:, docker://: does not match; registry: $seen"
[ "$seen" = "201 as sha256, then 200 and 200" ] || changed "the registry does something else"
