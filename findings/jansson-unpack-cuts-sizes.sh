#!/usr/bin/env bash
# Software: jansson 2.14 (Debian libjansson-dev and libjansson4 2.14-2). Needs a C compiler (cc).
#
# One would expect: json_unpack checks what it stores. It does for types (a real for "i" is refused), it has an error code
# of its own for numbers out of range (json_error_numeric_overflow), so 5000000000 for "i", an int, is refused as well.
#
# What happens: it returns 0 and stores the low 32 bits; that code does not come. The strictness is elsewhere: an integer for "f" is refused, though JSON has no such difference, and a null
# for "s?" too, because ? means "may be missing".
#
# Seen:
#     5000000000 as i: 0, 705032704; as I: 0, 5000000000; 1.5 as i: -1; 2 as f: -1; 2 as F: 0; null as s?: -1
#
# Why it matters: the sizes of layers pass 4 GiB. Who unpacks a descriptor with {s:i} gets a plausible small size and no
# error; and who asks for optional strings refuses the nulls that some writers of configs put there.
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

cat >unpack.c <<'END'
#include <jansson.h>
#include <stdio.h>

int main(void)
{
    json_t *read = json_loads("{\"big\":5000000000,\"half\":1.5,\"two\":2,\"null\":null}", 0, NULL);
    int small = 0;
    json_int_t wide = 0;
    double real = 0;
    const char *string = "";
    printf("5000000000 as i: %d, ", json_unpack(read, "{s:i}", "big", &small));
    printf("%d; as I: ", small);
    printf("%d, ", json_unpack(read, "{s:I}", "big", &wide));
    printf("%lld; 1.5 as i: ", (long long)wide);
    printf("%d; 2 as f: ", json_unpack(read, "{s:i}", "half", &small));
    printf("%d; 2 as F: ", json_unpack(read, "{s:f}", "two", &real));
    printf("%d; null as s?: ", json_unpack(read, "{s:F}", "two", &real));
    printf("%d\n", json_unpack(read, "{s?s}", "null", &string));
}
END
cc -Iroot/usr/include unpack.c -o unpack -Lroot/usr/lib/x86_64-linux-gnu -ljansson || exit 2
./unpack | tee seen
[ "$(cat seen)" = "5000000000 as i: 0, 705032704; as I: 0, 5000000000; 1.5 as i: -1; 2 as f: -1; 2 as F: 0; null as s?: -1" ] || changed "another answer"
