#!/usr/bin/env python3
"""Small images that ask one question each, against what real runtimes made of them.

    edge.py [NAME...]        images and goldens are tests/corpus/edge and tests/corpus/edge.golden

Where the three engines on overlayfs agree, lamina must see the same tree; where they do not, it must have a note. The
reference merge is held to the same. Flattened, split, and unpacked by umoci the tree must be what lamina listed.
"""
import ast
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import reference  # noqa: E402
import rootfs  # noqa: E402

ENGINES = ("cs-overlay", "ctrd-overlayfs", "dockerd-overlay2")
LETTERS = {"f": "file", "d": "dir", "l": "symlink", "c": "char", "b": "block", "p": "fifo"}
UNPACKED = range(1795480000, 1795500000)  # when the goldens were made: a time that the engine chose
LINE = re.compile(r"(?P<path>\S+)  (?P<kind>\w) (?P<mode>\d+) (?P<uid>\d+):(?P<gid>\d+) "
                  r"m=(?P<mtime>\S+)(?P<more>.*)", re.S)


def golden_entry(match):
    more = match["more"].strip()
    entry = {"kind": LETTERS[match["kind"]], "mode": int(match["mode"], 8), "uid": int(match["uid"]),
             "gid": int(match["gid"]), "mtime": float(match["mtime"]), "records": {}}
    if entry["mtime"] // 1 in UNPACKED:
        entry["mtime"] = None
    attributes = re.search(r" X\[(.*)\]$", " " + more)
    if attributes:
        more = more[:attributes.start()].strip()
        for key, value in re.findall(r"([\w.]+)=(b'(?:[^'\\]|\\.)*')", attributes[1]):
            entry["records"][key] = ast.literal_eval(value)
    more = re.sub(r"^hl#\d+ ?", "", more)
    if entry["kind"] == "symlink":
        entry["target"] = oci.unescape(more[len("-> "):])
    elif entry["kind"] == "file":
        size, _, text = more.partition(":")
        entry["size"], entry["text"] = int(size), oci.unescape(text)
    return entry


def golden(folder, engine, name):
    """path -> entry; None where the engine failed."""
    with open(os.path.join(folder + ".golden", engine, name + ".txt"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    if any(line.startswith("FAIL") for line in lines):
        return None
    return {oci.unescape(m["path"]): golden_entry(m) for m in map(LINE.fullmatch, lines)}


def agreed(trees):
    """What all engines say; None where one failed or two differ. Times of which one is its own become wild."""
    if any(tree is None for tree in trees):
        return None
    first, *others = ({p: dict(e) for p, e in tree.items()} for tree in trees)
    if any(tree.get(b"/") != first.get(b"/") for tree in others):
        for tree in (first, *others):
            tree.pop(b"/", None)
    for tree in others:
        if tree.keys() != first.keys():
            return None
        for path, entry in tree.items():
            if entry["mtime"] is None or first[path]["mtime"] is None:
                entry["mtime"] = first[path]["mtime"] = None
            if entry != first[path]:
                return None
    return first


def same_time(want, entry):
    if want is None or (want == 0 and entry["mtime_s"] < 0):
        return True
    return abs(want - (entry["mtime_s"] + entry["mtime_ns"] / 1e9)) < 1e-6


def compare(want, tree):
    """Lines that say where a tree (in listing() terms) is not what the engines made."""
    lines = ["%s: only in one" % oci.escape(p) for p in want.keys() ^ tree.keys() if p != b"/"]
    for path in want.keys() & tree.keys():
        w, e = want[path], tree[path]
        records = {k.removeprefix(rootfs.ATTRIBUTE): v[:16] for k, v in e["records"].items()
                   if k.startswith(rootfs.ATTRIBUTE)}
        have = {**e, "records": records}
        lines += ["%s: %s: engines %r, here %r" % (oci.escape(path), field, w[field], have[field])
                  for field in ("kind", "mode", "uid", "gid", "records", "target", "size")
                  if field in w and w[field] != have[field] and (field, w["kind"]) != ("mode", "symlink")]
        if not same_time(w["mtime"], e):
            lines.append("%s: time: engines %r, here %d" % (oci.escape(path), w["mtime"], e["mtime_s"]))
        if len(w.get("text", "")) == w.get("size") and hashlib.sha256(w["text"]).hexdigest() != e["content"]:
            lines.append("%s: content differs" % oci.escape(path))
    return lines


def notes(image):
    return json.loads(lamina.must("inspect", "--json", image).stdout)["notes"]


def check_reading(folder, name):
    image = os.path.join(folder, name, "oci")
    want = agreed([golden(folder, engine, name) for engine in ENGINES])
    listed = lamina.listing("oci:%s:t" % image)
    lines = []
    if want is None and not notes("oci:%s:t" % image):
        lines.append("the engines disagree, and there is no note")
    if want is not None:
        lines += compare(want, listed)
    expected = None
    if not name.startswith("gnu_sparse"):  # the reference knows no sparse files
        expected = lamina.as_listed(reference.merge(oci.Image(image).layers))
    if expected is not None:
        lines += ["reference: " + line for line in rootfs.difference(expected, listed)]
    return listed, lines


def check_writing(image, listed, scratch):
    tops = sorted(p for p in listed if p != b"/")
    split = ["--split", oci.escape(tops[0]) + "=apart"] if tops else []
    plan = lamina.must("plan", image, "--flatten", *split).stdout
    out = os.path.join(scratch, "out")
    lamina.must("apply", "-", image, "oci:%s:t" % out, stdin=plan)
    lines = rootfs.difference(listed, lamina.listing("oci:%s:t" % out), [f for f in rootfs.FIELDS if f != "layer"])
    if not shutil.which("umoci") or os.geteuid() != 0:
        return lines
    tree = rootfs.unpack(oci.Image(out).layers, os.path.join(scratch, "root"))
    want, tree = rootfs.unpackable(listed), lamina.as_listed(tree)
    for path in [p for p in want if os.path.basename(p).startswith(b".wh.")]:
        # such a directory can only be implied: its time, and that of the one above, are the unpacker's
        for p in (path, os.path.dirname(path)):
            want[p] = {**want[p], "mtime_s": tree[p]["mtime_s"], "mtime_ns": tree[p]["mtime_ns"]}
    differing = rootfs.difference(want, tree)
    return lines + ["unpacked: " + line for line in differing]


def check(folder, name):
    with tempfile.TemporaryDirectory(prefix="lamina-edge.") as scratch:
        os.environ["XDG_CACHE_HOME"] = os.path.join(scratch, "cache")
        try:
            listed, lines = check_reading(folder, name)
            lines += check_writing("oci:%s:t" % os.path.join(folder, name, "oci"), listed, scratch)
        except lamina.Failure as failure:
            lines = [str(failure)]
    return "\n    ".join(lines)


def main():
    folder = os.path.join(lamina.REPOSITORY, "tests/corpus/edge")
    results = [(name, check(folder, name)) for name in sys.argv[1:] or sorted(os.listdir(folder))]
    failures = [(name, why) for name, why in results if why]
    return lamina.conclude("edge", len(results) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
