#!/usr/bin/env python3
"""Random images and random plans for them; the same seed gives the same.

    generate.py SEED FOLDER        writes FOLDER/image (an OCI layout, tag t) and FOLDER/plan.json
"""
import json
import os
import random
import sys

import oci
import reference
import tarmake

PLAIN = [b"a", b"b", b"c", b"usr", b"lib", b"opt", b"etc", b"bin", b"doc", b"cache", b"x.so.1", b".hidden"]
ODD = [b"with space", "é".encode(), "e\u0301".encode(), b"\xff\xfe", b"caf\xe9", b"new\nline", b"tab\there",
       b"back\\slash", b"\x1b[31mred", "\u202eevil".encode(), "\u65e5\u672c\u8a9e".encode(), b"-dash", b"*", b"[x]",
       b"{a,b}", b"=", b"wh.x", b".wh", b"...", b"..x", b"a" * 99, b"b" * 100, b"c" * 101, b"d" * 255,
       "\u00e9".encode() * 127, b"quote\"", b"\x7f", b"\xc2\x85", b"#", b"A", b"a,b"]
MODES = [0o644, 0o755, 0o600, 0o4755, 0o2755, 0o1777, 0, 0o7777, 0o400, 0o700]
IDS = [0, 0, 0, 1, 100, 1000, 65534, 2097151, 2097152, 3000000, 4294967294]
TIMES = [(0, 0), (1, 0), (1000000000, 0), (1600000000, 0), (1600000000, 123456789), (1700000001, 1),
         (1650000000, 999999999), (-1, 0), (-2, 750000000), (-1, 999999999), (-1000000, 500000000),
         (2147483647, 0), (2147483648, 0), (4294967296, 5), (8589934592, 0)]
FAR_TIMES = [(1 << 40, 0), (-(1 << 40), 3), (253402300800, 0)]
CLAMPS = {"1970-01-01T00:00:00Z": 0, "2020-09-13T14:26:40+02:00": 1600000000, "2021-01-01T00:00:00Z": 1609459200,
          "9999-12-31T23:59:59Z": 253402300799}
CONTENTS = [b"", b"x", b"hello\n", b"\0" * 511, b"y" * 512, b"z" * 513, bytes(range(256)) * 6]
CAPABILITY = b"\x01\x00\x00\x02\x00\x20\x00\x00" + b"\0" * 12
RECORDS = [(b"SCHILY.xattr.user.text", b"value"), (b"SCHILY.xattr.user.binary", bytes(range(256))),
           (b"SCHILY.xattr.user.newline", b"a\nb=c"), (b"SCHILY.xattr.trusted.x", b"1")]
ODD_RECORDS = [(b"VENDOR.note", b"nobody knows"), (b"SCHILY.xattr.user.empty", b""), (b"comment", b"said"),
               (b"SCHILY.xattr.user.overlay.opaque", b"y"), (b"SCHILY.xattr.trusted.overlay.opaque", b"y")]
KINDS = ["file"] * 12 + ["dir"] * 8 + ["symlink"] * 5 + ["char", "block", "fifo"]


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.odd = self.rng.random() < 0.5    # names and records that are odd
        self.far = self.rng.random() < 0.1    # times that few filesystems hold
        self.below = {}                       # path -> kind, more or less, of the layers so far
        self.here = {}                        # of this layer
        self.gone = []                        # what this layer has whiteouts of
        self.dialects = self.rng.choice([[d] for d in tarmake.DIALECTS] + [list(tarmake.DIALECTS)] * 4)

    # What to name

    def name(self):
        if self.odd and self.rng.random() < 0.3:
            return self.rng.choice(ODD)
        return self.rng.choice(PLAIN)

    def pick(self, places, *kinds):
        found = [p for p, kind in places.items() if not kinds or kind in kinds]
        return self.rng.choice(found) if found else None

    def folder(self):
        roll, path = self.rng.random(), None
        if roll < 0.4:
            path = self.pick(self.here, "dir")
        elif roll < 0.65:
            path = self.pick(self.below, "dir")
        elif roll < 0.7:
            path = self.pick(self.here, "symlink")
        elif roll < 0.73:
            path = self.pick({**self.below, **self.here})
        if path is None:
            depth = self.rng.choice([0, 0, 1, 1, 2, 3])
            if self.odd and self.rng.random() < 0.03:
                return b"/".join(self.rng.choice(ODD[19:24]) for _ in range(self.rng.randint(3, 9)))
            path = b"/".join(self.name() for _ in range(depth))
        return path

    def path(self):
        """A path for an entry: new, or of something that is there."""
        roll, path = self.rng.random(), None
        if roll < 0.06:
            path = self.pick(self.here)
        elif roll < 0.30:
            path = self.pick(self.below)
        if path:
            return path
        return b"/".join(filter(None, [self.folder(), self.name()]))

    def spell(self, path):
        """The same path, as some archiver would write it."""
        style = self.rng.random()
        if style < 0.75:
            return path
        if style < 0.85:
            return b"./" + path
        if style < 0.90:
            return b"/" + path
        if style < 0.93:
            return path.replace(b"/", b"//")
        if style < 0.96:
            return path.replace(b"/", b"/./")
        if style < 0.98:
            return b"gone/../" + path
        return b"../../" + path

    def target(self, path):
        """Where a symlink at path may point."""
        there = self.pick({**self.below, **self.here}) or b"a"
        up = b"../" * path.count(b"/")
        return self.rng.choice([
            b"/" + there, up + there, there, b"../../missing", up + b"../" + there, path.rsplit(b"/", 1)[-1],
            b"/" + path, b"nowhere", b".", b"..", b"./" + self.name(), up + self.name() + b"/../" + there,
            b"t" * self.rng.choice([99, 100, 101, 300]), b"bytes\xff\n"])

    # Entries

    def entry(self, kind, path, target=b""):
        rng = self.rng
        entry = tarmake.plain(kind, self.spell(path), target=target, mode=rng.choice(MODES), uid=rng.choice(IDS),
                              gid=rng.choice(IDS))
        entry["mtime_s"], entry["mtime_ns"] = rng.choice(TIMES + (FAR_TIMES if self.far else []))
        if kind == "file":
            entry["data"] = rng.choice(CONTENTS)
            if rng.random() < 0.3:
                entry["data"] += b"%d" % rng.randrange(1000)
            elif rng.random() < 0.01:
                entry["data"] *= 2000
        elif kind == "dir" and rng.random() < 0.8:
            entry["name"] += b"/"
        elif kind == "symlink":
            entry["mode"] = 0o777
        elif kind in ("char", "block"):
            entry["dev"] = (rng.randint(1, 255), rng.randint(0, 255))
        if rng.random() < 0.12:
            self.attributes(entry)
        return entry

    def attributes(self, entry):
        some = RECORDS + (ODD_RECORDS if self.odd else [])
        if entry["kind"] not in ("file", "dir") and not self.odd:
            return
        entry["records"] = dict(self.rng.sample(some, self.rng.randint(1, 2)))
        if entry["kind"] == "file" and self.rng.random() < 0.4:
            entry["records"][b"SCHILY.xattr.security.capability"] = CAPABILITY

    def emit(self, entry):
        dialect = self.rng.choice(self.dialects)
        return tarmake.member(entry, "pax" if entry["records"] else dialect)

    def forget(self, path):
        """What stands at a path, and below it, is gone; now and then that slips the mind."""
        if self.rng.random() < 0.85:
            for places in (self.below, self.here):
                for there in [p for p in places if p == path or p.startswith(path + b"/")]:
                    del places[there]

    def add(self, kind, path):
        if not path or path.rsplit(b"/", 1)[-1].startswith(b".wh."):
            return b""
        if kind != "dir":
            self.forget(path)
        entry = self.entry(kind, path, self.target(path) if kind == "symlink" else b"")
        self.here[path] = kind
        return self.emit(entry)

    def link(self, places):
        there, path = self.pick(places, "file", "file", "symlink", "fifo", "link", "char"), self.path()
        if not there or not path or there == path or there.startswith(path + b"/"):
            return b""
        self.forget(path)
        entry = self.entry("link", path, self.spell(there))
        if self.rng.random() < 0.7:
            entry["records"] = {}
        self.here[path] = "link"
        return self.emit(entry)

    def whiteout(self):
        there = self.pick(self.below) if self.rng.random() < 0.9 else self.path()
        if not there:
            return b""
        folder, _, base = there.rpartition(b"/")
        if len(base) > 251:
            return b""
        if self.rng.random() < 0.2:
            base, folder = b".wh..opq", there
        else:
            self.gone.append(there)
        path = b"/".join(filter(None, [folder, b".wh." + base]))
        return self.emit(tarmake.plain("file", self.spell(path), mode=0))

    def sparse(self, path):
        if not path or path.endswith(b"/") or path.rsplit(b"/", 1)[-1].startswith(b".wh."):
            return b""
        self.forget(path)
        self.here[path] = "file"
        extents, at = [], 0
        for _ in range(self.rng.randint(1, 4)):
            at += self.rng.choice([0, 1, 512, 5000])
            extents.append((at, self.rng.choice(CONTENTS[1:])))
            at += len(extents[-1][1])
        size = at + self.rng.choice([0, 7, 4096])
        return tarmake.sparse(self.entry("file", path), extents, size, self.rng.randint(0, 1))

    def oddity(self):
        rng = self.rng
        roll = rng.randrange(9)
        if roll == 0:
            there = self.pick(self.below) or b"a"
            return self.emit(tarmake.plain("char", there, dev=(0, 0)))
        if roll == 1:
            name = rng.choice([b".wh.", b".wh..", b".wh...", b".wh..wh.aufs", b"etc/.wh..wh.orph", b"q/.wh..wh.x"])
            return self.emit(tarmake.plain("file", name))
        if roll == 2:
            return tarmake.special(b"g", records={b"comment": b"global"})
        if roll == 3:
            return tarmake.special(b"V", name=b"volume")
        if roll == 4:
            return self.emit(tarmake.plain("file", b".wh..wh..opq"))
        if roll == 5:
            return tarmake.member(tarmake.plain("file", self.path() or b"a", data=b"seven", flag=b"7"), "ustar")
        if roll == 6:
            return self.link({b"nothing/here": "file", b"loop/a": "file"})
        if roll == 7:
            return self.emit(self.entry("dir", b"."))
        return self.sparse(self.path())

    def layer(self):
        rng, out = self.rng, []
        for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 12, 18])):
            roll = rng.random()
            if roll < 0.64:
                out.append(self.add(rng.choice(KINDS), self.path()))
            elif roll < 0.73:
                out.append(self.link(self.here))
            elif roll < 0.77:
                out.append(self.link(self.below))
            elif roll < 0.96 and self.below:
                out.append(self.whiteout())
            elif self.odd:
                out.append(self.oddity())
        for path in self.gone:
            self.forget(path)
        self.below.update(self.here)
        self.here, self.gone = {}, []
        return b"".join(out) + rng.choice([b"\0" * 1024] * 4 + [b"", b"\0" * 512, b"\0" * 10240])

    def image(self, folder):
        rng = self.rng
        types = oci.DOCKER_TYPES if rng.random() < 0.2 else oci.OCI_TYPES
        ways = [how for how in ("gzip", "gzip", "gzip", "zstd", "none") if how in types]
        layers = [(self.layer(), rng.choice(ways), rng.choice([1, 1, 1, 2, 3]))
                  for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5, 6]))]
        if rng.random() < 0.05:
            layers.append(layers[0])
        if rng.random() < 0.04:
            layers.append((b"", rng.choice(ways), 1))
        oci.write_layout(folder, layers, self.config(len(layers)), types)
        return [tar for tar, _, _ in layers]

    def config(self, count):
        rng = self.rng
        config = {"created": "2021-02-03T04:05:06.789Z", "author": "é <e@example.com>",
                  "x-unknown": {"b": 1, "a": [2.50, None]},
                  "config": {"Env": ["PATH=/bin", "EMPTY="], "Cmd": ["/bin/sh"], "User": "1000:1000", "Labels": {}}}
        if rng.random() < 0.8:
            config["history"] = []
            for n in range(count):
                if rng.random() < 0.4:
                    config["history"].append({"created_by": "ENV n=%d" % n, "empty_layer": True})
                config["history"].append({"created": "2021-02-03T04:05:06Z", "created_by": "step %d" % n, "x": n})
        return config


# Plans


def glob_literal(name):
    out = ""
    for c in name:
        if chr(c) in "*?[]{},":
            out += "\\" + chr(c)
        else:
            out += oci.escape(bytes([c]))
    return out


def random_glob(rng, paths):
    parts = rng.choice(paths).split(b"/")[1:]
    out = []
    for part in parts:
        first = glob_literal(part[:1]) if part[:1] and part[0] < 0x80 else "?"
        out.append(rng.choice([glob_literal(part)] * 4 + [
            "*", "**", "?", first + "*", "*" + glob_literal(part[-1:]) if part[-1:] < b"\x80" else "*", "[a-m]*",
            "[!a-m]*", "{%s,other}" % glob_literal(part), "{a,b{c,d},usr}"]))
    if rng.random() < 0.4:
        out = out[:rng.randint(1, len(out))] + ["**"]
    if rng.random() < 0.2:
        out.insert(rng.randint(0, len(out)), "**")
    if rng.random() < 0.1:
        out = ["**", out[-1]]
    return "/" + "/".join(out)


def random_stack(rng, count):
    style = rng.choice(["flatten", "flatten", "keep", "identity", "identity", "ranges", "partition"])
    if style == "flatten":
        return [{"name": "rest", "from": "rest"}]
    if style == "keep":
        kept = rng.randint(0, count - 1)
        return [{"name": "kept-%d" % n, "from": [n]} for n in range(kept)] + [{"name": "rest", "from": "rest"}]
    if style == "identity":
        return [{"name": "layer-%d" % n, "from": [n]} for n in range(count)]
    if style == "ranges":
        stack, n = [], 0
        while n < count:
            last = min(count - 1, n + rng.randint(0, 3))
            stack.append({"name": "part-%d" % n, "from": ["%d-%d" % (n, last)] if last > n else [n]})
            n = last + 1
        return stack
    groups = [[] for _ in range(rng.randint(1, 3))]
    for n in range(count):
        rng.choice(groups).append(n)
    stack = [{"name": "group-%d" % g, "from": numbers} for g, numbers in enumerate(groups) if numbers]
    rng.shuffle(stack)
    return stack


def random_plan(rng, count, paths):
    """count: layers of the image; paths: the merged tree's."""
    stack = random_stack(rng, count)
    ways = ["none", "gzip:1", "gzip", "zstd:1", "zstd"]
    for n in range(rng.choice([0, 0, 1, 1, 2, 3])):
        stack.insert(rng.randint(0, len(stack)), {"name": "new-%d" % n})
    for layer in stack:
        if rng.random() < 0.2:
            layer["compression"] = rng.choice(ways)
        if rng.random() < 0.2:
            layer["max_size"] = rng.choice(["1k", "3000", "6k", "12k", "40k", "1M"])
    rules = []
    for _ in range(rng.choice([0, 1, 1, 2, 3, 5, 8])):
        to = rng.choice(stack)["name"] if rng.random() < 0.85 else None
        if rng.random() < 0.35 and len(paths) > 1:
            rules.append({"glob": random_glob(rng, [p for p in paths if p != b"/"]), "to": to})
        else:
            path = rng.choice(paths) if rng.random() < 0.93 else b"/is/not/there"
            if path == b"/" and to is None:
                continue
            rules.append({"path": oci.escape(path), "to": to})
    plan = {"lamina": 1, "layers": stack}
    if rules:
        plan["assign"] = rules
    if rng.random() < 0.3:
        plan["compression"] = rng.choice(ways)
    if rng.random() < 0.2:
        plan["times"] = rng.choice(["keep"] + 3 * [{"clamp": text} for text in CLAMPS])
    return plan


def generate(seed, folder):
    """Makes folder/image and folder/plan.json; the merged tree and the plan, and whether times are far off."""
    generator = Generator(seed)
    tars = generator.image(os.path.join(folder, "image"))
    tree = reference.merge(tars)
    plan = random_plan(generator.rng, len(tars), sorted(tree))
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as f:
        json.dump(plan, f, indent=2)
    return tree, plan, generator.far


if __name__ == "__main__":
    os.makedirs(sys.argv[2], exist_ok=True)
    generate(int(sys.argv[1]), sys.argv[2])
