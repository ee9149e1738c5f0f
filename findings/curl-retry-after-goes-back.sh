#!/usr/bin/env bash
# Software: libcurl 7.88.1 (Debian libcurl4-openssl-dev and libcurl4 7.88.1-10+deb12u15). Needs a C compiler (cc) and python3.
#
# One would expect: CURLINFO_RETRY_AFTER, "the number of seconds", is 0 or more: 0 where the header is missing, or names a time
# that has passed.
#
# What happens: for a time that has passed it is the time that has passed, negative: a day ago is -86400.
#
# Seen (the header, and what libcurl answers):
#     120: 120; a minute to come: 60; a day ago: -86400; none: 0
#
# Why it matters: a registry whose clock is behind, or a cache in front of it, sends such times. sleep() takes an unsigned
# number of seconds, so a client that hands the answer over waits for a century.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get libcurl4-openssl-dev=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15

cat >ask.c <<'END'
#include <curl/curl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argc;
    CURL *easy = curl_easy_init();
    curl_off_t after = -1;
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &after);
    if (code == CURLE_OK)
        printf("%lld\n", (long long)after);
    return code != CURLE_OK;
}
END
cc -Iroot/usr/include/x86_64-linux-gnu ask.c -o ask root/usr/lib/x86_64-linux-gnu/libcurl.so.4 2>error || { echo "cannot compile: $(tail -n 1 error)" >&2; exit 2; }
cat >serve.py <<'END'
import http.server, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/in"):
            after = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + int(self.path[3:])))
        else:
            after = self.path[1:]
        self.send_response(429)
        if after:
            self.send_header("Retry-After", after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
END
python3 serve.py >port &
server=$!
trap 'kill $server; wait $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
ask() { ./ask "http://127.0.0.1:$(cat port)/$1" || { echo "no answer" >&2; exit 2; }; }
near() { # SECONDS ANSWER: a second may pass between the two
    [ "$2" -le "$1" ] && [ "$2" -ge $(($1 - 3)) ] && echo "$1" || echo "$2"
}
seen="120: $(ask 120); a minute to come: $(near 60 "$(ask in60)"); a day ago: $(near -86400 "$(ask in-86400)"); none: $(ask '')"
echo "$seen"
[ "$seen" = "120: 120; a minute to come: 60; a day ago: -86400; none: 0" ] || changed "other answers"
