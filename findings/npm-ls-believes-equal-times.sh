#!/usr/bin/env bash
# Software: npm 11.19.1 (npm) under Node.js.
#
# One would expect: "npm ls" shows what is in node_modules: the version that the package.json of each folder says. It does so
# right after a package has been replaced by hand.
#
# What happens: once all times are equal, it shows the version that was installed, which is not there any more. npm reads
# node_modules/.package-lock.json instead of the folders when that file is not older than any of them; and equal is not older.
# The error "invalid" goes too, and the exit status is 0. "npm sbom" looks into the folders.
#
# Seen (a 1.0.0 installed, then its folder replaced by one of 2.0.0):
#     replaced: npm ls a@2.0.0, exit 1; all times set to 0: npm ls a@1.0.0, exit 0
#
# Why it matters: builders that are asked for the same bytes twice set all times of a layer to one value. In such an image a
# package that a later step has patched or exchanged is listed as what it was, by the tool that audits are made with. Leave
# .package-lock.json out of the image.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

changed() { echo "changed: $*"; exit 1; }
timeout 150 npm install --silent --no-audit --no-fund --prefix tool npm@11.19.1 >/dev/null 2>&1 || { echo "cannot install npm" >&2; exit 2; }
run() { node "$work/tool/node_modules/npm/bin/npm-cli.js" "$@" --cache "$work/cache" --update-notifier=false; }

mkdir -p package app && echo '{"name":"a","version":"1.0.0"}' >package/package.json && tar -czf a.tgz package || exit 2
echo '{"name":"app","version":"1.0.0","dependencies":{"a":"file:../a.tgz"}}' >app/package.json && cd app || exit 2
run install --silent --offline --no-audit --no-fund >log 2>&1 || { echo "cannot install: $(tail -n 1 log)" >&2; exit 2; }
listed() { run ls >list 2>error; local code=$?; echo "npm ls $(grep -o 'a@[0-9.]*' list | grep -v ^app | head -n 1), exit $code"; }
[ "$(listed)" = "npm ls a@1.0.0, exit 0" ] || changed "what is installed is not listed"
sleep 1.1
rm -r node_modules/a && mkdir node_modules/a && echo '{"name":"a","version":"2.0.0"}' >node_modules/a/package.json || exit 2
seen="replaced: $(listed)"
find . -exec touch -h -d @0 {} +
seen+="; all times set to 0: $(listed)"
echo "$seen"
[ "$seen" = "replaced: npm ls a@2.0.0, exit 1; all times set to 0: npm ls a@1.0.0, exit 0" ] || changed "another list"
