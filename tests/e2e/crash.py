#!/usr/bin/env python3
"""Killed at any moment, interrupted, out of space, many at once: the output is what it was, or all of the new image.

KILLS=N: how often `apply` is killed, over all kinds of output (default 100).
"""
import hashlib
import json
import os
import shutil
import random
import resource
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

KILLS = int(os.environ.get("KILLS", "100"))
FLAT = json.dumps({"lamina": 1, "layers": [{"name": "a", "from": "rest"}, {"name": "b"}],
                   "assign": [{"path": "/d3", "to": "b"}]})


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def make(where):
    layers = []
    for n in range(4):
        entries = [plain("dir", b"d%d/" % n)]
        entries += [plain("file", b"d%d/%d" % (n, i), noise(n * 100 + i, 100000)) for i in range(20)]
        layers.append((tar(entries), "gzip", 1))
    oci.write_layout(where, layers)


class Place:
    """An image, an output that holds a tag already, and a plan."""

    def __init__(self, scratch):
        self.image, self.out, self.plan = (os.path.join(scratch, n) for n in ("image", "out", "plan.json"))
        make(self.image)
        with open(self.plan, "w", encoding="ascii") as f:
            f.write(FLAT)
        lamina.must("plan", self.source, "-o", self.plan + ".same")
        lamina.must("apply", self.plan + ".same", self.source, "oci:%s:old" % self.out)
        self.old = self.tags()["old"]

    @property
    def source(self):
        return "oci:%s:t" % self.image

    def tags(self):
        with open(os.path.join(self.out, "index.json"), encoding="utf-8") as f:
            return {m["annotations"]["org.opencontainers.image.ref.name"]: m["digest"] for m in json.load(f)["manifests"]}

    def start_into(self, output, **options):
        return subprocess.Popen([lamina.PROGRAM, "apply", self.plan, self.source, output, "--progress=none"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)

    def start(self, tag="new", **options):
        return self.start_into("oci:%s:%s" % (self.out, tag), **options)

    def strays(self):
        return [n for n in os.listdir(self.out) if n.startswith(".lamina")]

    def check(self, tag="new"):
        """The old tag is whole, the new one whole or not there. Returns whether it is there."""
        tags = self.tags()
        if tags.get("old") != self.old:
            raise lamina.Failure("the old tag changed")
        lamina.must("check", "oci:%s:old" % self.out)
        if tag not in tags:
            return False
        lamina.must("diff", self.source, "oci:%s:%s" % (self.out, tag))
        return True


class Moments:
    """Kills runs at moments that are spread over what a whole one takes."""

    def __init__(self, run):
        begin = time.monotonic()
        if run().wait() != 0:
            raise lamina.Failure("it cannot be written")
        self.whole, self.chance, self.runs, self.there = time.monotonic() - begin, random.Random(1), 0, 0

    def kill(self, run):
        time.sleep(self.chance.random() * self.whole * 1.1)
        run.kill()
        run.communicate()
        self.runs += 1

    def tell(self, what):
        print("crash: killed: %s: %d of %d runs had published" % (what, self.there, self.runs))


def killed(scratch):
    place = Place(scratch)
    moments = Moments(lambda: place.start("timing"))
    for n in range(KILLS * 2 // 5):
        moments.kill(place.start("new%d" % n))
        moments.there += place.check("new%d" % n)
    lamina.must("apply", place.plan, place.source, "oci:%s:last" % place.out)
    if place.strays():
        raise lamina.Failure("left behind: %s" % place.strays())
    moments.tell("layout")


def sha256(file):
    with open(file, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def killed_archive(scratch, kind, name):
    """A file that stands is the old or the new one, byte for byte; one that does not stand yet is none or the new one."""
    place = Place(scratch)
    into, old, new = (os.path.join(scratch, n) for n in ("into", "old.tar", "new.tar"))
    file = os.path.join(into, "a.tar")
    os.mkdir(into)
    lamina.must("apply", place.plan + ".same", place.source, "%s:%s:%s" % (kind, old, name))
    lamina.must("apply", place.plan, place.source, "%s:%s:%s" % (kind, new, name))
    states = {"old": sha256(old), "new": sha256(new), "none": None}
    if states["old"] == states["new"]:
        raise lamina.Failure("%s: nothing changes" % kind)

    def start():
        return place.start_into("%s:%s:%s" % (kind, file, name))

    moments = Moments(start)
    for n in range(KILLS * 3 // 10):
        before = "old" if n % 3 else "none"
        if before == "old":
            shutil.copy(old, file)
        elif os.path.exists(file):
            os.unlink(file)
        moments.kill(start())
        now = sha256(file) if os.path.exists(file) else None
        if now not in (states[before], states["new"]):
            raise lamina.Failure("%s: killed, it is neither what it was nor the new one" % kind)
        moments.there += now == states["new"]
    if start().wait() != 0 or os.listdir(into) != ["a.tar"]:
        raise lamina.Failure("%s: left behind: %s" % (kind, os.listdir(into)))
    moments.tell(kind)


def killed_oci_archive(scratch):
    killed_archive(scratch, "oci-archive", "t")


def killed_docker_archive(scratch):
    killed_archive(scratch, "docker-archive", "example.test/app:1")


def beside(scratch):
    """Eight write into one layout, half of them killed, while others read: those find all whole, always."""
    place, over, wrong = Place(scratch), threading.Event(), []

    def read():
        try:
            while not over.is_set():
                lamina.must("check", "oci:%s:old" % place.out)
                for tag in place.tags():
                    lamina.must("inspect", "oci:%s:%s" % (place.out, tag))
        except (lamina.Failure, OSError, ValueError) as failure:
            wrong.append(str(failure))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    chance, done = random.Random(2), set()
    for n in range(3):
        runs = {"w%d-%d" % (n, i): place.start("w%d-%d" % (n, i)) for i in range(8)}
        time.sleep(chance.random())
        for run in list(runs.values())[::2]:
            run.kill()
        for tag, run in runs.items():
            errors = run.communicate()[1].decode()
            if run.returncode == 0:
                done.add(tag)
            elif run.returncode != -signal.SIGKILL:
                wrong.append("%s: exit %d: %s" % (tag, run.returncode, errors))
    over.set()
    for reader in readers:
        reader.join()
    lamina.must("apply", place.plan, place.source, "oci:%s:last" % place.out)
    if wrong or not done <= set(place.tags()) or place.strays():
        raise lamina.Failure("%s; lost: %s; left behind: %s" % (wrong, done - set(place.tags()), place.strays()))
    for tag in sorted(done)[:2]:
        place.check(tag)


def interrupted(scratch):
    place = Place(scratch)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        run = place.start("new%d" % number)
        time.sleep(0.03)
        run.send_signal(number)
        errors = run.communicate()[1].decode()
        if run.returncode not in (128 + number, -number, 0):
            raise lamina.Failure("signal %d: exit %d: %s" % (number, run.returncode, errors))
        if place.check("new%d" % number) != (run.returncode == 0) or place.strays():
            raise lamina.Failure("signal %d: left behind: %s" % (number, place.strays()))


def silent_input(scratch):
    """Nothing comes on standard input: asked to end, it does, before its input says anything."""
    place = Place(scratch)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        run = subprocess.Popen([lamina.PROGRAM, "apply", place.plan, "-", "oci:%s:new" % place.out],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)
        run.send_signal(number)
        try:
            run.wait(5)
        except subprocess.TimeoutExpired:
            raise lamina.Failure("signal %d: waits for its input" % number) from None
        finally:
            run.kill()
            errors = run.communicate()[1].decode()
        if run.returncode not in (128 + number, -number) or place.check() or place.strays():
            raise lamina.Failure("signal %d: exit %d: %s, left behind: %s" % (number, run.returncode, errors, place.strays()))


def no_space(scratch):
    place = Place(scratch)
    for limit in (0, 4096, 500000, 3000000):
        run = place.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        errors = run.communicate()[1].decode()
        if run.returncode != 5 or "lamina: " not in errors:
            raise lamina.Failure("files of %d bytes: exit %d: %s" % (limit, run.returncode, errors))
        if place.check() or place.strays():
            raise lamina.Failure("files of %d bytes: something was left: %s" % (limit, place.strays()))


def two_at_once(scratch):
    place = Place(scratch)
    for n in range(8):
        runs = [place.start("t%d-%d" % (n, i)) for i in range(3)]
        for run in runs:
            errors = run.communicate()[1].decode()
            if run.returncode != 0:
                raise lamina.Failure("exit %d: %s" % (run.returncode, errors))
    missing = {"t%d-%d" % (n, i) for n in range(8) for i in range(3)} - set(place.tags())
    if missing:
        raise lamina.Failure("lost tags: %s" % sorted(missing))
    place.check("t0-0")


def new_folder(scratch):
    """A folder that is not there: after a failure it still is not."""
    place = Place(scratch)
    out = os.path.join(scratch, "fresh")
    run = subprocess.Popen([lamina.PROGRAM, "apply", place.plan, place.source, "oci:%s:t" % out], stderr=subprocess.PIPE,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000)))
    run.communicate()
    if run.returncode != 5 or os.path.exists(out):
        raise lamina.Failure("exit %d, and the folder is there: %s" % (run.returncode, os.path.exists(out)))


def in_is_out(scratch):
    """One layout for both, and the tag itself replaced; again gives the same."""
    place = Place(scratch)
    into = "oci:%s:old" % place.out
    lamina.must("apply", place.plan, into, into)
    first = place.tags()
    lamina.must("apply", place.plan, place.source, "oci:%s:other" % place.out)
    lamina.must("diff", place.source, into)
    lamina.must("apply", place.plan, into, into)
    lamina.must("diff", place.source, into)
    if set(first) != {"old"}:
        raise lamina.Failure("tags: %s" % first)


def only_one(scratch):
    """Without a tag: of runs into one new layout one is first, and no other takes its image's place unseen."""
    place = Place(scratch)
    out = os.path.join(scratch, "fresh")
    os.mkdir(out)
    plans = [place.plan, place.plan + ".same"]
    runs = [subprocess.Popen([lamina.PROGRAM, "apply", plan, place.source, "oci:" + out, "--progress=none"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) for plan in plans]
    ends = [(run.communicate(), run.returncode) for run in runs]
    with open(os.path.join(out, "index.json"), encoding="utf-8") as f:
        held = [m["digest"] for m in json.load(f)["manifests"]]
    told = [done[0].split()[0].decode() for done, code in ends if code == 0]
    if len(held) != 1 or held[0] not in told or {code for _, code in ends} - {0, 5}:
        raise lamina.Failure("%s in the layout: %s" % (held, ends))
    lamina.must("diff", place.source, "oci:" + out)


def archives(scratch):
    """An archive is replaced whole or not at all, and never where another image would be lost."""
    place = Place(scratch)
    for kind, name in (("oci-archive", "t"), ("docker-archive", "example.test/app:1")):
        file = os.path.join(scratch, kind + ".tar")
        out = "%s:%s:%s" % (kind, file, name)
        lamina.must("apply", place.plan, place.source, out)
        with open(file, "rb") as f:
            first = f.read()
        lamina.must("apply", place.plan, place.source, out)
        with open(file, "rb") as f:
            if f.read() != first:
                raise lamina.Failure("%s: again is not the same bytes" % kind)
        lamina.must("diff", place.source, file)
        lamina.must("apply", place.plan, place.source, "%s:%s:%s" % (kind, file, name[:-1] + "z"), exits=(5,))
        with open(file, "wb") as f:
            f.write(b"a letter to a friend\n")
        lamina.must("apply", place.plan, place.source, out, exits=(5,))
        with open(file, "rb") as f:
            if f.read() != b"a letter to a friend\n":
                raise lamina.Failure("%s: overwrote what is no archive" % kind)
    through = subprocess.run("%s apply %s - - <%s/p.tar | %s ls -R -" % (
        lamina.PROGRAM, place.plan, scratch, lamina.PROGRAM), shell=True, capture_output=True, check=False) \
        if lamina.must("apply", place.plan, place.source, "oci-archive:%s/p.tar" % scratch) else None
    if through.stdout != lamina.must("ls", "-R", place.source).stdout:
        raise lamina.Failure("through standard input and output: %s" % through.stderr.decode())


def main():
    return lamina.run_checks("crash", (killed, killed_oci_archive, killed_docker_archive, beside, interrupted, silent_input, no_space, two_at_once,
                                       new_folder, in_is_out, only_one, archives))


if __name__ == "__main__":
    sys.exit(main())
