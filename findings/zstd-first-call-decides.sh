#!/usr/bin/env bash
# Software: libzstd 1.5.4 (Debian libzstd-dev and libzstd1 1.5.4+dfsg2-5+deb12u1). Needs a C compiler (cc).
#
# One would expect: the frame that ZSTD_compressStream2 makes depends on the data and the parameters, not on how the
# caller cuts the data into calls (without a flush); at most the header's content size is missing.
#
# What happens: if the very first call is already ZSTD_e_end, the library knows the size, and chooses for that size
# other parameters of the level. The blocks differ too, here to the worse: the same 1000 bytes, level 3, take more. With
# ZSTD_CCtx_setPledgedSrcSize the cut no longer matters.
#
# Seen:
#     one call 461 bytes; two calls 424 bytes; two calls with the size pledged 461 bytes, equal to one call
#
# Why it matters: small layers get another digest by the size of the writer's buffer, or by whether the end was seen with
# the last piece or after it. Who wants the same bytes each time pledges the size or never ends in the first call.
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
get libzstd-dev=1.5.4+dfsg2-5+deb12u1 libzstd1=1.5.4+dfsg2-5+deb12u1

cat >cut.c <<'END'
#include <stdio.h>
#include <string.h>
#include <zstd.h>

static char text[1000], frames[3][4096];

static size_t frame(char *to, size_t first, int pledged)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    ZSTD_inBuffer in = {text, first, 0};
    ZSTD_outBuffer out = {to, sizeof frames[0], 0};
    if (pledged)
        ZSTD_CCtx_setPledgedSrcSize(ctx, sizeof text);
    if (first < sizeof text)
        ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_continue);
    in.size = sizeof text;
    while (ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_end) > 0) {
    }
    ZSTD_freeCCtx(ctx);
    return out.pos;
}

int main(void)
{
    unsigned state = 1;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcdefgh"[((state = state * 1103515245 + 12345) >> 16) & 7];
    size_t one = frame(frames[0], sizeof text, 0), two = frame(frames[1], 500, 0), pledged = frame(frames[2], 500, 1);
    int equal = pledged == one && memcmp(frames[0], frames[2], one) == 0;
    printf("one call %zu bytes; two calls %zu bytes; two calls with the size pledged %zu bytes, %s one call\n", one, two, pledged,
           equal ? "equal to" : "unlike");
    /* the header's content size is two bytes: more between them is in the blocks */
    return two + 2 < one && equal ? 0 : 1;
}
END
cc -Iroot/usr/include cut.c -o cut -Lroot/usr/lib/x86_64-linux-gnu -lzstd || exit 2
./cut || changed "the frames are not those described"
