#!/usr/bin/env python3
"""What survives a power cut, from the calls that the kernel sees: a file is synced before it gets its name and not
written to afterwards; all that index.json points to is synced with its folders before index.json is; and no name that
was given is without a sync of its folder at the end."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

CALLS = "write,pwrite64,copy_file_range,ftruncate,fallocate,ioctl,fsync,fdatasync,rename,renameat,renameat2,link," \
        "linkat,mkdir,mkdirat,unlink,unlinkat"
CALL = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)")
RESUMED = re.compile(r" *<\.\.\. \w+ resumed>")
FILE = re.compile(r"(?:\d+|AT_FDCWD)<([^>]*)>(\(deleted\))?|\"((?:[^\"\\]|\\.)*)\"")


def whole(log):
    """Calls during which another thread makes one stand in two lines: each is given where it ends."""
    begun = {}
    for line in log:
        thread, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>\n"):
            begun[thread] = line[:-len(" <unfinished ...>\n")]
        elif RESUMED.match(call):
            yield begun.pop(thread, "") + RESUMED.sub("", call)
        else:
            yield line


def traced(*words):
    """The calls that succeeded: name, and its files, each as a path or, of unnamed ones, None."""
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", errors="replace") as log:
        done = subprocess.run(["strace", "-f", "-qq", "-y", "-s", "4096", "-o", log.name, "-e", "trace=" + CALLS,
                               lamina.PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={**os.environ, "XDG_CACHE_HOME": lamina.CACHE}, timeout=60)
        if done.returncode != 0:
            raise lamina.Failure("%r: exit %d: %s" % (words, done.returncode, done.stderr.decode()))
        for line in whole(log):
            call = CALL.match(line)
            if call and int(call[3]) >= 0:
                yield call[1], [(None if f[2] else f[1] or f[3]) for f in FILE.finditer(call[2])]


def names(call, files):
    """The paths that a call about names has: those relative to a folder are given behind it."""
    if not call.endswith(("at", "at2")):
        return [os.path.abspath(f) for f in files]
    return [os.path.join(a, b) for a, b in zip(files[::2], files[1::2])]


class Disk:
    """What would be lost."""

    def __init__(self, publishes):
        self.publishes, self.wrong = publishes, []
        self.written, self.named = set(), set()
        self.unsynced = {}  # of each folder the names that are not on the disk

    def write(self, file):
        if file and file.startswith("/") and not file.startswith(("/dev/", "/proc/")):
            self.written.add(file)
            if file in self.named:
                self.wrong.append("written to after it got its name: " + file)

    def name(self, old, new):
        if old in self.written:
            self.wrong.append("gets its name before it is synced: " + new)
        # a name that is given up for another in one call needs no sync of its own
        self.unsynced.get(os.path.dirname(old), set()).discard(old)
        if self.publishes(new):
            open_folders = {folder for folder, those in self.unsynced.items() if those}
            self.wrong += ["published before %s is synced: %s" % (f, new) for f in self.written | open_folders]
        self.named.add(new)
        self.give(new)

    def give(self, name):
        self.unsynced.setdefault(os.path.dirname(name), set()).add(name)

    def see(self, call, files):
        if call in ("fsync", "fdatasync"):
            self.written.discard(files[0])
            self.unsynced.pop(files[0], None)
        elif call.startswith(("rename", "link")):
            self.name(*names(call, files))
        elif call.startswith("mkdir"):
            self.give(names(call, files)[0])
        elif call.startswith("unlink"):
            self.written.discard(names(call, files)[0])
        elif call == "copy_file_range":
            self.write(files[1])
        elif files:
            self.write(files[0])


def is_published(path):
    return os.path.basename(path) in ("index.json", "image.tar", "plan.json", "opt.tar")


def check(*words):
    disk = Disk(is_published)
    for call, files in traced(*words):
        if not any(f and f.startswith(lamina.CACHE) for f in files):  # is checked when it is read
            disk.see(call, files)
    if not any(is_published(n) for n in disk.named):
        disk.wrong.append("nothing got its name: %s" % sorted(disk.named))
    disk.wrong += ["no sync of the folder: " + f for f, those in disk.unsynced.items() if those and os.path.isdir(f)]
    disk.wrong += ["no sync: " + f for f in disk.written if os.path.exists(f)]
    if disk.wrong:
        raise lamina.Failure("%r: %s" % (words, "; ".join(sorted(disk.wrong)[:4])))


def main():
    failures, passed = [], 0
    with tempfile.TemporaryDirectory(prefix="lamina-durable.", dir=os.environ.get("TMPDIR", "/var/tmp")) as scratch:
        def at(name):
            return os.path.join(scratch, name)

        if subprocess.run(["strace", "-o", at("log"), "true"], capture_output=True, check=False).returncode != 0:
            print("durable: skipped: strace may not trace here\n0 passed, 0 failed, 1 skipped")
            return 0
        image = "oci:%s:t" % at("image")
        entries = [plain("dir", b"opt/"), plain("file", b"opt/a", b"a" * 100000), plain("file", b"b", b"b" * 3000000)]
        oci.write_layout(at("image"), [(tar(entries), "gzip", 1), (tar([plain("file", b"c", b"c")]), "none", 1)])
        with open(at("flat"), "w", encoding="ascii") as f:
            json.dump({"lamina": 1, "layers": [{"name": "a", "from": "rest"}, {"name": "b"}],
                       "assign": [{"path": "/opt", "to": "b"}]}, f)
        os.mkdir(at("out"))
        for words in (("plan", image, "-o", at("plan.json")), ("plan", image, "-o", at("plan.json")),
                      ("export", image, "/opt", at("opt.tar")),
                      ("apply", at("flat"), image, "oci:%s:new" % at("out")),
                      ("apply", at("flat"), image, "oci:%s:other" % at("out")),
                      ("apply", at("plan.json"), image, "oci:%s:kept" % at("new")),
                      ("apply", at("flat"), image, "oci:%s:flat" % at("image")),
                      ("apply", at("flat"), image, "oci-archive:" + at("image.tar")),
                      ("apply", at("plan.json"), image, "docker-archive:%s:x:y" % at("image.tar"))):
            try:
                check(*words)
                passed += 1
            except (lamina.Failure, OSError) as failure:
                failures.append((words[0], str(failure)))
    return lamina.conclude("durable", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
