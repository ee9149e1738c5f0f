#!/usr/bin/env python3
"""Which originals stay as they are: built cases in which keeping one would show what was deleted, or hide what was moved."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import reference  # noqa: E402
from tarmake import plain, tar  # noqa: E402


def file(name, data=b"", **fields):
    return plain("file", name.encode(), data or name.encode(), **fields)


def folder(name, **fields):
    return plain("dir", name.encode() + b"/", **fields)


def link(name, target):
    return plain("link", name.encode(), target=target.encode())


def symlink(name, target):
    return plain("symlink", name.encode(), target=target.encode())


def gone(name):
    at = name.rfind("/") + 1
    return plain("file", (name[:at] + ".wh." + name[at:]).encode(), b"")


def opaque(name):
    return plain("file", name.encode() + b"/.wh..wh..opq", b"")


def stack(*order):
    """Layers by their originals: 2 is one that may be kept, (1, 2) several, "name" a new one."""
    out = []
    for n, what in enumerate(order):
        if isinstance(what, str):
            out.append({"name": what})
        else:
            out.append({"name": "l%d" % n, "from": list(what) if isinstance(what, tuple) else [what]})
    return out


TWICE = [[file("a", b"old"), file("x")], [gone("a"), file("y")], [file("a", b"new"), file("z")]]
OPAQUE = [[folder("d"), file("d/1"), file("d/2"), file("x")], [folder("d"), opaque("d"), file("d/3")], [file("d/1", b"again")]]
OPAQUE_FIRST = [[folder("d"), opaque("d"), file("x")], [gone("d/1"), file("y")], [file("d/1"), file("d/2"), file("z")]]
AGAIN = [[file("a", b"old"), file("w")], [file("a", b"new"), file("x")], [file("a", b"odd"), file("y")], [file("a", b"new"), file("z")]]
BECAME_LINK = [[folder("d"), file("d/1"), folder("e"), file("e/1")], [symlink("d", "e"), file("y")], [file("z")]]
METADATA = [[folder("d"), file("d/1")], [folder("d", mode=0o700), file("d/2")], [folder("d", mode=0o711)]]
LINKS = [[file("a"), link("b", "a"), file("x")], [link("c", "a"), file("y")], [gone("b")]]
MOVE_X = [{"path": "/x", "to": "new"}]
MOVE_Y = [{"path": "/y", "to": "new"}]
LOST = [[folder("e"), file("e/a"), folder("t"), file("t/f")], [link("t/g", "t/f")], [gone("t/f"), gone("t/g")]]
NAME_LESS = [[file("a"), link("b", "a")], [gone("b")], [file("x")]]
CACHE = [[folder("v"), folder("v/c"), file("x")], [file("v/c/1"), file("y")], [gone("v/c/1")]]

# name, layers, the plan's stack, its rules, what each written or kept layer must be ("k": kept, "w": written, "-": not there)
CASES = [
    ("as it is", TWICE, stack(0, 1, 2), [], "kkk"),
    ("deleted and there again, the lowest split", TWICE, stack(0, 1, 2, "new"), MOVE_X, "-kkw"),
    ("deleted and there again, the middle split", TWICE, stack(0, 1, 2, "new"), MOVE_Y, "k-kw"),
    ("deleted and there again, the deletion on top", TWICE, stack(0, 2, 1), [], "kkw"),
    ("deleted and there again, upside down", TWICE, stack(2, 1, 0), [], "kww"),
    ("deleted and there again, the deletion below", TWICE, stack(1, 0, 2), [], "kkk"),
    ("the two upper ones in one", TWICE, stack(0, (1, 2)), [], "kw"),
    ("the two lower ones in one", TWICE, stack((0, 1), 2), [], "wk"),
    ("opaque, as it is", OPAQUE, stack(0, 1, 2), [], "kkk"),
    ("opaque, the two upper ones in one", OPAQUE, stack(0, (1, 2)), [], "kw"),
    ("opaque, on top", OPAQUE, stack(0, 2, 1), [], "kkw"),
    ("opaque, below", OPAQUE, stack(1, 0, 2), [], "kwk"),
    ("opaque, over two files of one layer", OPAQUE_FIRST, stack(2, 0, 1), [], "kww"),
    ("opaque, over a whiteout of one of two files", OPAQUE_FIRST, stack(2, 1, 0), [], "kww"),
    ("opaque, between", OPAQUE_FIRST, stack(1, 0, 2), [], "kkk"),
    ("older ones, and between them one that is as the last", AGAIN, stack(3, 2, 1, 0), [], "kkkw"),
    ("older ones above all", AGAIN, stack(3, 1, 2, 0), [], "kkww"),
    ("a directory that became a link", BECAME_LINK, stack(0, 1, 2), [], "kkk"),
    ("a directory that became a link, the link below", BECAME_LINK, stack(1, 0, 2), [], "kwk"),
    ("a directory that became a link, its layer split", BECAME_LINK, stack(0, 1, 2, "new"), MOVE_Y, "kwkw"),
    ("metadata alone", METADATA, stack(0, 1, 2), [], "kkk"),
    ("metadata alone, in the middle", METADATA, stack(0, 2, 1), [], "kkw"),
    ("metadata alone, at the bottom", METADATA, stack(2, 0, 1), [], None),
    ("links over layers", LINKS, stack(0, 1, 2), [], "kkk"),
    ("links over layers, one layer split", LINKS, stack(0, 1, 2, "new"), MOVE_Y, None),
    ("links over layers, the file's layer split", LINKS, stack(0, 1, 2, "new"), MOVE_X, None),
    ("links over layers, pulled apart", LINKS, stack(0, 1, 2, "new"), [{"path": "/c", "to": "new"}], None),
    ("links over layers, to what is deleted in the end", LOST, stack(0, 1, 2, "new"), [{"path": "/e", "to": "new"}], "-wkw"),
    ("a name of a file deleted by a layer that is written", NAME_LESS, stack(0, (1, 2)), [], "kw"),
    ("a directory left out of a layer that stays", CACHE, stack(0, 1, 2), [{"path": "/v/c", "to": None}], None),
]


def fates(source, out, order):
    """k or w for each layer of the output, by its blob."""
    originals = [l["digest"] for l in source.manifest["layers"]]
    return "".join("k" if l["digest"] in originals else "w" for l in out.manifest["layers"])


def check(case, scratch):
    name, layers, order, rules, want = case
    image, out = os.path.join(scratch, "image"), os.path.join(scratch, "out")
    oci.write_layout(image, [(tar(entries), "gzip", 1) for entries in layers])
    plan = json.dumps({"lamina": 1, "layers": order, "assign": rules}).encode()
    lamina.must("apply", "-", "oci:%s:t" % image, "oci:%s:t" % out, stdin=plan)
    if shutil.which("umoci") and os.geteuid() == 0:
        unpacked = subprocess.run(["umoci", "raw", "unpack", "--image", out + ":t", os.path.join(scratch, "root")],
                                  capture_output=True, check=False)
        if unpacked.returncode != 0:
            return "umoci: " + unpacked.stderr.decode()
    source, made = oci.Image(image), oci.Image(out)
    is_there = fates(source, made, order)
    if want is not None and is_there != want.replace("-", ""):
        return "layers are %s, not %s" % (is_there, want)
    before, after = reference.merge(source.layers), reference.merge(made.layers)
    dropped = [r["path"].encode() for r in rules if r["to"] is None]
    expected = {p for p in before if not any(p == d or p.startswith(d + b"/") for d in dropped)}
    if set(after) != expected:
        return "paths differ: %r" % sorted(set(after) ^ expected)
    for path in after:
        one, two = ({k: v for k, v in e.items() if k != "layer"} for e in (before[path], after[path]))
        if one != two:
            return "%r: %r became %r" % (path, one, two)
    return ""


def main():
    failures = []
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="lamina-kept.") as scratch:
            try:
                why = check(case, scratch)
            except lamina.Failure as failure:
                why = str(failure)
        if why:
            failures.append((case[0], why))
    return lamina.conclude("kept", len(CASES) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
