#!/usr/bin/env bash
# Software: jansson 2.14 (Debian libjansson-dev and libjansson4 2.14-2). Needs a C compiler (cc).
#
# One would expect: json_dumps(json_loads(text)) gives numbers back as they were, or in a shorter form of equal value;
# what does not fit is an error, on both sides of the range alike.
#
# What happens: a real is always written with 17 digits (0.1 grows), and 1E+2 as 100.0; the sign of -0 is lost, that of
# -0.0 is not; too large is an error, too small is silently 0.0. Of two members of one name the last value stays, but
# at the first one's place.
#
# Seen:
#     0.1 -> 0.10000000000000001
#     1E+2 -> 100.0
#     -0 -> 0
#     -0.0 -> -0.0
#     1e400 -> error: real number overflow
#     1e-400 -> 0.0
#     9223372036854775808 -> error: too big integer
#     {"a":1,"b":2,"a":3} -> {"a": 3, "b": 2}
#
# Why it matters: an image's config that is read and written by it gets another digest even if nothing was edited,
# with JSON_COMPACT too. To change one member, keep the other members' text.
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
get libjansson-dev=2.14-2 libjansson4=2.14-2

cat >trip.c <<'END'
#include <jansson.h>
#include <stdio.h>
#include <string.h>

int main(int n, char **text)
{
    for (int i = 1; i < n; i++) {
        json_error_t error;
        json_t *read = json_loads(text[i], JSON_DECODE_ANY, &error);
        if (read)
            printf("%s -> %s\n", text[i], json_dumps(read, JSON_ENCODE_ANY));
        else
            printf("%s -> error: %.*s\n", text[i], (int)(strstr(error.text, " near") - error.text), error.text);
    }
}
END
cc -Iroot/usr/include trip.c -o trip -Lroot/usr/lib/x86_64-linux-gnu -ljansson || exit 2
./trip 0.1 1E+2 -0 -0.0 1e400 1e-400 9223372036854775808 '{"a":1,"b":2,"a":3}' >seen
cat seen
cat >described <<'END'
0.1 -> 0.10000000000000001
1E+2 -> 100.0
-0 -> 0
-0.0 -> -0.0
1e400 -> error: real number overflow
1e-400 -> 0.0
9223372036854775808 -> error: too big integer
{"a":1,"b":2,"a":3} -> {"a": 3, "b": 2}
END
cmp -s seen described || changed "$(diff described seen | grep '^>' | head -1)"
