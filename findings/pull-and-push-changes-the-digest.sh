#!/usr/bin/env bash
# Software: Docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), Podman 4.3.1
# (4.3.1+ds1-8+deb12u1+b3, vfs), containerd 1.6.20 (1.6.20~ds1-1+deb12u3), between two Docker registries 2.8.2 (docker-registry
# 2.8.2+ds1-1) on the loopback. Needs root, curl.
#
# One would expect: pull, tag, push moves an image to another registry as it is: a digest names content, and the content does
# not change. So what was pinned by digest or signed there is found under the same digest here.
#
# What happens: Docker and Podman do not keep the layers' blobs but what was in them, and compress anew for a registry that has
# not got them. Other gzip, other blob, other manifest, other digest; the config, and so the image's id, is the same. (Docker
# makes a manifest of its own kind of an OCI one besides.) containerd keeps blobs, and the digest.
#
# Seen (an image whose layer "gzip -9" made; at the second registry):
#     docker: config the same, layer another, manifest another; podman: config the same, layer another, manifest another
#     containerd: config the same, layer the same, manifest the same
#
# Why it matters: a pin, a signature or an attestation is lost on the way, and a client that has the image fetches its
# layers again. Copy from registry to registry (skopeo copy --all, ctr), and do not pass by an engine.
set -uo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
work=$(mktemp -d)
started=()
end() { for pid in "${started[@]}"; do kill "$pid"; wait "$pid"; done 2>/dev/null; umount "$work"/docker/root/vfs "$work"/p/root/vfs 2>/dev/null; rm -rf "$work"; }
trap end EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 podman=4.3.1+ds1-8+deb12u1+b3 \
    docker-registry=2.8.2+ds1-1 runc=1.1.5+ds1-1+deb12u1 conmon=2.1.6+ds1-1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 \
    libdevmapper1.02.1=2:1.02.185-2 libsubid4=1:4.13+dfsg1-1+deb12u2 golang-github-containers-common=0.50.1+ds1-4 \
    golang-github-containers-image=5.23.1-4
one=127.0.0.1:$((20000 + $$ % 10000)) two=127.0.0.1:$((30000 + $$ % 10000))
export HOME=$work DOCKER_HOST=unix://$work/docker/sock

for at in $one $two; do
    cat >"$at.yml" <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/data.$at}}
http: {addr: "$at"}
END
    docker-registry serve "$at.yml" >"$at.log" 2>&1 &
    started+=($!)
done
mkdir -p docker c p
dockerd --data-root "$work/docker/root" --exec-root "$work/docker/exec" --pidfile "$work/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none --storage-driver=vfs >docker/log 2>&1 &
started+=($!)
cat >c/config.toml <<END
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/sock"
END
containerd -c c/config.toml >c/log 2>&1 &
started+=($!)

oci=application/vnd.oci.image
digest() { echo "sha256:$(sha256sum <"$1" | cut -c1-64)"; }
push() { # FILE: as a blob
    local at; at=$(curl -si -X POST "http://$one/v2/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
    curl -sfo answer -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$at&digest=$(digest "$1")"
}
for _ in $(seq 100); do curl -so ping "http://$one/v2/" && curl -so ping "http://$two/v2/" && break; sleep 0.1; done
seq 10000 >file && tar -cf layer.tar file && gzip -9nc layer.tar >layer || exit 2
printf '{"architecture":"amd64","os":"linux","config":{},"history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
    "$(digest layer.tar)" >config
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},"layers":[{"mediaType":"%s.layer.v1.tar+gzip","digest":"%s","size":%d}]}' \
    $oci $oci "$(digest config)" "$(wc -c <config)" $oci "$(digest layer)" "$(wc -c <layer)" >manifest
push config && push layer && curl -sfo answer -X PUT -H "Content-Type: $oci.manifest.v1+json" --data-binary @manifest "http://$one/v2/app/manifests/1" ||
    { echo "cannot push" >&2; exit 2; }
for _ in $(seq 300); do docker version >answer 2>&1 && ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
run() { "$@" >answer 2>&1 || { tail -n 2 answer >&2; exit 2; }; }
podman=(podman --root "$work/p/root" --runroot "$work/p/run" --storage-driver vfs --cgroup-manager cgroupfs)
run docker pull -q "$one/app:1"; run docker tag "$one/app:1" "$two/docker:1"; run docker push -q "$two/docker:1"
run "${podman[@]}" pull -q --signature-policy policy --tls-verify=false "$one/app:1"
run "${podman[@]}" push -q --signature-policy policy --tls-verify=false "$one/app:1" "$two/podman:1"
run ctr -a c/sock images pull --plain-http "$one/app:1"; run ctr -a c/sock images tag "$one/app:1" "$two/containerd:1"
run ctr -a c/sock images push --plain-http "$two/containerd:1"

same() { if [ "$1" = "$2" ]; then echo "the same"; else echo another; fi; }
compared() { # REPOSITORY at the second registry
    curl -sfo got -H "Accept: $oci.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json" "http://$two/v2/$1/manifests/1" || exit 2
    local config layer
    config=$(tr -d ' \n' <got | grep -o '"config":{[^}]*}' | grep -o 'sha256:[0-9a-f]*')
    layer=$(tr -d ' \n' <got | grep -o '"layers":\[.*' | grep -o 'sha256:[0-9a-f]*')
    echo "$1: config $(same "$config" "$(digest config)"), layer $(same "$layer" "$(digest layer)"), manifest $(same "$(digest got)" "$(digest manifest)")"
}
first="$(compared docker); $(compared podman)"
second=$(compared containerd)
echo "$first"
echo "$second"
[ "$first" = "docker: config the same, layer another, manifest another; podman: config the same, layer another, manifest another" ] ||
    changed "blobs are kept"
[ "$second" = "containerd: config the same, layer the same, manifest the same" ] || changed "containerd makes another image"
