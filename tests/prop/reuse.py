#!/usr/bin/env python3
"""Properties of reuse over random images, plans and changes: whatever is or is not there to be taken, right or poisoned, the
same bytes come out, or an error that says what is damaged.

    reuse.py [--seeds N] [--start S] [--jobs J]        SEED=S repeats one, and keeps its files
"""
import argparse
import io
import json
import multiprocessing
import os
import random
import shutil
import struct
import sys
import tarfile
import tempfile

import generate
import lamina
import oci

NONE = {"XDG_CACHE_HOME": "", "HOME": ""}
# A record of a written layer (core/layer/written.c): what it is asked for by, and what it says
CHECKSUM, CHECKED, TAR_SIZE, RECIPE, PIECES = 16, 24, slice(32, 40), slice(48, 80), 144
# An index of a layer (core/layer/store.h)
INDEX_TAR_SIZE, CODEC, GZIP = 40, 64, 1
PIECE = struct.Struct("<32sQIIII")  # key, place in the blob, bytes there, bytes of the tar, CRC-32, unused


def crc64(data):
    """ECMA, reflected, as ISA-L has it."""
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFFFFFFFFFF


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def flip(rng, path):
    data = bytearray(read(path))
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        write(path, data)


def contents(tar):
    """Where the bytes of its ordinary files are."""
    found, at = [], 0
    while at + 512 <= len(tar) and tar[at + 124:at + 135].strip(b" \0").isdigit():
        size = int(tar[at + 124:at + 135].strip(b" \0"), 8)
        if tar[at + 156:at + 157] == b"0" and size:
            found.append((at + 512, size))
        at += 512 + (size + 511) // 512 * 512
    return found


def bulk(seed, changes):
    """Members of a tar (no end) of some dozen files, of which many make a piece and others several."""
    rng, changed = random.Random(seed), random.Random(seed + 1)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for n in range(rng.randint(20, 60)):
            size = rng.choice((0, 300, 5000, 5000, 40000, 70000, 300000, 1300000 if n % 9 == 0 else 20))
            member = tarfile.TarInfo("bulk/%02d/%s" % (n // 10, "n" * rng.choice((1, 9, 150)) + str(n)))
            member.mtime, member.size = rng.randrange(1 << 31) + rng.choice((0, 0.5)), size
            text = rng.randbytes(64)
            content = b"".join(text[i % 50:] + b"%d" % (i * n) for i in range(size // 16 + 1))[:size]
            if changes and changed.random() < 0.1:
                member.mtime += 1
            if changes and size and changed.random() < 0.1:
                at = changed.randrange(size)
                content = content[:at] + b"!" + content[at + 1:]
            if not changes or changed.random() > 0.03:
                tar.addfile(member, io.BytesIO(content))
        end = tar.offset
    return out.getvalue()[:end]


class Case:
    def __init__(self, seed, folder):
        self.rng, self.folder = random.Random(seed ^ 0x5EED), folder
        self.cache = self.file("cache")
        generate.generate(seed, folder)
        self.bulk = [bulk(seed, changes) if seed % 2 else b"" for changes in (False, True)]
        self.again("image", oci.Image(self.file("image")).layers, 0)
        self.changed(seed)
        self.want = {image: self.apply(image, "want-" + image, NONE) for image in ("image", "next")}
        for image, digest in self.want.items():
            if self.apply(image, "again-" + image, NONE) != digest:
                raise lamina.Failure("1 thread and 8 write different bytes")

    def file(self, *names):
        return os.path.join(self.folder, *names)

    def again(self, name, tars, build):
        tars = tars[:-1] + [self.bulk[build] + tars[-1]]
        shutil.rmtree(self.file(name), ignore_errors=True)
        oci.write_layout(self.file(name), [(tar, self.rng.choice(("gzip", "none")), 1) for tar in tars])
        self.tars = tars

    def changed(self, seed):
        """The next build: some layers are others' now, so that much stays and much does not; or only a byte is."""
        tars = self.tars[:-1] + [self.tars[-1][len(self.bulk[0]):]]
        if self.rng.random() < 0.5:
            for n, tar in enumerate(tars):
                for at, size in contents(tar)[:self.rng.randint(0, 2)]:
                    at += self.rng.randrange(size)
                    tars[n] = tars[n][:at] + bytes([tars[n][at] ^ 1]) + tars[n][at + 1:]
            self.again("next", tars, 1)
            return
        os.mkdir(self.file("other"))
        generate.generate(seed + 100000, self.file("other"))
        others = oci.Image(self.file("other", "image")).layers
        for n in range(len(tars)):
            if self.rng.random() < 0.4:
                tars[n] = self.rng.choice(others)
        self.again("next", tars, 1)

    def run(self, image, out, env, *more):
        threads = str(self.rng.choice((1, 8)))
        return lamina.run("apply", self.file("plan.json"), "oci:%s:t" % self.file(image), "oci:%s" % self.file(out),
                          "--threads", threads, *more, env={"TMPDIR": self.folder, **env})

    def apply(self, image, out, env, *more):
        done = self.run(image, out + ":t", env, *more)
        if done.returncode:
            raise lamina.Failure("exit %d: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")))
        return done.stdout.split()[0]

    def same(self, what, image, out, *more, may_fail=()):
        """The run gives the bytes that one without anything gives; may_fail: words of an error that may be instead."""
        done = self.run(image, out, {"XDG_CACHE_HOME": self.cache}, *more)
        error = done.stderr.decode("utf-8", "replace")
        if done.returncode:
            if any(word in error for word in may_fail):
                return
            raise lamina.Failure("%s: exit %d: %s" % (what, done.returncode, error))
        if done.stdout.split()[0] != self.want[image]:
            raise lamina.Failure("%s: %s is not %s" % (what, done.stdout.split()[0], self.want[image]))
        lamina.must("check", "oci:" + self.file(out), env=NONE)

    def records(self):
        folder = os.path.join(self.cache, "lamina")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith("written-")]

    def layers(self, out):
        """The files of an output's layers."""
        found = set()
        for entry in json.loads(read(self.file(out, "index.json")))["manifests"]:
            manifest = json.loads(read(self.file(out, "blobs", *entry["digest"].split(":"))))
            found.update(self.file(out, "blobs", *layer["digest"].split(":")) for layer in manifest["layers"])
        return sorted(found)

    def warm(self):
        self.same("first", "image", "out:a")
        self.same("replay", "image", "out:a")
        self.same("next", "next", "out:b")
        self.same("next, replayed", "next", "out:c")
        self.same("from another layout", "image", "elsewhere:a", "--reuse", "oci:" + self.file("out") + ":a")
        self.same("into an archive's folder", "next", "elsewhere:b", "--reuse", "oci:" + self.file("out") + ":b")

    def indexes(self):
        """What was cached of a layer as it was written is what reading it gives; but gzip can be read on from other places."""
        cached, fresh = (os.path.join(base, "lamina") for base in (self.cache, self.file("fresh")))
        for tag in ("a", "b"):
            lamina.must("inspect", "oci:%s:%s" % (self.file("out"), tag), env={"XDG_CACHE_HOME": self.file("fresh")})
        for name in os.listdir(fresh):
            data = read(os.path.join(fresh, name))
            if struct.unpack_from("<I", data, CODEC)[0] == GZIP and struct.unpack_from("<Q", data, INDEX_TAR_SIZE)[0] >= 8 << 20:
                continue
            if read(os.path.join(cached, name)) != data:
                raise lamina.Failure("%s is not what reading the layer gives" % name)

    def wrong_bytes(self):
        """Behind the right name, of the right size."""
        for path in self.layers("out"):
            if self.rng.random() < 0.6:
                flip(self.rng, path)
        for image, tag in (("image", "d"), ("next", "e")):
            self.same("wrong bytes", image, "out:" + tag, may_fail=("blob sha256:", "damaged"))

    def wrong_records(self):
        """Each is another's, as it is and as if it were right; or is damaged."""
        files = self.records()
        good = {path: read(path) for path in files}
        for path in files:
            alike = [f for f in files if f != path and good[f][TAR_SIZE] == good[path][TAR_SIZE]]
            other = good[self.rng.choice(alike or files)]
            way = self.rng.randrange(4) if not alike else 3
            if way == 0:
                write(path, other)
            elif way == 1:
                flip(self.rng, path)
            elif way == 2:
                write(path, good[path][:self.rng.randrange(len(good[path]))])
            else:
                forged = bytearray(other)
                forged[RECIPE] = good[path][RECIPE]
                forged[TAR_SIZE] = good[path][TAR_SIZE]
                forged[CHECKSUM:CHECKED] = struct.pack("<Q", crc64(forged[CHECKED:]))
                write(path, forged)
        for image in ("image", "next"):
            self.same("wrong records", image, "out:f-" + image)

    def wrong_pieces(self):
        """Records of whole layers are gone; those that are left say of pieces what is not so, and have their checksums."""
        for path in self.records():
            data = bytearray(read(path))
            pieces = [list(PIECE.unpack_from(data, at)) for at in range(PIECES, len(data), PIECE.size)]
            for piece in pieces:
                other = self.rng.choice(pieces)
                way = self.rng.randrange(8)
                if way == 0:
                    piece[1:5] = other[1:5]
                elif way == 1:
                    piece[0] = other[0]
                elif way == 2:
                    piece[self.rng.randint(1, 4)] ^= 1 << self.rng.randrange(12)
            data[RECIPE] = self.rng.randbytes(32)
            data[PIECES:] = b"".join(PIECE.pack(*piece) for piece in pieces)
            data[CHECKSUM:CHECKED] = struct.pack("<Q", crc64(data[CHECKED:]))
            os.remove(path)
            write(os.path.join(os.path.dirname(path), "written-v2-%s.index" % bytes(data[RECIPE]).hex()), data)
        for image in ("image", "next"):
            self.same("wrong pieces", image, "out:p-" + image)

    def damaged_cache(self):
        folder = os.path.join(self.cache, "lamina")
        for name in os.listdir(folder):
            if self.rng.random() < 0.5:
                flip(self.rng, os.path.join(folder, name))
            elif self.rng.random() < 0.3:
                os.remove(os.path.join(folder, name))
        for image in ("image", "next"):
            self.same("a damaged cache", image, "out:g-" + image)

    def gone_blobs(self):
        for path in self.layers("out"):
            if self.rng.random() < 0.5:
                os.remove(path)
        for image in ("image", "next"):
            self.same("blobs are gone", image, "out:h-" + image)


def pieces_are_copied():
    """Of a layer in which little changed, most is copied, and the bytes are those of one that was written at once."""
    with tempfile.TemporaryDirectory(prefix="lamina-reuse.") as folder:
        def file(name):
            return os.path.join(folder, name)

        def apply(image, out, cache, *more):
            done = lamina.must("apply", file("plan.json"), "oci:" + file(image), "oci:%s:t" % file(out), "--json", *more,
                               env={"TMPDIR": folder, "HOME": "", "XDG_CACHE_HOME": cache and file(cache)})
            layer = json.loads(done.stdout)["layers"][0]
            return layer["digest"], layer["reused"], layer["copied"] / layer["tar_size"]

        with open(file("plan.json"), "w", encoding="ascii") as f:
            json.dump({"lamina": 1, "layers": [{"name": "all", "from": "rest"}]}, f)
        for image, changes in (("image", False), ("next", True)):
            oci.write_layout(file(image), [(bulk(7, changes) + bytes(1024), "gzip", 1), (bytes(1024), "gzip", 1)])
        want = {image: apply(image, "want-" + image, "")[0] for image in ("image", "next")}
        steps = [(apply("image", "out", "cache"), "image", False, 0), (apply("image", "out", "cache"), "image", True, 0),
                 (apply("next", "out", "cache", "--threads", "1"), "next", False, 0.5),
                 (apply("next", "out", "cache", "--threads", "8"), "next", True, 0),
                 (apply("image", "other", "cache", "--reuse", "oci:" + file("out")), "image", True, 0)]
        for (digest, reused, copied), image, whole, least in steps:
            if digest != want[image] or reused != whole or copied < least:
                raise lamina.Failure("%s: %s, reused %s, %.2f copied" % (image, digest, reused, copied))


def check(seed, folder):
    case = Case(seed, folder)
    for step in (case.warm, case.indexes, case.wrong_records, case.wrong_pieces, case.warm, case.wrong_bytes, case.damaged_cache,
                 case.gone_blobs):
        step()


def attempt(job):
    seed, keep = job
    return lamina.attempt("reuse", seed, keep, lambda folder: check(seed, folder))


def main():
    assert crc64(b"123456789") == 0x995DC9BBDF1939FA
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    seeds, keep = range(args.start, args.start + args.seeds), False
    if os.environ.get("SEED"):
        seeds, keep = [int(os.environ["SEED"])], True
    with multiprocessing.Pool(max(1, args.jobs)) as pool:
        results = list(pool.imap_unordered(attempt, [(seed, keep) for seed in seeds], 2))
    failures = [("SEED=%d" % seed, why) for seed, why in sorted(results) if why]
    try:
        pieces_are_copied()
    except lamina.Failure as failure:
        failures.append(("pieces", str(failure)))
    return lamina.conclude("reuse", len(results) + 1 - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
