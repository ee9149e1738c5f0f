#!/usr/bin/env bash
# Software: fflate 0.8.3, fzstd 0.1.1 and pako 3.0.3 (npm), under Node.js.
#
# One would expect: a gzip file of several members is one stream (RFC 1952, 2.2), and a library that reads it gives all of
# it or an error, whichever of its functions is called.
#
# What happens: fflate's gunzipSync and decompressSync give the first member alone, without an error; fflate's streaming
# Gunzip gives both of the same bytes. pako's ungzip gives both; so does fzstd (of the same author as fflate) for two
# frames of zstd.
#
# Seen:
#     fflate.gunzipSync one; fflate.decompressSync one; fflate.Gunzip one two; pako.ungzip one two; fzstd.decompress one two
#
# Why it matters: layers of several members are usual: eStargz has one for each file, and mgzip or bgzip write many. What
# is shown of such a layer in a browser may end after the first file, and nothing says so. Compare the length with the
# trailer, or use the streaming class.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

changed() { echo "changed: $*"; exit 1; }
npm install --silent --no-audit --no-fund --prefix . fflate@0.8.3 fzstd@0.1.1 pako@3.0.3 >/dev/null 2>&1 ||
    { echo "cannot install fflate, fzstd and pako" >&2; exit 2; }
cat >read.mjs <<'END'
import fs from 'fs';
import zlib from 'zlib';
import * as fflate from 'fflate';
import * as fzstd from 'fzstd';
import * as pako from 'pako';
const gz = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]);
// a frame of one raw block, as RFC 8878 has it: magic, single segment and size, last block of that size, bytes
const frame = (s) => Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, s.length, s.length << 3 | 1, 0, 0]), Buffer.from(s)]);
const zst = Buffer.concat([frame('one '), frame('two')]);
const stream = (bytes) => { const out = []; new fflate.Gunzip((d) => out.push(d)).push(bytes, true); return Buffer.concat(out); };
const text = (bytes) => Buffer.from(bytes).toString().trim();
console.log([['fflate.gunzipSync', fflate.gunzipSync(gz)], ['fflate.decompressSync', fflate.decompressSync(gz)],
    ['fflate.Gunzip', stream(gz)], ['pako.ungzip', pako.ungzip(gz)], ['fzstd.decompress', fzstd.decompress(zst)],
].map(([name, bytes]) => name + ' ' + text(bytes)).join('; '));
END
seen=$(node read.mjs) || exit 2
echo "$seen"
[ "$seen" = "fflate.gunzipSync one; fflate.decompressSync one; fflate.Gunzip one two; pako.ungzip one two; fzstd.decompress one two" ] ||
    changed "other members are read"
