#!/usr/bin/env bash
# Software: docker 20.10.24 (Debian docker.io 20.10.24+dfsg1-1+deb12u1+b6), docker-py 5.0.3 (python3-docker 5.0.3-1 and what it
# needs of Debian's packages), @balena/dockerignore 1.0.2 (npm). Needs python3, Node.js.
#
# One would expect: a .dockerignore hides the same files whoever sends the context. Case counts, as the file system has it;
# and "!" brings back what its pattern names, also where that begins with a star: with "*" and "!**/keep" all files named keep stay.
#
# What happens: Docker and docker-py look into a hidden folder for exceptions only where one begins with the folder's name. With "*"
# and "!**/keep", or "!*/keep", nothing is left; "!dir/keep" works. balena's follows all three. But balena's and docker-py also take
# README for readme, on Linux too: what Docker sends they hide.
#
# Seen (of dir/keep and readme, what is sent):
#     * !dir/keep: docker dir/keep, docker-py dir/keep, balena dir/keep
#     * !**/keep: docker nothing, docker-py nothing, balena dir/keep
#     * !*/keep: docker nothing, docker-py nothing, balena dir/keep
#     README: docker dir/keep readme, docker-py dir/keep, balena dir/keep
#
# Why it matters: who moves a build from the command line to docker-py or dockerode, or back, has another context, and COPY fails or
# brings less. An exception that begins with a star is for one reader of three.
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
get docker.io=20.10.24+dfsg1-1+deb12u1+b6 python3-docker=5.0.3-1 python3-six=1.16.0-4 python3-requests=2.28.1+dfsg-1 \
    python3-urllib3=1.26.12-1+deb12u4 python3-websocket=1.2.3-1 python3-certifi=2022.9.24-1 python3-idna=3.3-1+deb12u1 \
    python3-chardet=5.1.0+dfsg-2
timeout 100 npm install --silent --no-audit --no-fund --prefix . @balena/dockerignore@1.0.2 >/dev/null 2>&1 ||
    { echo "cannot install @balena/dockerignore" >&2; exit 2; }

# stands in for the daemon: what it is sent as a context it lists
cat >daemon.py <<'END'
import http.server, io, socketserver, tarfile

class Server(socketserver.UnixStreamServer):
    def get_request(self):
        return super().get_request()[0], ("client", 0)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self):
        body, text = self.body(), b"OK"
        if "/build" in self.path:
            with tarfile.open(fileobj=io.BytesIO(body)) as tar, open("sent", "w") as out:
                print(*sorted(entry.name for entry in tar if entry.isfile()), sep="\n", file=out)
            text = b'{"stream":"Successfully built 0123456789ab\\n"}\n'
        self.send_response(200)
        for name, value in (("Api-Version", "1.41"), ("Ostype", "linux"), ("Content-Type", "application/json"), ("Content-Length", str(len(text)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *args):
        pass

Server("socket", Handler).serve_forever()
END
python3 daemon.py 2>daemon.log &
daemon=$!
trap 'kill $daemon; wait $daemon 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -S socket ] && break; sleep 0.1; done

mkdir -p context/dir && touch context/dir/keep context/readme && printf 'FROM scratch\nCOPY . /\n' >context/Dockerfile || exit 2
cat >docker-py.py <<'END'
import os, sys
sys.path.insert(0, "root/usr/lib/python3/dist-packages")
from docker.utils.build import exclude_paths
lines = open("context/.dockerignore").read().split("\n")
print(*sorted(path for path in exclude_paths("context", [line for line in lines if line]) if os.path.isfile("context/" + path)), sep="\n")
END
cat >balena.cjs <<'END'
const fs = require('fs');
const filter = require('@balena/dockerignore')().add(fs.readFileSync('context/.dockerignore', 'utf8'));
console.log(filter.filter(['dir/keep', 'readme', 'Dockerfile', '.dockerignore']).join('\n'));
END
files() { local names; names=$(grep -vE '^(Dockerfile|\.dockerignore|)$' "$1" | LC_ALL=C sort | paste -sd' '); echo "${names:-nothing}"; }
sent() { # PATTERN...: a line of each reader
    printf '%s\n' "$@" >context/.dockerignore
    rm -f sent
    DOCKER_BUILDKIT=0 DOCKER_CONFIG=$work/config docker -H "unix://$work/socket" build -q context >log 2>&1 && [ -e sent ] ||
        { echo "docker sends nothing: $(tail -n 1 log)" >&2; exit 2; }
    python3 docker-py.py >sent.py 2>error || { echo "docker-py: $(tail -n 1 error)" >&2; exit 2; }
    node balena.cjs >sent.balena 2>error || { echo "balena: $(grep -m 1 Error error)" >&2; exit 2; }
    echo "$*: docker $(files sent), docker-py $(files sent.py), balena $(files sent.balena)"
}
seen=$(sent '*' '!dir/keep'; sent '*' '!**/keep'; sent '*' '!*/keep'; sent README) || exit 2
echo "$seen"
[ "$seen" = "* !dir/keep: docker dir/keep, docker-py dir/keep, balena dir/keep
* !**/keep: docker nothing, docker-py nothing, balena dir/keep
* !*/keep: docker nothing, docker-py nothing, balena dir/keep
README: docker dir/keep readme, docker-py dir/keep, balena dir/keep" ] || changed "other files are sent"
