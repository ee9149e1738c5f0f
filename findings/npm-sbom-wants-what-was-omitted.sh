#!/usr/bin/env bash
# Software: npm 11.19.1 (npm) under Node.js.
#
# One would expect: after "npm ci --omit=dev", as images are made, "npm sbom --omit=dev" lists what is there. "npm ls
# --omit=dev" does, with exit status 0.
#
# What happens: it lists nothing and fails (ESBOMPROBLEMS): the packages for development are missing. They are left out of
# the list only after it has been found that all of them are there. With --package-lock-only it works, but that does not look at
# what is installed; and of what is for another system (optional, "os") it lists what no such image holds.
#
# Seen (packages for use: "a", for development: "dev", optional and for win32: "opt"):
#     npm ls --omit=dev: exit 0; npm sbom --omit=dev: ESBOMPROBLEMS, missing dev; with --package-lock-only: a opt
#
# Why it matters: the one place where a list of contents is wanted, a finished image, is where the tool that comes with npm gives
# none; and where people take the lock file instead, packages are reported that are not in the image.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

changed() { echo "changed: $*"; exit 1; }
timeout 150 npm install --silent --no-audit --no-fund --prefix tool npm@11.19.1 >/dev/null 2>&1 || { echo "cannot install npm" >&2; exit 2; }
run() { node "$work/tool/node_modules/npm/bin/npm-cli.js" "$@" --cache "$work/cache" --update-notifier=false; }
packed() { # NAME FIELDS
    mkdir -p package && echo "{\"name\":\"$1\",\"version\":\"1.0.0\"$2}" >package/package.json && tar -czf "$1.tgz" package || exit 2
}
packed a '' && packed dev '' && packed opt ',"os":["win32"]'
mkdir app && cd app || exit 2
echo '{"name":"app","version":"1.0.0","dependencies":{"a":"file:../a.tgz"},"devDependencies":{"dev":"file:../dev.tgz"},
    "optionalDependencies":{"opt":"file:../opt.tgz"}}' >package.json
run install --silent --offline --no-audit --no-fund >log 2>&1 && run ci --omit=dev --silent --offline --no-audit --no-fund >log 2>&1 ||
    { echo "cannot install: $(tail -n 1 log)" >&2; exit 2; }
[ "$(ls node_modules)" = a ] || changed "installed is: $(ls node_modules)"
names() { grep -o '"purl": "pkg:npm/[a-z]*' "$1" | sed 's,.*/,,' | grep -v '^app$' | paste -sd' '; }
run ls --omit=dev >list 2>error
seen="npm ls --omit=dev: exit $?"
if run sbom --sbom-format cyclonedx --omit=dev >sbom 2>error; then
    seen+="; npm sbom --omit=dev: $(names sbom)"
else
    seen+="; npm sbom --omit=dev: $(grep -o 'ESBOM.*' error), $(grep -o 'missing: [a-z]*' error | tr -d :)"
fi
run sbom --sbom-format cyclonedx --omit=dev --package-lock-only >sbom 2>error
seen+="; with --package-lock-only: $(names sbom)"
echo "$seen"
[ "$seen" = "npm ls --omit=dev: exit 0; npm sbom --omit=dev: ESBOMPROBLEMS, missing dev; with --package-lock-only: a opt" ] || changed "another list"
