#!/usr/bin/env python3
"""Names that are not there: a whiteout is listed by overlayfs where its directory comes from one layer alone (core/layout/ghosts.h).
Random small images and plans, and some built ones: no directory of an output lists such a name that its input did not.

    overlay.py [--cases N] [--start S] [--keep]        SEED=S repeats one, and keeps its files

What is listed is worked out by a model of a few lines. Where overlay mounts are possible (root, trusted attributes, devices) each
image is mounted as well, its whiteouts made as containerd makes them, and has to show what the model says.
"""
import argparse
import ctypes
import errno
import io
import json
import os
import random
import shutil
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

OPAQUE = ".wh..wh..opq"


# A layer: what it makes of a path. "dir", "opaque" (a directory), "file", "whiteout".


def parents(path):
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def read_layer(data):
    """As it lies on disk, whatever the order in the tar."""
    out, opaque = {}, []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            path = member.name.strip("/")
            if path in ("", "."):
                continue
            for parent in parents(path):
                out.setdefault(parent, "dir")
            name = os.path.basename(path)
            if name == OPAQUE:
                opaque.append(os.path.dirname(path))
            elif name.startswith(".wh."):
                out[os.path.join(os.path.dirname(path), name[4:])] = "whiteout"
            else:
                out[path] = "dir" if member.isdir() else "file"
    for path in opaque:
        out[path] = "opaque"
    return out


def model(layers):
    """What overlayfs lists and does not find."""
    stacks = {"": range(-1, len(layers))}  # the container's own layer is in the root's

    def stack(path):
        if path not in stacks:
            found = []
            for n in reversed([n for n in stack(os.path.dirname(path)) if n >= 0]):
                kind = layers[n].get(path)
                if kind in ("file", "whiteout"):
                    break
                found += [n] if kind else []
                if kind == "opaque":
                    break
            stacks[path] = found[::-1]
        return stacks[path]

    return {path for n, layer in enumerate(layers) for path, kind in layer.items()
            if kind == "whiteout" and list(stack(os.path.dirname(path))) == [n]}


# Real mounts


class Mounts:
    """Overlay mounts in a namespace of our own, below one folder in memory."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.call("unshare", 0x20000)
        self.call("mount", b"none", b"/", None, 0x44000, None)
        self.folder = tempfile.mkdtemp(prefix="lamina-overlay.")
        self.call("mount", b"none", self.folder.encode(), b"tmpfs", 0, None)
        self.listed([{"d": "dir", "d/x": "whiteout", "e": "opaque"}])

    def call(self, name, *args):
        args = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in args]
        if getattr(self.libc, name)(*args) != 0:
            raise OSError(ctypes.get_errno(), name)

    def unpack(self, folder, layer):
        for path in sorted(layer):
            name, kind = os.path.join(folder, path), layer[path]
            if kind == "whiteout":
                os.mknod(name, 0o20000, os.makedev(0, 0))
            elif kind == "file":
                with open(name, "w", encoding="ascii"):
                    pass
            else:
                os.mkdir(name)
            if kind == "opaque":
                os.setxattr(name, "trusted.overlay.opaque", b"y")

    def listed(self, layers):
        top = os.path.join(self.folder, "m")
        shutil.rmtree(top, ignore_errors=True)
        for name in ["l%d" % n for n in range(len(layers))] + ["upper", "work", "merged"]:
            os.makedirs(os.path.join(top, name))
        for n, layer in enumerate(layers):
            self.unpack(os.path.join(top, "l%d" % n), layer)
        os.chdir(top)
        options = "lowerdir=%s,upperdir=upper,workdir=work" % ":".join("l%d" % n for n in reversed(range(len(layers))))
        self.call("mount", b"overlay", b"merged", b"overlay", 0, options.encode())
        try:
            return set(missing("merged"))
        finally:
            self.call("umount2", b"merged", 2)
            os.chdir("/")


def missing(top):
    for folder, names, others in os.walk(top):
        for name in names + others:
            try:
                os.lstat(os.path.join(folder, name))
            except FileNotFoundError:
                yield os.path.relpath(os.path.join(folder, name), top)


def mounts():
    try:
        return Mounts()
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENODEV, errno.EINVAL, errno.ENOTSUP):
            raise
        print("overlay: no mounts here (%s): by the model alone" % error)
        return None


# Images and plans


def entries(layer, rng=None):
    """A tar of a layer that is written as {path: kind}; with rng parents are left to be implied now and then."""
    out = []
    for path, kind in sorted(layer.items()):
        base, name = os.path.split(path)
        if kind == "whiteout":
            out.append(plain("file", os.path.join(base, ".wh." + name).encode()))
        elif kind == "file":
            out.append(plain("file", path.encode(), path.encode() + b"%d" % len(layer)))
        elif kind == "opaque" or not rng or rng.random() < 0.8:
            out.append(plain("dir", path.encode() + b"/"))
        if kind == "opaque":
            out.append(plain("file", os.path.join(path, OPAQUE).encode()))
    return tar(out)


def remove(tree, path):
    for other in [p for p in tree if p == path or p.startswith(path + "/")]:
        del tree[other]


def change(rng, layer, tree):
    """One step of a build, as its layer and its merged tree."""
    folders = [p for p, kind in tree.items() if kind == "dir" and p.count("/") < 3] + [""]
    path = os.path.join(rng.choice(folders), rng.choice("abcd"))
    what = rng.choice(("dir", "dir", "file", "file", "gone", "gone", "again", "odd"))
    there = tree.get(path)
    if what == "odd":  # a whiteout of nothing, now and then in nothing
        path = os.path.join(path, rng.choice("xy")) if there != "file" else path
        there = tree.get(path)
        what = "gone"
    if what == "gone" and not there and rng.random() < 0.7 and tree:
        path = rng.choice(sorted(tree))
    for parent in parents(path):
        if layer.get(parent, "dir") not in ("dir", "opaque") or tree.get(parent, "dir") != "dir":
            return
    was_opaque = layer.get(path) == "opaque"
    if what in ("gone", "file", "again") or tree.get(path) == "file":
        remove(tree, path)
        remove(layer, path)
    for parent in parents(path):
        layer.setdefault(parent, "dir")
        tree.setdefault(parent, "dir")
    layer[path] = {"gone": "whiteout", "file": "file", "again": "opaque",
                   "dir": "opaque" if was_opaque else "dir"}[what]
    if what != "gone":
        tree[path] = "file" if what == "file" else "dir"


def build(rng):
    layers, tree = [], {}
    for _ in range(rng.randrange(2, 6)):
        layer = {}
        for _ in range(rng.randrange(1, 7)):
            change(rng, layer, tree)
        layers.append(layer)
    return layers


def make_plan(rng, count, layers):
    """Runs of originals, mostly in their order, and rules for a few paths."""
    order, stack = list(range(count)), []
    if rng.random() < 0.2:
        rng.shuffle(order)
    while order:
        take = rng.choice((1, 1, 1, 2, 3))
        stack.append({"name": "l%d" % len(stack), "from": sorted(order[:take])})
        order = order[take:]
    for n in range(rng.randrange(0, 2)):
        stack.insert(rng.randrange(len(stack) + 1), {"name": "new%d" % n})
    paths = sorted({p for layer in layers for p, kind in layer.items() if kind != "whiteout"})
    rules = [{"path": "/" + rng.choice(paths), "to": rng.choice(stack)["name"] if rng.random() < 0.9 else None}
             for _ in range(rng.randrange(0, 3)) if paths]
    return {"lamina": 1, "layers": stack, "assign": rules}


# Checks


class Case:
    def __init__(self, folder, tars):
        self.folder = folder
        oci.write_layout(self.file("in"), [(data, "none", 1) for data in tars])

    def file(self, name):
        return os.path.join(self.folder, name)

    def apply(self, plan):
        with open(self.file("plan.json"), "w", encoding="ascii") as out:
            json.dump(plan, out)
        return lamina.must("apply", self.file("plan.json"), "oci:%s:t" % self.file("in"), "oci:%s:t" % self.file("out"))

    def ghosts(self, name, real):
        layers = [read_layer(data) for data in oci.Image(self.file(name)).layers]
        ghosts = model(layers)
        if real and real.listed(layers) != ghosts:
            raise lamina.Failure("%s: a mount lists %s, and the model says %s; layers %s"
                                 % (name, sorted(real.listed(layers)), sorted(ghosts), layers))
        return ghosts

    def check(self, real):
        more = self.ghosts("out", real) - self.ghosts("in", real)
        if more:
            raise lamina.Failure("the output lists %s, which the input does not" % sorted(more))


def attempt(name, keep, work):
    """What went wrong, or None."""
    folder = tempfile.mkdtemp(prefix="lamina-overlay-%s." % name)
    try:
        work(folder)
        return None
    except lamina.Failure as failure:
        return str(failure)
    finally:
        if keep:
            print("%s: files are in %s" % (name, folder))
        else:
            shutil.rmtree(folder, ignore_errors=True)


def random_case(seed, real):
    def work(folder):
        rng = random.Random(seed)
        layers = build(rng)
        case = Case(folder, [entries(layer, rng) for layer in layers])
        case.apply(make_plan(rng, len(layers), layers))
        case.check(real)
    return work


LISTS = ["var/lib/apt/lists/%s" % name for name in ("deb_a", "deb_b", "lock", "partial")]
UP = {"var": "dir", "var/lib": "dir", "var/lib/apt": "dir", "var/lib/apt/lists": "dir"}
APT = [{**UP, "bin": "dir", "bin/sh": "file"}, {"etc": "dir", "etc/x": "file"}, {**UP, **dict.fromkeys(LISTS, "file")},
       {"opt": "dir", "opt/app": "file"}, {**UP, **dict.fromkeys(LISTS, "whiteout"), "etc": "dir", "etc/y": "file"}]
BELOW = [{"d": "dir", "d/a": "file", "x": "file"}, {"e": "dir", "e/x": "file"}, {"d": "dir", "d/a": "whiteout"}]
CUT = [{"d": "dir", "d/a": "file", "d/s": "dir"}, {"d": "opaque", "d/s": "dir", "d/b": "file"},
       {"d": "dir", "d/s": "dir", "d/s/z": "whiteout", "d/c": "file"}, {"f": "file"}]


def runs(*groups):
    return [{"name": "l%d" % n, "from": group} for n, group in enumerate(groups)]


# name, layers, stack, rules, what `apply` says of the layer that is rewritten for it (None: all stay as they can)
BUILT = [
    ("apt's lists", APT, runs([0, 1, 2], [3], [4]), [],
     "its whiteout of /var/lib/apt/lists/deb_a would show, as no layer below has /var/lib/apt/lists"),
    ("apt's lists, together", APT, runs([0, 1], [2, 3, 4]), [], None),
    ("one assignment", BELOW, runs([0], [1], [2]), [{"path": "/x", "to": "l1"}],
     "its whiteout of /d/a would show, as no layer below has /d"),
    ("below an opaque one", CUT, runs([0], [1, 3], [2]), [], "its whiteout of /d/s/z would show, as no layer below has /d/s"),
    ("what the input shows may stay", [{"d": "dir", "d/z": "whiteout", "d/a": "file"}, {"f": "file"}, {"g": "file"}],
     runs([0], [1, 2]), [], None),
]


def built_case(layers, stack, rules, why, real):
    def work(folder):
        case = Case(folder, [entries(layer) for layer in layers])
        said = case.apply({"lamina": 1, "layers": stack, "assign": rules}).stderr.decode()
        case.check(real)
        if why and why not in said:
            raise lamina.Failure("%r is not said: %s" % (why, said))
    return work


def kept_blob(folder):
    """A blob that must stay and cannot: an error that says why."""
    case = Case(folder, [entries(layer) for layer in APT])
    stack = runs([0, 1, 2], [3], [4])
    stack[2]["keep"] = True
    with open(case.file("plan.json"), "w", encoding="ascii") as out:
        json.dump({"lamina": 1, "layers": stack, "assign": []}, out)
    done = lamina.must("apply", case.file("plan.json"), "oci:%s:t" % case.file("in"), "oci:%s:t" % case.file("out"), exits=(4,))
    if b"cannot stay as it is: its whiteout of /var/lib/apt/lists/deb_a would show" not in done.stderr:
        raise lamina.Failure(done.stderr.decode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep the files of each case")
    args = parser.parse_args()
    real = mounts()
    seeds = range(args.start, args.start + args.cases)
    if os.environ.get("SEED"):
        seeds, args.keep = [int(os.environ["SEED"])], True
    work = [(name, built_case(*rest, real)) for name, *rest in BUILT] + [("keep: true", kept_blob)]
    work += [("SEED=%d" % seed, random_case(seed, real)) for seed in seeds]
    results = [(name, attempt(name.replace(" ", "-"), args.keep, one)) for name, one in work]
    failures = [(name, why) for name, why in results if why]
    return lamina.conclude("overlay", len(results) - len(failures), failures, 0 if real else 1)


if __name__ == "__main__":
    sys.exit(main())
