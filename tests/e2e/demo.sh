#!/usr/bin/env bash
# What lamina is for, on a small image that is made here: without root, without network.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${LAMINA:-build/lamina}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache PYTHONDONTWRITEBYTECODE=1
python3 tests/prop/sample.py "$scratch/app"
cd "$scratch"
ln -s "$program" lamina
PATH=$scratch:$PATH

say() { printf '\n# %s\n' "$*"; }
show() {
    printf '$ %s\n' "$*"
    eval "$*"
}

echo "# An image of five layers. A chown has stored /opt/app twice; what a later layer deleted is still shipped."
show lamina inspect oci:app:latest
say "It has symlinks that lead nowhere, on which COPY --from fails:"
show lamina ls -l oci:app:latest /usr/share/doc
say "Everything but /opt becomes one layer, /opt another:"
show 'lamina plan oci:app:latest --flatten --split /opt | lamina apply - oci:app:latest oci:flat:latest'
show lamina inspect oci:flat:latest
say "A container sees the same:"
show lamina diff oci:app:latest oci:flat:latest
say "The plan can be kept, and applied to tomorrow's build:"
show 'lamina plan oci:app:latest --flatten --split /opt'
printf '\n# %s of blobs became %s.\n' "$(du -sh app | cut -f1)" "$(du -sh flat | cut -f1)"
printf '# All of this is gone again; to have the image, and the editor on it:\ntests/prop/sample.py app && build/lamina oci:app\n'
