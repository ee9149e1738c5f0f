#!/usr/bin/env python3
"""Properties over random images and plans: what lamina writes must merge to the tree that it read, as the reference and
umoci see both.

    run.py [--seeds N] [--start S] [--jobs J] [--umoci EVERY] [--keep]        SEED=S repeats one, and keeps its files
"""
import argparse
import filecmp
import io
import json
import multiprocessing
import os
import re
import shutil
import sys
import tarfile
import tempfile

import generate
import lamina
import oci
import reference
import rootfs



# Which paths a plan leaves out: by the design's words, on its own.


def glob_regex(text):
    """A glob as a regular expression over paths that were decoded with surrogateescape."""
    while "/**/**/" in text:
        text = text.replace("/**/**/", "/**/")
    out, at = "", 0
    while at < len(text):
        c = text[at]
        if text[at:] == "**" and text[at - 1] == "/":
            return out + ".+"
        if text.startswith("/**/", at):
            out, at = out + "/(?:.*/)?", at + 4
            continue
        if text[at:] == "/**":
            return out + "/.+"
        if text.startswith("**", at):
            out, at = out + ".*", at + 2
            continue
        if c == "\\":
            literal = re.match(r"(?:\\x[0-9a-f]{2})+|\\.", text[at:])[0]
            out, at = out + re.escape(oci.unescape(literal).decode("utf-8", "surrogateescape")), at + len(literal)
            continue
        if c == "[":
            end = text.index("]", at + 2)
            body = text[at + 1:end]
            out, at = out + ("[^/%s]" % body[1:] if body[0] == "!" else "(?!/)[%s]" % body), end + 1
            continue
        out += {"*": "[^/]*", "?": "[^/]", "{": "(?:", ",": "|", "}": ")"}.get(c) or re.escape(c)
        at += 1
    return out


def rule_matches(rule, path):
    """path: decoded."""
    if "path" in rule:
        top = oci.unescape(rule["path"]).decode("utf-8", "surrogateescape")
        return path == top or path.startswith(top.rstrip("/") + "/")
    regex = re.compile(glob_regex(rule["glob"]), re.S)
    parts = path.split("/")
    return any(regex.fullmatch("/".join(parts[:n]) or "/") for n in range(1, len(parts) + 1))


def left_out(plan, tree):
    """Paths that the last matching rule drops. A directory stays where something in it does."""
    gone, stay = set(), set()
    for path in tree:
        winner = None
        for rule in plan.get("assign", []):
            if rule_matches(rule, path.decode("utf-8", "surrogateescape")):
                winner = rule
        if winner is not None and winner["to"] is None and path != b"/":
            gone.add(path)
            continue
        parts = path.split(b"/")
        stay.update(b"/".join(parts[:n]) for n in range(1, len(parts)))
    return gone - stay


def without(tree, gone):
    return {path: {**e, "links": frozenset(e["links"] - gone)} for path, e in tree.items() if path not in gone}


def latest(plan):
    """The time that later ones are set back to, or None."""
    times = plan.get("times", "keep")
    return None if times == "keep" else generate.CLAMPS[times["clamp"]]


def meant(plan, tree):
    """The tree of a plan's image, less what is left out, with its times."""
    last, tree = latest(plan), without(tree, left_out(plan, tree))
    if last is None:
        return tree
    return {path: {**e, "mtime_s": last, "mtime_ns": 0} if (e["mtime_s"], e["mtime_ns"]) > (last, 0) else e
            for path, e in tree.items()}


# Properties


class Case:
    def __init__(self, seed, folder):
        self.seed, self.folder = seed, folder
        self.tree, self.plan, self.far = generate.generate(seed, folder)
        self.image = "oci:%s:t" % self.file("image")
        self.options = {"env": {"XDG_CACHE_HOME": self.file("cache"), "TMPDIR": folder}}

    def file(self, name):
        return os.path.join(self.folder, name)

    def lamina(self, *args, **options):
        return lamina.must(*args, **self.options, **options)

    def same(self, what, a, b, **options):
        lines = rootfs.difference(a, b, **options)
        if lines:
            raise lamina.Failure("%s: %s" % (what, "; ".join(lines)))

    def apply(self, plan, name, *more):
        self.lamina("apply", self.file(plan), self.image, "oci:%s:t" % self.file(name), *more)
        return self.file(name)

    def reads(self):
        """lamina sees what the reference sees, cold and from its cache."""
        fields = rootfs.FIELDS + ("layer",)
        want = lamina.as_listed(self.tree)
        for when in ("listing", "second listing"):
            self.same(when, want, lamina.listing(self.image, **self.options), fields=fields)

    def writes(self):
        """The plan's tree is the source's, and does not depend on threads."""
        out = oci.Image(self.apply("plan.json", "out", "--threads", "8"))
        other = self.apply("plan.json", "other", "--threads", "1")
        names = [e["digest"].replace(":", "/") for e in out.manifest["layers"] + [out.manifest["config"]]]
        files = ["index.json", "blobs/" + out.manifest_digest.replace(":", "/")] + ["blobs/" + n for n in names]
        if not all(filecmp.cmp(self.file("out/" + n), os.path.join(other, n), False) for n in files):
            raise lamina.Failure("1 thread and 8 write different bytes")
        self.same("merged tree", meant(self.plan, self.tree), reference.merge(out.layers))
        self.lamina("check", "oci:%s:t" % self.file("out"))
        self.config(out)
        return out

    def parts(self):
        """No written layer is larger than the plan lets it be, but for what cannot be in two."""
        most = {layer["name"]: bytes_of(layer["max_size"]) for layer in self.plan["layers"] if "max_size" in layer}
        if not most:
            return
        told = json.loads(self.apply_as_json("parts").stdout)
        tars = iter(oci.Image(self.file("parts")).layers)
        for layer in told["layers"]:
            tar = next(tars) if layer["fate"] != "empty" else b""
            if layer["fate"] in ("empty", "kept") or len(tar) <= most.get(layer["name"], len(tar)):
                continue
            if units(tar) > 1 or not any("layer \"%s\"" % layer["name"] in r and "max_size" in r for r in told["remarks"]):
                raise lamina.Failure("%s %d/%d: %d bytes, %d units" % (
                    layer["name"], layer["part"], layer["parts"], len(tar), units(tar)))

    def apply_as_json(self, name):
        return self.lamina("apply", self.file("plan.json"), self.image, "oci:%s:t" % self.file(name), "--json")

    def config(self, out):
        """What the config says stays; its history follows the layers."""
        source = oci.Image(self.file("image")).config
        last = latest(self.plan)
        if last is not None and last < 1612325046 and out.manifest_digest != oci.Image(self.file("image")).manifest_digest:
            source["created"] = next(t for t, s in generate.CLAMPS.items() if s == last)
            source["created"] = source["created"].replace("T14:26:40+02:00", "T12:26:40Z")
        for key in source.keys() - {"history", "rootfs"}:
            if out.config.get(key) != source[key]:
                raise lamina.Failure("config: %s: %r became %r" % (key, source[key], out.config.get(key)))
        filled = [h for h in out.config.get("history", []) if not h.get("empty_layer")]
        if "history" in source and len(filled) != len(out.layers):
            raise lamina.Failure("history: %d entries for %d layers" % (len(filled), len(out.layers)))

    def identity(self):
        """A plan that moves nothing writes the same manifest."""
        self.lamina("plan", self.image, "-o", self.file("identity.json"))
        same = oci.Image(self.apply("identity.json", "same"))
        source = oci.Image(self.file("image"))
        if same.manifest_digest != source.manifest_digest:
            raise lamina.Failure("identity: %s became %s" % (source.manifest_digest, same.manifest_digest))

    def canonical(self, out):
        """Flattened, the source and what was made of it are the same bytes; so it is through a docker-archive."""
        source = oci.Image(self.file("image"))
        if left_out(self.plan, self.tree) or 1 in (len(source.layers), len(out.layers)):
            return  # an image of one layer is flat: its layer is kept as it is
        with open(self.file("flat.json"), "w", encoding="utf-8") as f:
            # gzip: a docker-archive refuses zstd, which a plan of one layer may have kept
            json.dump({"lamina": 1, "layers": [{"name": "all", "from": "rest", "compression": "gzip"}],
                       "times": self.plan.get("times", "keep")}, f)
        flat = oci.Image(self.apply("flat.json", "flat"))
        archive = "docker-archive:" + self.file("archive.tar")
        self.lamina("apply", self.file("flat.json"), "oci:%s:t" % self.file("out"), archive)
        self.lamina("apply", self.file("flat.json"), archive, "oci:%s:t" % self.file("again"))
        again = oci.Image(self.file("again"))
        if flat.layers != again.layers:
            raise lamina.Failure("flattening the source and flattening the output give different layers")

    def unpacks(self, out):
        """umoci makes the same tree of the layers, where none of them is somebody else's."""
        source = set(oci.Image(self.file("image")).layers)
        tree = meant(self.plan, self.tree)
        if self.far or any(tar in source for tar in out.layers) or not unpackable_names(tree):
            return
        self.same("umoci", rootfs.unpackable(tree), rootfs.unpack(out.layers, self.file("root")))


def bytes_of(size):
    return int(size.rstrip("kM")) << {"k": 10, "M": 20}.get(size[-1], 0)


def units(tar):
    """What could be in a layer of its own: files with all their names, and directories with nothing in them."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        names = [(m, m.name.rstrip("/")) for m in archive]
    filled = {os.path.dirname(name) for _, name in names}
    return sum(name != "." and not m.islnk() and not os.path.basename(name).startswith(".wh.") and not (m.isdir() and name in filled)
               for m, name in names)


def unpackable_names(tree):
    """Linux takes names of 255 bytes and paths of 4,096, the scratch folder's included."""
    return all(len(path) < 3800 and all(len(name) <= 255 for name in path.split(b"/")) for path in tree)


def can_unpack():
    """Whether this is a place where umoci can set owners, attributes and make devices."""
    if os.geteuid() != 0 or not shutil.which("umoci"):
        return False
    with tempfile.TemporaryDirectory(prefix="lamina-prop.") as folder:
        try:
            os.mknod(os.path.join(folder, "device"), 0o20644, os.makedev(1, 3))
            name = os.path.join(folder, "file")
            with open(name, "wb"):
                pass
            os.chown(name, 3000000, 4000000000)
            os.setxattr(name, "security.capability", generate.CAPABILITY)
            os.setxattr(name, "user.x", b"1")
            os.setxattr(name, "trusted.x", b"1")
        except OSError:
            return False
    return True


def check(seed, folder, umoci_every):
    case = Case(seed, folder)
    case.reads()
    out = case.writes()
    case.parts()
    case.identity()
    if seed % 4 == 0:
        case.canonical(out)
    if umoci_every and seed % umoci_every == 0:
        case.unpacks(out)


def attempt(job):
    seed, keep, umoci_every = job
    return lamina.attempt("prop", seed, keep, lambda folder: check(seed, folder, umoci_every))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--umoci", type=int, default=4, metavar="EVERY",
                        help="unpack every n-th output with umoci; 0: none")
    parser.add_argument("--keep", action="store_true", help="keep the files of each seed")
    args = parser.parse_args()
    umoci_every, skipped = args.umoci, 0
    if umoci_every and not can_unpack():
        if os.environ.get("CI") == "true":
            return lamina.conclude("umoci", 0, [("peer", "umoci cannot unpack here, which CI needs")])
        print("umoci: skipped: it needs root, and is not here or may not make devices")
        umoci_every, skipped = 0, 1
    seeds = range(args.start, args.start + args.seeds)
    if os.environ.get("SEED"):
        seeds, args.keep = [int(os.environ["SEED"])], True
    jobs = [(seed, args.keep, umoci_every) for seed in seeds]
    with multiprocessing.Pool(max(1, args.jobs)) as pool:
        results = list(pool.imap_unordered(attempt, jobs, 4))
    failures = [("SEED=%d" % seed, why) for seed, why in sorted(results) if why]
    return lamina.conclude("property", len(results) - len(failures), failures, skipped)


if __name__ == "__main__":
    sys.exit(main())
