#!/usr/bin/env python3
"""Any one call that fails, is cut short, or is the last: what is there afterwards is the old, or all of the new, and
what is printed is right, or is said not to be.

FAULTS=N: at most N calls of each kind, spread over the run (default 50); FAULTS=all: each of them.
"""
import concurrent.futures
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

PRELOAD = os.path.join(os.path.dirname(os.path.abspath(lamina.PROGRAM)), "tests", "fault.so")
MOST = os.environ.get("FAULTS", "50")


def make(where):
    """Layers whose files are asked for in another order, so that some have to be spooled."""
    chance, layers = random.Random(5), []
    for n in range(3):
        entries = [plain("dir", b"d/"), plain("file", b"d/%d" % n, chance.randbytes(300000))]
        entries += [plain("file", b"d/%d-%d" % (9 - i, n), chance.randbytes(2000) * 20) for i in range(8)]
        layers.append((tar(entries), "gzip", 1))
    oci.write_layout(where, layers)


def sha256(file):
    with open(file, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def run(words, log, cache, **fault):
    """Returns how lamina ended, and what the log of the faults says first."""
    done = subprocess.run(
        ["env", "LD_PRELOAD=" + PRELOAD, "FAULT_LOG=" + log] + ["FAULT_%s=%s" % f for f in fault.items()] +
        [lamina.PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60,
        env={**os.environ, "XDG_CACHE_HOME": cache})
    struck = ""
    if os.path.exists(log):
        with open(log, encoding="ascii") as f:
            struck = f.read().split("\n")[0]
        os.unlink(log)
    return done, struck


class Layout:
    """A new tag in a layout that holds another."""
    plan = ("--flatten", "--split", "/d/1")

    def __init__(self, scratch, source):
        self.old = os.path.join(scratch, "old")
        lamina.must("apply", os.path.join(scratch, "same.json"), source, "oci:%s:old" % self.old)

    def begin(self, folder):
        shutil.copytree(self.old, os.path.join(folder, "out"))

    def output(self, folder):
        return "oci:%s:new" % os.path.join(folder, "out")

    def state(self, folder):
        """tag -> manifest, each checked down to its last blob."""
        out, tags = os.path.join(folder, "out"), {}

        def blob(descriptor):
            file = os.path.join(out, "blobs", *descriptor["digest"].split(":"))
            if os.path.getsize(file) != descriptor["size"] or "sha256:" + sha256(file) != descriptor["digest"]:
                raise lamina.Failure("%s is not whole" % descriptor["digest"])
            return file

        with open(os.path.join(out, "index.json"), encoding="utf-8") as f:
            index = json.load(f)
        for m in index["manifests"]:
            with open(blob(m), encoding="utf-8") as f:
                manifest = json.load(f)
            for part in [manifest["config"]] + manifest["layers"]:
                blob(part)
            tags[m["annotations"]["org.opencontainers.image.ref.name"]] = m["digest"]
        return tags


class Archive:
    """A file that is replaced, with some layers as they were."""
    plan = ("--split", "/d/9-2")

    def __init__(self, scratch, source):
        self.old = os.path.join(scratch, "old.tar")
        lamina.must("apply", os.path.join(scratch, "same.json"), source, "oci-archive:%s:t" % self.old)

    def begin(self, folder):
        shutil.copy(self.old, os.path.join(folder, "out"))

    def output(self, folder):
        return "oci-archive:%s:t" % os.path.join(folder, "out")

    def state(self, folder):
        return sha256(os.path.join(folder, "out"))


class Scene:
    """One way of writing, and what is there before and after it."""
    # what fails, and how; whether the run has to succeed all the same
    sweeps = (("io", "EIO", False), ("io", "ENOSPC", False), ("io", "kill", False), ("memory", "ENOMEM", False),
              ("transfer", "EINTR", True), ("transfer", "short", True))

    def __init__(self, kind, scratch, source):
        self.name, self.scratch, self.source = kind.__name__.lower(), scratch, source
        self.kind = kind(scratch, source)
        self.plan = os.path.join(scratch, self.name + ".json")
        lamina.must("plan", source, *kind.plan, "-o", self.plan)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            self.kind.begin(folder)
            self.before = self.kind.state(folder)
            self.apply(folder)
            self.after = self.kind.state(folder)
        if self.before == self.after:
            raise lamina.Failure("%s: nothing changed" % self.name)

    def apply(self, folder, **fault):
        """Nothing is cached."""
        words = ["apply", "--threads", "1", "--progress=none", self.plan, self.source, self.kind.output(folder)]
        return run(words, os.path.join(folder, "log"), os.path.join(folder, "cache"), **fault)

    def count(self, calls):
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            self.kind.begin(folder)
            return int(self.apply(folder, IN=calls)[1])

    def check(self, calls, how, number, must_succeed):
        """None, or what is wrong."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            self.kind.begin(folder)
            done, struck = self.apply(folder, IN=calls, IS=how, AT=number)
            code, errors = done.returncode, done.stderr.decode("utf-8", "replace")
            what = "%s: %s at %s %d (%s): exit %d: %s" % (self.name, how, calls, number, struck, code,
                                                           errors.strip().split("\n")[-1])
            try:
                is_now = self.kind.state(folder)
            except (lamina.Failure, OSError, ValueError, KeyError) as failure:
                return "%s: the output is broken: %s" % (what, failure)
            if is_now not in (self.before, self.after):
                return what + ": the output is neither the old nor the new one"
            if how == "kill":
                return None
            if code not in ((0,) if must_succeed else (0, 3, 4, 5)):
                return what
            if code == 0 and is_now != self.after:
                return what + ": says that it worked"
            if code != 0 and errors.count("lamina: ") != 1:
                return what + ": not one line that says what went wrong"
            strays = [n for _, _, names in os.walk(folder) for n in names if n.startswith(".lamina")]
            return "%s: left behind: %s" % (what, strays) if strays and "unlink" not in struck else None


class Reading:
    """A command that prints."""
    sweeps = (("memory", "ENOMEM", False), ("io", "EIO", False), ("transfer", "EINTR", True),
              ("transfer", "short", True))

    def __init__(self, scratch, words):
        self.scratch, self.words, self.name = scratch, words, " ".join(w for w in words if scratch not in w)
        self.whole = self.print()[0]

    def print(self, **fault):
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            return run(self.words, os.path.join(folder, "log"), os.path.join(folder, "cache"), **fault)

    def count(self, calls):
        return int(self.print(IN=calls)[1])

    def check(self, calls, how, number, must_succeed):
        done, struck = self.print(IN=calls, IS=how, AT=number)
        code, errors = done.returncode, done.stderr.decode("utf-8", "replace")
        what = "%s: %s at %s %d (%s): exit %d: %s" % (self.name, how, calls, number, struck, code, errors.strip())
        if code == self.whole.returncode and "lamina: " not in errors:
            return None if done.stdout == self.whole.stdout else what + ": prints something else"
        return None if not must_succeed and code in (1, 3, 4, 5) and errors.count("lamina: ") == 1 else what


def points(count):
    if MOST == "all" or count <= int(MOST):
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (int(MOST) - 1) for i in range(int(MOST))})


def main():
    if not os.path.exists(PRELOAD):
        sys.exit("faults: %s is not there: make e2e makes it" % PRELOAD)
    failures, passed = [], 0
    with tempfile.TemporaryDirectory(prefix="lamina-faults.") as scratch, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        source = "oci:%s:t" % os.path.join(scratch, "image")
        make(os.path.join(scratch, "image"))
        lamina.must("plan", source, "-o", os.path.join(scratch, "same.json"))
        archive = "oci-archive:%s:t" % os.path.join(scratch, "read.tar")
        lamina.must("apply", os.path.join(scratch, "same.json"), source, archive)
        scenes = [Scene(Layout, scratch, source), Scene(Archive, scratch, source)]
        scenes += [Reading(scratch, words) for words in (
            ("inspect", "--json", source), ("ls", "--json", "-R", archive), ("ls", "-lR", source),
            ("diff", source, archive), ("check", source), ("cat", source, "/d/1"), ("log", source, "/d/1"),
            ("export", source, "/d", "-"), ("plan", source, "--flatten", "--split", "/d/1"),
            ("apply", "--dry-run", os.path.join(scratch, "same.json"), source, "oci:%s:t" % os.path.join(scratch, "no")))]
        for scene in scenes:
            for calls, how, must_succeed in scene.sweeps:
                count = scene.count(calls)
                found = list(pool.map(lambda n: scene.check(calls, how, n, must_succeed), points(count)))
                wrong = [f for f in found if f]
                print("faults: %s: %s at %d of %d calls (%s): %d wrong" % (scene.name, how, len(found), count, calls,
                                                                          len(wrong)))
                failures += [("%s %s" % (scene.name, how), f) for f in wrong]
                passed += not wrong
    return lamina.conclude("faults", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
