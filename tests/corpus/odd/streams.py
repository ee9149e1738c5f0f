#!/usr/bin/env python3
"""Makes compressed streams of one tar, sound and broken ones: streams.py FOLDER TAR.

streams.txt says what zlib 1.2.13, libdeflate 1.14, libarchive 3.6.2 and Go make of each.
"""
import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import zlib


def gz(data, **options):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, **options) as f:
        f.write(data)
    return out.getvalue()


def zst(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def member(tar, flags, field=b"", method=b"\x08"):
    """A gzip member whose header is laid by hand."""
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = raw.compress(tar) + raw.flush()
    return b"\x1f\x8b" + method + bytes([flags]) + bytes(5) + b"\xff" + field + body + \
        struct.pack("<II", zlib.crc32(tar), len(tar))


def skippable(number, data):
    return struct.pack("<II", 0x184D2A50 + number, len(data)) + data


def streams(tar):
    whole, frame = gz(tar), zst(tar)
    cut = 1000
    yield "gz_ok", whole
    yield "gz_multi", gz(tar[:cut]) + gz(tar[cut:])
    yield "gz_multi_empty", gz(b"") + whole + gz(b"")
    yield "gz_trail_nul", whole + bytes(512)
    yield "gz_trail_garbage", whole + b"garbage!" * 10
    yield "gz_badcrc", whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    yield "gz_badisize", whole[:-4] + b"\1\0\0\0"
    yield "gz_trunc_trailer", whole[:-5]
    yield "gz_trunc_half", whole[:len(whole) // 2]
    yield "gz_notrailer", whole[:-8]
    yield "gz_fname", gz(tar, filename="x" * 300)
    yield "gz_fextra", member(tar, 4, struct.pack("<H", 5) + b"extra")
    yield "gz_reserved_flag", member(tar, 0xe0)
    yield "gz_fhcrc_bad", member(tar, 2, b"\xde\xad")
    yield "gz_method9", member(tar, 0, method=b"\x09")
    yield "gz_fname_unterminated", b"\x1f\x8b\x08\x08" + bytes(5) + b"\xff" + b"A" * 100000
    yield "gz_empty_file", b""
    yield "gz_2bytes", b"\x1f\x8b"
    yield "gz_dist_too_far", b"\x1f\x8b\x08\0" + bytes(5) + b"\xff" + bytes.fromhex("4b04d10000") + bytes(8)
    yield "zst_ok", frame
    yield "zst_multi", zst(tar[:cut]) + zst(tar[cut:])
    yield "zst_skippable", skippable(0, b"hello") + frame + skippable(15, b"end")
    yield "zst_badsum", frame[:-1] + bytes([frame[-1] ^ 1])
    yield "zst_nosum", zst(tar, "--no-check")
    yield "zst_trunc", frame[:-6]
    yield "zst_trail_garbage", frame + b"garbage!"
    yield "zst_trail_nul", frame + bytes(64)
    yield "zst_empty", zst(b"")
    yield "zst_nothing", b""
    yield "zst_long27", zst(tar, "--long=27")
    yield "zst_long31", zst(bytes(300000000) + tar, "--ultra", "-1", "--long=31")
    yield "plain_tar", tar
    yield "bz2", bz2.compress(tar)
    yield "xz", lzma.compress(tar)


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    with open(sys.argv[2], "rb") as f:
        tar = f.read() + bytes(1024)
    for name, data in streams(tar):
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
