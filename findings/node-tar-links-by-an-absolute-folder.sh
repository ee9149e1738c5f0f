#!/usr/bin/env bash
# Software: tar 7.5.23, decompress 4.2.1, compressing 2.1.3 (npm) under Node.js; GNU tar 1.34 (Debian 1.34+dfsg-1.2+deb12u1).
#
# One would expect: what packs and unpacks tars keeps hard links, or makes two files of one. npm's tar says that it packs the
# second name of a file as a link.
#
# What happens: it does so only where "cwd" is given as an absolute path; with cwd: 'disk' the same folder comes with a copy of
# the contents for each name. On the way back compressing makes an empty folder of the second name, without an error;
# decompress looks for their other name in the folder that the program was started in, and fails (ENOENT). tar unpacks them.
#
# Seen (of two names of one file, "a" and "b"):
#     tar.c with cwd 'disk': no link, with its absolute path: b link to a; compressing: a, b/; decompress: ENOENT; tar.x: a, b, one file
#
# Why it matters: git, busybox, conda and pnpm live by hard links: such folders come out several times as large, or with
# folders in the place of programs. That a path is relative changes nothing else in what is packed.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/bin:$PATH
}
changed() { echo "changed: $*"; exit 1; }
get tar=1.34+dfsg-1.2+deb12u1
timeout 100 npm install --silent --no-audit --no-fund --prefix . tar@7.5.23 decompress@4.2.1 compressing@2.1.3 >/dev/null 2>&1 ||
    { echo "cannot install tar, decompress and compressing" >&2; exit 2; }
mkdir disk && echo file >disk/a && ln disk/a disk/b && tar -C disk -cf links.tar a b || exit 2
cat >run.mjs <<'END'
import fs from 'fs';
import path from 'path';
import * as tar from 'tar';
import decompress from 'decompress';
import compressing from 'compressing';
tar.c({ sync: true, file: 'relative.tar', cwd: 'disk' }, ['a', 'b']);
tar.c({ sync: true, file: 'absolute.tar', cwd: path.resolve('disk') }, ['a', 'b']);
const said = {};
await compressing.tar.uncompress('links.tar', 'compressing').catch((err) => { said.compressing = err.code; });
await decompress('links.tar', 'decompress').catch((err) => { said.decompress = err.code; });
fs.mkdirSync('tar');
tar.x({ sync: true, file: 'links.tar', cwd: 'tar' });
const shown = (at, name) => name + (fs.statSync(path.join(at, name)).isDirectory() ? '/' : '');
const names = (at) => said[at] ?? fs.readdirSync(at).map((name) => shown(at, name)).join(', ');
const one = fs.statSync('tar/a').ino === fs.statSync('tar/b').ino ? ', one file' : ', two files';
console.log(`compressing: ${names('compressing')}; decompress: ${names('decompress')}; tar.x: ${names('tar')}${one}`);
END
unpacked=$(node run.mjs 2>error) || changed "an error: $(grep -m 1 Error error)"
links() { tar -tvf "$1" | grep -o 'b link to a' || echo "no link"; }
seen="tar.c with cwd 'disk': $(links relative.tar), with its absolute path: $(links absolute.tar); $unpacked"
echo "$seen"
[ "$seen" = "tar.c with cwd 'disk': no link, with its absolute path: b link to a; compressing: a, b/; decompress: ENOENT; tar.x: a, b, one file" ] ||
    changed "other links"
