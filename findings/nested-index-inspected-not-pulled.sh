#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10), umoci 0.4.7 (0.4.7+ds-3+b7), Docker 20.10.24 (docker.io
# 20.10.24+dfsg1-1+deb12u1+b6, storage driver vfs), containerd 1.6.20 (1.6.20~ds1-1+deb12u3), from a Docker registry 2.8.2
# (docker-registry 2.8.2+ds1-1) on the loopback. Needs root, curl, python3.
#
# One would expect: an index may name indexes (image-spec: "nested index"), the registry takes such a one, and a client goes down
# until it finds the image of its platform; or all refuse.
#
# What happens: containerd pulls it. "skopeo inspect" shows the image of the platform, but "skopeo copy" of the same name fails
# ("received a manifest list instead of a manifest for a single image"), with --all too. Docker finds "no matching manifest".
# umoci says "tag is ambiguous"; it does so of any index with two platforms, and has no option to choose.
#
# Seen (an index with two platforms, and an index with that index):
#     flat: skopeo inspect 0, skopeo copy 0, copy --all 0, docker pull 0, ctr pull 0, umoci 1
#     nested: skopeo inspect 0, skopeo copy 1, copy --all 1, docker pull 1, ctr pull 0, umoci 1
#
# Why it matters: a tool that puts the indexes of several builds into one makes what one engine runs and the others cannot
# pull; that "inspect" succeeds proves nothing. List the images themselves in one index.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 containerd=1.6.20~ds1-1+deb12u3 skopeo=1.9.3+ds1-1+b10 umoci=0.4.7+ds-3+b7 \
    docker-registry=2.8.2+ds1-1 runc=1.1.5+ds1-1+deb12u1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2
port=$((20000 + $$ % 10000))
export HOME=$work DOCKER_HOST=unix://$work/docker/sock

cat >config.yml <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/data}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve config.yml >log 2>&1 &
started+=($!)
mkdir -p docker c
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

cat >push.py <<'END'
import hashlib, io, json, os, sys, tarfile, urllib.request
base, oci = sys.argv[1] + "/v2/r/", "application/vnd.oci.image."
def ask(method, url, data, kind="application/octet-stream"):
    return urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": kind}, method=method))
def keep(kind, data, tag=None):  # in the layout i, and in the registry
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with open("i/blobs/sha256/" + digest[7:], "wb") as f:
        f.write(data)
    if "manifest" in kind or "index" in kind:
        ask("PUT", base + "manifests/" + (tag or digest), data, oci + kind)
    else:
        ask("PUT", ask("POST", base + "blobs/uploads/", b"").headers["Location"] + "&digest=" + digest, data)
    return {"mediaType": oci + kind, "digest": digest, "size": len(data)}
def image(arch):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as t:
        t.addfile(tarfile.TarInfo(arch))
    layer = keep("layer.v1.tar", tar.getvalue())
    config = {"architecture": arch, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
    manifest = {"schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "layers": [layer],
                "config": keep("config.v1+json", json.dumps(config).encode())}
    return {**keep("manifest.v1+json", json.dumps(manifest).encode()), "platform": {"os": "linux", "architecture": arch}}
def index(tag, items):
    return keep("index.v1+json", json.dumps({"schemaVersion": 2, "mediaType": oci + "index.v1+json", "manifests": items}).encode(), tag)
os.makedirs("i/blobs/sha256")
flat = index("flat", [image("amd64"), image("arm64")])
nested = index("nested", [keep("index.v1+json", open("i/blobs/sha256/" + flat["digest"][7:], "rb").read())])
named = [{**of, "annotations": {"org.opencontainers.image.ref.name": name}} for name, of in (("flat", flat), ("nested", nested))]
with open("i/index.json", "w") as f:
    json.dump({"schemaVersion": 2, "manifests": named}, f)
with open("i/oci-layout", "w") as f:
    f.write('{"imageLayoutVersion":"1.0.0"}')
END
for _ in $(seq 100); do curl -so ping "http://127.0.0.1:$port/v2/" && break; sleep 0.1; done
python3 push.py "http://127.0.0.1:$port" || { echo "the registry refuses it" >&2; exit 2; }
for _ in $(seq 300); do docker version >answer 2>&1 && ctr -a c/sock version >answer 2>&1 && break; sleep 0.2; done

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
exits() { "$@" >output 2>error; local code=$?; cat error >>errors; echo $code; }
of() { # TAG
    local from=docker://127.0.0.1:$port/r:$1 sk="skopeo --override-arch amd64 --policy policy"
    printf '%s: skopeo inspect %s, skopeo copy %s, copy --all %s, ' "$1" "$(exits $sk inspect --tls-verify=false "$from")" \
        "$(exits $sk copy --src-tls-verify=false "$from" "oci:one.$1:v")" "$(exits $sk copy --all --src-tls-verify=false "$from" "oci:all.$1:v")"
    printf 'docker pull %s, ctr pull %s, umoci %s\n' "$(exits docker pull -q "127.0.0.1:$port/r:$1")" \
        "$(exits ctr -a c/sock images pull --plain-http "127.0.0.1:$port/r:$1")" "$(exits umoci unpack --rootless --image "i:$1" "u.$1")"
}
flat=$(of flat); : >errors
nested=$(of nested)
echo "$flat"
echo "$nested"
[ "$flat" = "flat: skopeo inspect 0, skopeo copy 0, copy --all 0, docker pull 0, ctr pull 0, umoci 1" ] || changed "the flat one is read otherwise"
[ "$nested" = "nested: skopeo inspect 0, skopeo copy 1, copy --all 1, docker pull 1, ctr pull 0, umoci 1" ] || changed "the nested one is read otherwise"
for why in 'a manifest list instead of a manifest' 'no matching manifest for linux/amd64' 'tag is ambiguous'; do
    grep -q "$why" errors || changed "nobody says: $why"
done
