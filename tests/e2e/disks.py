#!/usr/bin/env python3
"""Disks that are full, break or cannot be written: the output's, the spool's, the cache's, the state's. What fails says
which disk it was, and loses nothing; a cache fails nothing."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("prop", "screen")]
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402
from tmux import Screen  # noqa: E402

PRELOAD = os.path.join(os.path.dirname(os.path.abspath(lamina.PROGRAM)), "tests", "fault.so")
KINDS = {"ENOSPC": "No space left on device", "EIO": "Input/output error", "EROFS": "Read-only file system"}
DOCKER = "docker-archive:%s/a.tar:example.test/a:1"


class Place:
    """An image, two plans for it, and folders that are disks of their own."""

    def __init__(self, scratch):
        self.scratch = os.path.realpath(scratch)
        self.disk, self.cache = self.at("disk"), self.at("cache")
        self.image = "oci:%s:t" % self.at("image")
        for folder in (self.disk, self.cache):
            os.mkdir(folder)
        layers = [tar([plain("file", b"d/%d-%d" % (n, i), b"%d" % i * 200000) for i in range(4)]) for n in range(2)]
        oci.write_layout(self.at("image"), [(t, "gzip", 1) for t in layers])
        self.flat = lamina.must("plan", self.image, "--flatten", "--split", "/d/1-1").stdout
        self.same = lamina.must("plan", self.image).stdout

    def at(self, name):
        return os.path.join(self.scratch, name)

    def run(self, *words, disk=None, kind="ENOSPC", stdin=b"", env=None):
        """disk: that is bad."""
        bad = {"LD_PRELOAD": PRELOAD, "FAULT_DISK": disk, "FAULT_IS": kind} if disk else {}
        return subprocess.run(["env", *("%s=%s" % b for b in bad.items()), lamina.PROGRAM, *words], input=stdin,
                              capture_output=True, check=False, timeout=60,
                              env={**os.environ, "XDG_CACHE_HOME": self.cache, "TMPDIR": self.scratch, **(env or {})})

    def state(self):
        """path -> bytes, of all that is on the disk."""
        found = {}
        for folder, _, names in os.walk(self.disk):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    found[os.path.join(folder, name)] = f.read()
        return found


def want(condition, why):
    if not condition:
        raise lamina.Failure(str(why))


def says(done, codes, disk, kind):
    errors = done.stderr.decode("utf-8", "replace")
    want(done.returncode in codes, "%s: exit %d: %s" % (kind, done.returncode, errors))
    lines = [line for line in errors.split("\n") if line.startswith("lamina: ")]
    want(len(lines) == 1 and disk in lines[0] and KINDS[kind] in lines[0], "%s: does not say where: %s" % (kind, errors))


def outputs(place):
    """New and replaced, folders and files: what was there stays to the byte, and afterwards it works."""
    for output in ("oci:%s/o:new", "oci:%s/fresh", "oci-archive:%s/o.tar:t", "oci-archive:%s/fresh.tar:t", DOCKER):
        for kind in KINDS:
            shutil.rmtree(place.disk)
            os.mkdir(place.disk)
            for old in ("oci:%s/o:old", "oci-archive:%s/o.tar:t", DOCKER):
                want(place.run("apply", "-", place.image, old % place.disk, stdin=place.same).returncode == 0, "it begins badly")
            before = place.state()
            done = place.run("apply", "-", place.image, output % place.disk, stdin=place.flat, disk=place.disk, kind=kind)
            says(done, (5,), place.disk, kind)
            want(place.state() == before, "%s: %s: something else is there now" % (kind, output))
            done = place.run("apply", "-", place.image, output % place.disk, stdin=place.flat)
            want(done.returncode == 0, "once the disk is well: %s" % done.stderr)


def spools(place):
    """What is read from standard input, and the contents of a compressed archive, are spooled."""
    want(place.run("apply", "-", place.image, "oci-archive:%s:t" % place.at("in.tar"), stdin=place.same).returncode == 0, "begin")
    with open(place.at("in.tar"), "rb") as f:
        archive = f.read()
    subprocess.run(["gzip", "-1", place.at("in.tar")], check=True)
    for kind in ("ENOSPC", "EIO", "EROFS"):
        env = {"TMPDIR": place.disk}
        says(place.run("inspect", "-", disk=place.disk, kind=kind, stdin=archive, env=env), (3, 5), place.disk, kind)
        says(place.run("inspect", place.at("in.tar.gz"), disk=place.disk, kind=kind, env=env), (3, 5), place.disk, kind)
        want(not place.state(), "left behind: %s" % list(place.state()))


def inputs(place):
    """The source's disk, not the output's, is said to break."""
    image = place.at("image")
    for words in (("inspect",), ("ls", "-R"), ("check",), ("cat",), ("apply",)):
        if words[0] == "apply":
            done = place.run("apply", "-", place.image, "oci:%s:x" % place.at("elsewhere"), stdin=place.flat, disk=image, kind="EIO")
        else:
            done = place.run(*words, place.image, *(["/d/1-1"] if words[0] == "cat" else []), disk=image, kind="EIO",
                             env={"XDG_CACHE_HOME": ""})
        says(done, (1,) if words[0] == "check" else (3,), image, "EIO")
    want(not os.path.exists(place.at("elsewhere")), "an output was made")


def caches(place):
    """Full, broken, read-only, absent, a file in its place: nothing but time is lost."""
    commands = [["inspect", "--json"], ["ls", "-lR", "--dead"], ["check"], ["log", "/d/1-1"], ["cat", "/d/1-1"],
                ["export", "/d", "-"], ["plan", "--flatten"]]

    def outputs_of(**options):
        return [place.run(c[0], *[w for w in c[1:] if w[0] == "-" and w != "-"], place.image,
                          *[w for w in c[1:] if w[0] != "-" or w == "-"], **options) for c in commands]

    well = [done.stdout for done in outputs_of(env={"XDG_CACHE_HOME": ""})]
    for filled in (False, True):
        for kind in KINDS:
            if not filled:
                shutil.rmtree(place.cache, ignore_errors=True)
                os.mkdir(place.cache)
            for done, right in zip(outputs_of(disk=place.cache, kind=kind), well, strict=True):
                want(done.returncode == 0 and done.stdout == right and not done.stderr, "cache: %s: %s" % (kind, done))
            out = "oci:%s-%s-%d" % (place.at("out"), kind, filled)
            done = place.run("apply", "-", place.image, out, stdin=place.flat, disk=place.cache, kind=kind)
            want(done.returncode == 0, "cache: %s: %s" % (kind, done.stderr))
        outputs_of()
    for cache in ("/proc/no/such", place.at("image/index.json")):
        for done, right in zip(outputs_of(env={"XDG_CACHE_HOME": cache}), well, strict=True):
            want(done.returncode == 0 and done.stdout == right and not done.stderr, "cache in %s: %s" % (cache, done))


def plans(place):
    """A plan that is saved, and an export, where there is no space: the old file stays."""
    for words in (("plan", place.image, "--flatten", "--force", "-o"), ("export", place.image, "/d")):
        for kind in KINDS:
            file = os.path.join(place.disk, "kept")
            with open(file, "wb") as f:
                f.write(b"as it was")
            says(place.run(*words, file, disk=place.disk, kind=kind), (5,), place.disk, kind)
            want(place.state() == {file: b"as it was"}, "%s: it was replaced, or something is left: %s" % (kind, list(place.state())))


def states(place):
    """The editor goes on without its journal, says so, and keeps what it can keep again."""
    for kind in KINDS:
        state = place.at("state-" + kind)
        os.mkdir(state)
        screen = Screen(place.scratch, {
            "LAMINA_TEST_SEQ": "1", "XDG_STATE_HOME": state, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": place.at("none"),
            "TMPDIR": place.scratch, "LC_ALL": "C.UTF-8", "LD_PRELOAD": PRELOAD, "FAULT_DISK": state, "FAULT_IS": kind}, size=(140, 30))
        try:
            screen.start(os.path.realpath(lamina.PROGRAM), place.image)
            screen.keys("j x")
            screen.wait("not kept until saved", state[-12:])
            screen.command("save %s" % place.at("saved-%s.json" % kind))
            screen.until(lambda _, name="saved-%s.json" % kind: os.path.exists(place.at(name)), "the plan's file")
            screen.leave("q")
        finally:
            screen.close()
        want(not [n for _, _, names in os.walk(state) for n in names if n.startswith(".lamina")], "left behind")


def main():
    if not os.path.exists(PRELOAD):
        sys.exit("disks: %s is not there: make e2e makes it" % PRELOAD)
    return lamina.run_checks("disks", (outputs, spools, inputs, caches, plans, states), place=Place)


if __name__ == "__main__":
    sys.exit(main())
