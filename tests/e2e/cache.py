#!/usr/bin/env python3
"""The cache of layer indexes: where it is, what an opened image is believed to be with it, and that nothing but time
depends on it."""
import json
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import sample  # noqa: E402
from tarmake import plain, tar  # noqa: E402

COMMANDS = (["inspect"], ["inspect", "--json"], ["ls", "-lR", "--dead"], ["ls", "-R", "--json"])


def files(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


class Case:
    def __init__(self, scratch):
        self.scratch = scratch
        self.image = os.path.join(scratch, "image")
        self.base = os.path.join(scratch, "cache")
        self.folder = os.path.join(self.base, "lamina")
        self.layers = [tar(sample.system()), tar(sample.packages())]
        oci.write_layout(self.image, [(t, "gzip", 1) for t in self.layers])
        self.reference = "oci:%s:t" % self.image

    def run(self, *args, exits=(0,), env=None, **more):
        return lamina.must(*args, exits=exits, env={"XDG_CACHE_HOME": self.base, **(env or {})}, **more)

    def outputs(self, env=None):
        return [self.run(*c, self.reference, env=env).stdout for c in COMMANDS]

    def blob(self, n):
        return os.path.join(self.image, "blobs", *oci.Image(self.image).manifest["layers"][n]["digest"].split(":"))


def same_with_and_without(case):
    without = case.outputs(env={"XDG_CACHE_HOME": "", "HOME": ""})
    assert files(case.base) == [], "something was cached all the same"
    assert case.outputs() == without, "the first opening is not like one without"
    assert len(files(case.folder)) == 2, "not one file for each layer: %r" % files(case.folder)
    assert case.outputs() == without, "a cached opening is not like one without"


def where_it_is(case):
    home = os.path.join(case.scratch, "home")
    case.run("inspect", case.reference, env={"XDG_CACHE_HOME": "", "HOME": home})
    assert len(files(os.path.join(home, ".cache", "lamina"))) == 2, "not in ~/.cache"
    case.run("inspect", case.reference, env={"XDG_CACHE_HOME": "cache", "HOME": ""})
    assert not os.path.exists("cache"), "a relative folder counts"
    case.run("inspect", case.reference, env={"XDG_CACHE_HOME": "/proc/no/such", "HOME": ""})
    case.run("inspect", case.reference)
    assert len(files(case.folder)) == 2, "not in XDG_CACHE_HOME"


def damage(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 0xFF]))


def damaged(case):
    want = case.outputs()
    for name in files(case.folder):
        path = os.path.join(case.folder, name)
        with open(path, "rb") as f:
            good = f.read()
        for at in range(0, len(good), max(1, len(good) // 40)):
            damage(path, at)
            done = case.run("ls", "-R", "--json", case.reference)
            assert done.stdout == want[3] and not done.stderr, "damage at %d shows: %r" % (at, done.stderr)
            with open(path, "rb") as f:
                assert f.read() == good, "it was not made anew"
        os.truncate(path, len(good) // 2)
        assert case.run("ls", "-R", "--json", case.reference).stdout == want[3], "a cut one shows"


def checked_when_it_matters(case):
    """A blob of the right size with other bytes: believed when looked at, found by check and by writing from it."""
    blob = case.blob(1)
    case.outputs()
    paths = ["/usr/lib/libpython.so.3", "/usr/lib/python3/os.py", "/var/cache/apt/pkgcache.bin",
             "/var/cache/apt/archives/python3.deb"]
    before = [case.run("cat", case.reference, path).stdout for path in paths]
    damage(blob, os.path.getsize(blob) // 2)
    case.run("inspect", case.reference)
    case.run("check", case.reference, exits=(1,))
    after = [case.run("cat", case.reference, path, exits=(0, 3)) for path in paths]
    assert any(a.returncode == 3 for a in after), "no file is damaged"
    assert all(a.returncode == 3 or a.stdout == b for a, b in zip(after, before)), "other bytes were shown as right"
    assert all(a.stderr.count(b"\n") == (a.returncode == 3) for a in after), "errors of several lines"
    plan = case.run("plan", case.reference, "--flatten").stdout
    out = os.path.join(case.scratch, "out")
    done = lamina.run("apply", "-", case.reference, "oci:" + out, stdin=plan, env={"XDG_CACHE_HOME": case.base})
    assert done.returncode != 0 and not os.path.exists(os.path.join(out, "index.json")), "it was written from"
    os.truncate(blob, 100)
    case.run("inspect", case.reference, exits=(3,))
    os.remove(blob)
    case.run("inspect", case.reference, exits=(3,))


def several_runs_at_once(case):
    want = case.outputs(env={"XDG_CACHE_HOME": "", "HOME": ""})[3]
    for _ in range(3):
        runs = [subprocess.Popen([lamina.PROGRAM, "ls", "-R", "--json", case.reference], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env={**os.environ, "XDG_CACHE_HOME": case.base}) for _ in range(8)]
        for r in runs:
            out, errors = r.communicate(timeout=60)
            assert r.returncode == 0 and out == want and not errors, "exit %d: %r" % (r.returncode, errors)
        assert len(files(case.folder)) == 2, "something was left: %r" % files(case.folder)
        for name in files(case.folder):
            os.remove(os.path.join(case.folder, name))


def docker_archives(case):
    """What docker saves has no digests of its blobs; of a plain layer it is the tar's."""
    archive = os.path.join(case.scratch, "saved.tar")
    plan = lamina.must("plan", case.reference).stdout
    lamina.must("apply", "-", case.reference, "docker-archive:" + archive, stdin=plan)
    case.reference = "docker-archive:" + archive
    want = case.outputs(env={"XDG_CACHE_HOME": "", "HOME": ""})
    assert case.outputs() == want and case.outputs() == want, "a cached opening is not like one without"


def as_it_is_written(case):
    """A layer that was written is not read to be opened, and each of its files is found where it is."""
    noise, names = random.Random(3), ["f%d" % n for n in range(40)]
    contents = {name: noise.randbytes(noise.choice((0, 5000, 1 << 20))) + name.encode() for name in names}
    oci.write_layout(case.image, [(tar([plain("file", n.encode(), c) for n, c in contents.items()]), "none", 1), (case.layers[1], "gzip", 1)])
    for compression in ("none", "gzip:6", "gzip:12", "zstd:3"):
        out = "oci:%s:t" % os.path.join(case.scratch, compression)
        plan = {"lamina": 1, "layers": [{"name": "all", "from": "rest", "compression": compression}]}
        case.run("apply", "-", case.reference, out, stdin=json.dumps(plan).encode())
        before = files(case.folder)
        for name in names[::-1]:
            assert case.run("cat", out, "/" + name).stdout == contents[name], "%s of %s" % (name, compression)
        assert files(case.folder) == before, "the index is made anew"
        shutil.rmtree(case.base)


def passed_over(case):
    """What no written layer needs is not inflated; that it is right is looked at all the same."""
    noise = random.Random(5)
    large = [noise.randbytes(20 << 20) for _ in range(3)]
    members = []
    for n, content in enumerate(large):
        members += [plain("file", b"large%d" % n, content), plain("file", b"small%d" % n, b"%d" % n * 900)]
    plan = {"lamina": 1, "layers": [{"name": "all", "from": "rest"}], "assign": [{"glob": "/large*", "to": None}]}
    for compression in ("none", "gzip", "zstd"):
        oci.write_layout(case.image, [(tar(members), compression, 1)])
        out = "oci:%s:t" % os.path.join(case.scratch, compression)
        case.run("inspect", case.reference)
        case.run("apply", "-", case.reference, out, stdin=json.dumps(plan).encode())
        for n in range(len(large)):
            assert case.run("cat", out, "/small%d" % n).stdout == b"%d" % n * 900, "small%d of %s" % (n, compression)
        with open(case.blob(0), "r+b") as f:
            f.seek(30 << 20)
            f.write(b"damaged")
        anew = json.dumps(plan).replace('"rest"', '"rest", "compression": "zstd:1"').encode()
        refused = case.run("apply", "-", case.reference, out + "2", stdin=anew, exits=(3,))
        assert b"damaged" in refused.stderr, refused.stderr
        shutil.rmtree(case.image)


CASES = (same_with_and_without, where_it_is, damaged, checked_when_it_matters, several_runs_at_once, docker_archives, as_it_is_written,
         passed_over)


def main():
    return lamina.run_checks("cache", CASES, place=Case)


if __name__ == "__main__":
    sys.exit(main())
