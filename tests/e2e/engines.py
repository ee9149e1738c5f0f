#!/usr/bin/env python3
"""Layers that engines read in several ways: lamina reads them as the overlay engines do where these agree, and says so in a note
wherever any engine shows something else.

    engines.py [NAME...]        tests/corpus/engines makes the layers, readings.txt beside it has what six engines showed
"""
import ast
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(HERE), "corpus", "engines")
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "prop"), CORPUS]
import cases  # noqa: E402
import lamina  # noqa: E402
import oci  # noqa: E402
import rootfs  # noqa: E402
import reference  # noqa: E402

OVERLAY = {"cs-overlay", "ctrd-overlayfs", "dockerd-overlay2"}
KINDS = {"f": "file", "d": "dir", "l": "symlink", "c": "char", "b": "block", "p": "fifo", "GHOST": "ghost"}
LINE = re.compile(r"     (\S+) (\w+) (\S+) (\S+) m=(\S+) ?(.*)$")


def shown(text):
    """path -> what an engine showed there; a time is None where it is that of the run, a ghost is listed and nothing else."""
    found = LINE.match(text)
    path, kind, mode, owner, mtime, rest = found.groups()
    out = {"kind": KINDS[kind]}
    if kind == "GHOST":
        return path, out
    out.update(mode=int(mode, 8), owner=owner, mtime=None if mtime == "NOW" else float(mtime))
    attributes = re.search(r" ?X(\{.*\})$", rest)
    out["attributes"] = ast.literal_eval(attributes[1]) if attributes else {}
    target = re.search(r"-> (b'[^']*'|b\"[^\"]*\")", rest)
    out["target"] = ast.literal_eval(target[1]) if target else None
    names = re.search(r"hl=(b'[^']*')", rest)
    out["links"] = ast.literal_eval(names[1]) if names else None
    return path, out


def readings():
    """name -> engine -> path -> what it showed; None: it failed."""
    out = {}
    with open(os.path.join(CORPUS, "readings.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("=== "):
                name, out[line[4:]] = line[4:], {}
            elif line.startswith("  ["):
                engines, tree = line.strip(" []").split(), {}
                out[name].update({engine: tree for engine in engines})
            elif line.startswith("     FAIL"):
                out[name].update({engine: None for engine in engines})
            elif line:
                path, entry = shown(line)
                tree[path] = entry
    return out


def listed(entries):
    """The same of lamina's listing."""
    groups = {}
    for e in entries:
        groups.setdefault((e["layer"], e.get("inode"), e["links"]), []).append(e["path"])
    out = {}
    for e in entries:
        out[e["path"]] = {
            "kind": e["kind"], "mode": int(e["mode"], 8), "owner": "%d:%d" % (e["uid"], e["gid"]),
            "mtime": e["mtime"] + e["mtime_ns"] / 1e9, "target": oci.unescape(e["target"]) if e["kind"] == "symlink" else None,
            "attributes": {k[len("SCHILY.xattr."):]: lamina.base64.b64decode(v).hex() for k, v in e.get("attributes", {}).items()},
            "links": e["links"] > 1,
        }
    out.pop("/", None)
    return out


def difference(engine, own):
    """In what an engine's tree is another than lamina's."""
    lines = ["%s is in one alone" % p for p in sorted(set(engine) ^ set(own))]
    for path in set(engine) & set(own):
        a, b = engine[path], own[path]
        for field in ("kind", "mode", "owner", "target", "attributes"):
            if a.get(field) != b[field]:
                lines.append("%s: %s %r, lamina %r" % (path, field, a.get(field), b[field]))
        if a["kind"] not in ("dir", "ghost") and a["mtime"] is not None and a["mtime"] != b["mtime"]:
            lines.append("%s: time" % path)
        if (a.get("links") is not None) != b["links"]:
            lines.append("%s: links" % path)
    return lines


def without_ghosts(tree):
    return {path: e for path, e in tree.items() if e["kind"] != "ghost"}


def check(name, layers, read):
    with tempfile.TemporaryDirectory(prefix="lamina-engines.") as folder:
        oci.write_layout(folder, [(b"".join(members) + b"\0" * 1024, "none", 1) for members in layers])
        image = "oci:%s:t" % folder
        own = listed(json.loads(lamina.must("ls", "--json", "-R", image).stdout)["entries"])
        notes = json.loads(lamina.must("inspect", "--json", image).stdout)["notes"]
        expected = lamina.as_listed(reference.merge(oci.Image(folder).layers))
        lines = ["reference: " + line for line in rootfs.difference(expected, lamina.listing(image))]
    overlay = [tree for engine, tree in read.items() if engine in OVERLAY and tree is not None]
    if len(overlay) == len(OVERLAY) and all(tree == overlay[0] for tree in overlay):
        lines += ["overlayfs: " + line for line in difference(without_ghosts(overlay[0]), own)]
    differing = [engine for engine, tree in read.items() if tree is None or difference(tree, own)]
    if differing and not notes:
        lines.append("no note, and %s show something else" % ", ".join(differing))
    return "\n    ".join(lines)


def main():
    read = readings()
    assert set(read) == set(cases.CASES) and len(read) == 85, set(read) ^ set(cases.CASES)
    chosen = sys.argv[1:] or sorted(read)
    failures = []
    for name in chosen:
        try:
            why = check(name, cases.CASES[name], read[name])
        except lamina.Failure as failure:
            why = str(failure)
        if why:
            failures.append((name, why))
    return lamina.conclude("engines", len(chosen) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
