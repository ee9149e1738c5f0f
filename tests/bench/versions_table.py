#!/usr/bin/env python3
"""What the newest version of an image fetches on top of the version before it, cut in several ways.

usage: versions_table.py FOLDER [SERIES…] [--layers N] [--each]

FOLDER is what tests/bench/versions made. Each cut is one plan, made from what was known before the newest version and written
for both with `lamina apply`; a layer is fetched if the version before has none of its digest. --each does it for each version
from the fourth on, with a suggestion made from those before it. LAMINA is the program (default build/lamina).
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAMINA = os.path.abspath(os.environ.get("LAMINA") or os.path.join(ROOT, "build", "lamina"))
# Before all of the builds: only what a package brought along has a time of its own.
TIMES, EPOCH = {"clamp": "2023-06-10T00:00:00Z"}, "1686355200"


def lamina(*words, codes=(0,)):
    done = subprocess.run([LAMINA, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH} if "--clamp-times" in words else None)
    if done.returncode not in codes:
        raise SystemExit("%s: exit %d: %s" % (" ".join(words), done.returncode, done.stderr.decode("utf-8", "replace")))
    return done.stdout


def layers_of(image):
    return {layer["digest"]: layer["blob_size"] for layer in json.loads(lamina("inspect", "--json", image))["layers"]}


def one_layer(_images, _most):
    return {"layers": [{"name": "all", "from": "rest"}]}


def top_folders(images, _most):
    names = sorted({e["path"] for e in json.loads(lamina("ls", "--json", images[-1]))["entries"] if e["kind"] == "dir"})
    return {"layers": [{"name": "rest", "from": "rest"}] + [{"name": name.strip("/")} for name in names],
            "assign": [{"path": name, "to": name.strip("/")} for name in names]}


def since(images):
    return [word for image in images[:-1] for word in ("--since", image)]


def parts_of(images):
    """Of the last one: names, bytes, and at which of the pulls before it they changed."""
    made = json.loads(lamina("suggest", images[-1], *since(images), "--clamp-times", "--json"))
    return [part for layer in made["layers"] for part in layer["parts"]]


def packages(images, _most):
    names = [part["name"] for part in parts_of(images[-1:]) if part["name"] and not part["name"].startswith("/")]
    return {"layers": [{"name": "rest", "from": "rest"}] + [{"name": "package %d" % n} for n in range(len(names))],
            "assign": [{"package": name, "to": "package %d" % n} for n, name in enumerate(names)]}


def suggested(images, most):
    with tempfile.TemporaryDirectory() as place:
        file = os.path.join(place, "plan.json")
        lamina("suggest", images[-1], *since(images), "--layers", str(most), "--clamp-times", "-o", file)
        with open(file, encoding="utf-8") as f:
            return json.load(f)


def hindsight(images, _most):
    """What no cut can do better: the paths that are going to change, in a layer of their own."""
    changes = json.loads(lamina("diff", "--json", "--clamp-times", *images[-2:], codes=(0, 1)))["differences"]
    folders = {e["path"] for e in json.loads(lamina("ls", "-R", "--json", images[-1]))["entries"] if e["kind"] == "dir"}
    return {"layers": [{"name": "rest", "from": "rest"}, {"name": "changes"}],
            "assign": [{"path": c["path"], "to": "changes"} for c in changes
                       if c["change"] != "changed" or c["path"] not in folders]}


CUTS = (("one layer", one_layer), ("a layer for each top folder", top_folders),
        ("a layer for each package", packages), ("`lamina suggest`", suggested))
BOUND = "just what changes (known afterwards)"


def fetched(plan, place, old, new):
    """Both versions, written by the plan into one layout: layers of the new one, the bytes of those that the old has not."""
    file = os.path.join(place, "plan.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump({**plan, "lamina": 1, "times": TIMES}, out)
    have = {}
    for tag, image in (("old", old), ("new", new)):
        lamina("apply", file, image, "oci:%s/layout:%s" % (place, tag))
        have[tag] = layers_of("oci:%s/layout:%s" % (place, tag))
    return len(have["new"]), sum(size for digest, size in have["new"].items() if digest not in have["old"])


def rows_of(images, most, place):
    """The cuts of the last of the images: name, layers, bytes fetched."""
    yield "as it was built", len(layers_of(images[-1])), fetched_as_built(*images[-2:])
    plans = [(name, lambda cut=cut: cut(images[:-1], most)) for name, cut in CUTS]
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for name, plan in plans + [(BOUND, lambda: hindsight(images, most))]:
        yield (name, *fetched(plan(), place, images[-2], images[-1]))
    shutil.rmtree(place)


def fetched_as_built(old, new):
    have = layers_of(old)
    return sum(size for digest, size in layers_of(new).items() if digest not in have)


def explain(images):
    """What could be known: the pulls before the newest, for which the best of all cuts has a layer for what changed at the same ones;
    and how much of what changed at the newest had done so before."""
    seen, known = parts_of(images[:-1]), parts_of(images)
    pulls, newest = len(images) - 2, len(images) - 2
    best = sum(part["bytes"] * part["changes"] for part in seen) / pulls
    built = sum(fetched_as_built(*pair) for pair in zip(images[:-2], images[1:-1])) / pulls
    print("\nat the %d pulls before it: as it was built %.1f MB each; no cut of the parts fetches less than %.1f MB, %.0f %%, and one into %d layers does"
          % (pulls, built / 1e6, best / 1e6, 100 * best / built, len({tuple(part["pulls"]) for part in seen})))
    changed = [part for part in known if newest in part["pulls"]]
    again = sum(part["bytes"] for part in changed if part["changes"] > 1)
    print("of the parts that changed at the newest, %.1f MB had changed before, and %.1f MB never had\n"
          % (again / 1e6, (sum(part["bytes"] for part in changed) - again) / 1e6), flush=True)


def table(images, most, place):
    name, rows = os.path.basename(images[-1]).replace(":", " "), []
    for cut, layers, size in rows_of(images, most, place):
        rows.append(size)
        print("| %s | %s | %d | %.1f MB | %.0f %% |" % (name, cut, layers, size / 1e6, 100 * size / rows[0]), flush=True)
    if min(rows) < 0.9 * rows[-1]:  # it may be compressed better among others
        raise SystemExit("%s: a cut fetches less than what changes" % name)
    explain(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("series", nargs="*")
    parser.add_argument("--layers", type=int, default=12, help="of the suggested plan, at most (12)")
    parser.add_argument("--each", action="store_true", help="not the newest version alone")
    parser.add_argument("--smoke", action="store_true", help="whether all this works, on a small series that is made first")
    options = parser.parse_args()
    if options.smoke:
        subprocess.run([os.path.join(os.path.dirname(__file__), "versions"), options.folder, "made"], check=True)
        options.series = ["made"]
    folder = os.path.abspath(options.folder)
    names = options.series or [n for n in ("debian", "node") if os.path.isdir(os.path.join(folder, n))]
    print("| image | cut | layers | fetches | of the original |\n|---|---|---:|---:|---:|")
    for name in names:
        with open(os.path.join(folder, name, "index.json"), encoding="ascii") as f:
            tags = sorted((m["annotations"]["org.opencontainers.image.ref.name"] for m in json.load(f)["manifests"]),
                          key=lambda tag: int(tag[1:]))
        images = ["oci:%s:%s" % (os.path.join(folder, name), tag) for tag in tags]
        for n in range(4 if options.each else len(images), len(images) + 1):
            table(images[:n], options.layers, os.path.join(folder, "cache", "table-" + name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
