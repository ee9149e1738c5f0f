#!/usr/bin/env bash
# Software: cmocka 1.1.5 (Debian libcmocka-dev 1.1.5-2.1). Needs cc.
#
# One would expect: CMOCKA_MESSAGE_OUTPUT=xml with CMOCKA_XML_FILE=results.xml leaves the results of this run in that file; and
# assert_in_range(-1, -2, 2) holds.
#
# What happens: a file that is there already is not touched, whatever is in it; the results go to standard error. The exit code is
# right, the file says what the first run did. And numbers are compared without a sign: -1 "is not within the range
# 18446744073709551614-2", while assert_int_equal of an int32_t -1 and an int64_t -1 holds.
#
# Seen (a test that passes, then fails):
#     first run: exit 0, file failures="0"; second run: exit 1, file failures="0"; assert_in_range(-1, -2, 2) fails
#
# Why it matters: a CI that keeps its folder shows the results of the first run from then on, green. Remove the file before each run.
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
get libcmocka-dev=1.1.5-2.1 libcmocka0=1.1.5-2.1

cat >t.c <<'END'
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void is_so(void **state)
{
    (void)state;
    assert_null(getenv("FAIL"));
}

static void in_range(void **state)
{
    (void)state;
    assert_in_range(-1, -2, 2);
}

int main(int n, char **argument)
{
    const struct CMUnitTest one[] = { cmocka_unit_test(is_so) }, range[] = { cmocka_unit_test(in_range) };

    (void)argument;
    return n > 1 ? cmocka_run_group_tests(range, NULL, NULL) : cmocka_run_group_tests(one, NULL, NULL);
}
END
cc -Iroot/usr/include t.c -o t -Lroot/usr/lib/x86_64-linux-gnu -lcmocka || exit 2
run() { CMOCKA_MESSAGE_OUTPUT=xml CMOCKA_XML_FILE=results.xml "$@" ./t >output 2>error; echo "exit $?, file $(grep -o 'failures="[0-9]*"' results.xml)"; }
./t range >output 2>&1 && range=holds || range=fails
seen="first run: $(run env); second run: $(run env FAIL=yes); assert_in_range(-1, -2, 2) $range"
echo "$seen"
[ "$seen" = 'first run: exit 0, file failures="0"; second run: exit 1, file failures="0"; assert_in_range(-1, -2, 2) fails' ] ||
    changed "files are written anew, or numbers have a sign"
