#!/usr/bin/env bash
# Software: skopeo 1.9.3 (Debian 1.9.3+ds1-1+b10), umoci 0.4.7 (0.4.7+ds-3+b7). Needs python3.
#
# One would expect: a copy between the formats of Docker and OCI changes media types and the outer form. The config of both
# is the same JSON, unknown fields of it are kept or refused, and HEALTHCHECK, ONBUILD and SHELL are in it.
#
# What happens: where the format changes to OCI, skopeo writes the config anew from the fields that OCI's specification names.
# Healthcheck, OnBuild, Shell and whatever else is there are gone, StopSignal stays; nothing is said and the exit status is 0.
# Back to Docker's format they do not return. From an OCI layout that has them (BuildKit writes such) to Docker's
# format they all stay. umoci drops them at any change of the config, even of the author.
#
# Seen (of Healthcheck, OnBuild, Shell, StopSignal and a field that nobody knows):
#     docker-archive to oci: StopSignal; and back: StopSignal
#     oci to docker-archive: Healthcheck OnBuild Shell StopSignal own; umoci config --author: StopSignal
#
# Why it matters: an image that went through a layout on its way is never found unhealthy, and runs its commands by another
# shell when it is built upon. Compare the configs, and not exit codes, or stay in one format.
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
get skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2 umoci=0.4.7+ds-3+b7

cat >config.py <<'END'
import json, sys, tarfile
if sys.argv[1] == "make":
    with open("config.json", "w") as f:
        json.dump({"architecture": "amd64", "os": "linux", "own": "field", "config": {
            "Healthcheck": {"Test": ["CMD", "/bin/check"]}, "OnBuild": ["ENV A=b"], "Shell": ["/bin/zsh", "-c"],
            "StopSignal": "SIGUSR1"}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sys.argv[2]]}}, f)
elif sys.argv[1] == "oci":  # the last image of a layout
    blob = lambda at: json.load(open(sys.argv[2] + "/blobs/" + at["digest"].replace(":", "/")))
    config = blob(blob(json.load(open(sys.argv[2] + "/index.json"))["manifests"][-1])["config"])
else:
    with tarfile.open(sys.argv[2]) as tar:
        config = json.load(tar.extractfile(json.load(tar.extractfile("manifest.json"))[0]["Config"]))
if sys.argv[1] != "make":
    print(*sorted([k for k in config["config"] if config["config"][k]] + [k for k in config if k == "own"]))
END
mkdir i && echo hello >file && tar -cf i/layer.tar file && python3 config.py make "$(sha256sum <i/layer.tar | cut -c1-64)" || exit 2
cp config.json i/ && echo '[{"Config":"config.json","RepoTags":["app:1"],"Layers":["layer.tar"]}]' >i/manifest.json
tar -C i -cf saved.tar manifest.json config.json layer.tar
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
copy() { skopeo --policy policy copy -q "$@" 2>error || { echo "cannot copy: $(cat error)" >&2; exit 2; }; }

copy docker-archive:saved.tar oci:layout:v
copy oci:layout:v docker-archive:back.tar:app:1

# a layout that has them all, as BuildKit writes it
sha() { sha256sum <"$1" | cut -c1-64; }
blob() { cp "$1" "full/blobs/sha256/$(sha "$1")"; printf '"digest":"sha256:%s","size":%s' "$(sha "$1")" "$(stat -c %s "$1")"; }
oci=application/vnd.oci.image
mkdir -p full/blobs/sha256 && echo '{"imageLayoutVersion":"1.0.0"}' >full/oci-layout
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar",%s}]}' \
    $oci $oci "$(blob config.json)" $oci "$(blob i/layer.tar)" >manifest
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"v"}}]}' \
    $oci "$(blob manifest)" >full/index.json
copy oci:full:v docker-archive:full.tar:app:1
umoci config --image full:v --author me 2>error || { echo "cannot be tried: $(cat error)" >&2; exit 2; }

first="docker-archive to oci: $(python3 config.py oci layout); and back: $(python3 config.py saved back.tar)"
second="oci to docker-archive: $(python3 config.py saved full.tar); umoci config --author: $(python3 config.py oci full)"
echo "$first"
echo "$second"
[ "$first" = "docker-archive to oci: StopSignal; and back: StopSignal" ] || changed "skopeo keeps other fields"
[ "$second" = "oci to docker-archive: Healthcheck OnBuild Shell StopSignal own; umoci config --author: StopSignal" ] ||
    changed "other fields are kept of an OCI config"
