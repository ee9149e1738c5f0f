#!/usr/bin/env bash
# Software: docker-parse-image 3.0.1 (npm) under Node.js; what it gives is asked of a Docker registry 2.8.2 (Debian docker-registry
# 2.8.2+ds1-1) on the loopback by skopeo 1.9.3 (1.9.3+ds1-1+b10).
#
# One would expect: the "fullname" that docker-parse-image makes of an image's name is the same image's, as Docker and skopeo fill up
# names: "library/" where no registry is named, and ":latest" where neither tag nor digest is.
#
# What happens: it puts library/ behind any registry, so 127.0.0.1:5000/app:1 becomes 127.0.0.1:5000/library/app:1, which is
# another repository. A digest it takes for a tag and puts a colon before it: app:sha256:..., which is no name at all. And of
# foo/bar/baz, which Docker Hub could have, it makes a registry foo.
#
# Seen (what skopeo says of the name and of its fullname):
#     HOST/app:1 found, fullname HOST/library/app:1 not found; HOST/x/app@sha256:... found, fullname HOST/x/app:sha256:... no name; foo/bar/baz has the registry foo
#
# Why it matters: programs that write names in full into a lock file or a list write names that cannot be pulled, just where
# someone has a registry of his own and pins by digest.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get docker-registry=2.8.2+ds1-1 skopeo=1.9.3+ds1-1+b10 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libdevmapper1.02.1=2:1.02.185-2
timeout 100 npm install --silent --no-audit --no-fund --prefix . docker-parse-image@3.0.1 >/dev/null 2>&1 ||
    { echo "cannot install docker-parse-image" >&2; exit 2; }
host=127.0.0.1:$((20000 + $$ % 10000))
printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s"}\n' "$work/data" "$host" >config.yml
docker-registry serve config.yml >log 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do curl -so ping "http://$host/v2/" && break; sleep 0.1; done

mkdir s && echo file >file && tar -cf s/layer.tar file || exit 2
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(sha256sum <s/layer.tar | cut -c1-64)" >s/config.json
echo '[{"Config":"config.json","RepoTags":["app:1"],"Layers":["layer.tar"]}]' >s/manifest.json
tar -C s -cf saved.tar manifest.json config.json layer.tar
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >policy
for to in app:1 x/app:1; do
    skopeo --policy policy copy -q --dest-tls-verify=false docker-archive:saved.tar "docker://$host/$to" 2>error || { echo "cannot push: $(cat error)" >&2; exit 2; }
done
digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$host/x/app:1") || exit 2

full() { node -p 'require("docker-parse-image")(process.argv[1]).fullname' "$1"; }
says() { # NAME
    if skopeo inspect --tls-verify=false --raw "docker://$1" >manifest 2>error; then echo found
    elif grep -q 'invalid reference format' error; then echo "no name"
    elif grep -q 'manifest unknown\|name unknown' error; then echo "not found"
    else cat error; fi
}
pair() { local name; name=$(full "$1") && echo "$1 $(says "$1"), fullname $name $(says "$name")"; }
seen="$(pair "$host/app:1"); $(pair "$host/x/app@$digest"); foo/bar/baz has the registry $(node -p 'require("docker-parse-image")("foo/bar/baz").registry')"
seen=${seen//$host/HOST}
seen=${seen//${digest#*:}/...}
echo "$seen"
[ "$seen" = "HOST/app:1 found, fullname HOST/library/app:1 not found; HOST/x/app@sha256:... found, fullname HOST/x/app:sha256:... no name; foo/bar/baz has the registry foo" ] ||
    changed "other names"
