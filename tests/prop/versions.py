#!/usr/bin/env python3
"""Versions of a small image, of which it is known what changes how often: packages of dpkg, and what no package owns.

    versions.py FOLDER        makes FOLDER/v1 to FOLDER/v6, the newest last
"""
import os
import random
import sys

import oci
from tarmake import plain, tar

EPOCH, OLD, VERSIONS = 1767225600, 1600000000, 6
# Package -> its size, and at which versions it changes.
PACKAGES = {**{"still-%d" % n: (60000, ()) for n in range(8)}, "large": (400000, ()), "busy": (50000, range(VERSIONS)),
            "pair-a": (80000, (2, 4)), "pair-b": (80000, (2, 4)), "once": (30000, (3,))}
OTHERS = {"opt/app/code": (40000, range(VERSIONS)), "opt/app/model": (600000, ()), "opt/venv/one": (150000, (3,)),
          "opt/venv/two": (150000, ())}


def noise(key, size):
    return random.Random(key).randbytes(size)


def since(changes, version):
    """The version at which something became what it is."""
    return max((v for v in changes if v <= version), default=0)


def file(name, data, when):
    return plain("file", name.encode(), data, mtime_s=when)


def layer(files, when):
    """With the directories of its files, which a build makes anew."""
    folders = set()
    for entry in files:
        path = os.path.dirname(entry["name"].decode())
        while path:
            folders.add(path)
            path = os.path.dirname(path)
    entries = files + [plain("dir", path.encode() + b"/", mtime_s=when) for path in folders]
    return tar(sorted(entries, key=lambda e: e["name"].rstrip(b"/")), "pax")


def system(version, when):
    """What dpkg installs; a package that changed has another file, too."""
    out, status = [], ""
    for name, (size, changes) in PACKAGES.items():
        is_of = since(changes, version)
        names = ["usr/lib/%s/%s" % (name, part) for part in ("a", "b", "c-%d" % is_of)] + ["usr/bin/" + name]
        out += [file(path, noise("%s %d" % (path, is_of), size // 4), OLD + is_of) for path in names]
        listed = "/.\n/usr\n/usr/bin\n/usr/lib\n/usr/lib/%s\n" % name + "".join("/%s\n" % path for path in names)
        out.append(file("var/lib/dpkg/info/%s.list" % name, listed.encode(), when))
        status += "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %d\n\n" % (name, is_of)
    return out + [file("var/lib/dpkg/status", status.encode(), when), file("etc/issue", b"made\n", OLD)]


def build(folder, version):
    when = EPOCH + 86400 * (version + 1)
    others = {top: [file(path, noise("%s %d" % (path, since(changes, version)), size), when)
                    for path, (size, changes) in OTHERS.items() if path.startswith("opt/" + top)] for top in ("venv", "app")}
    where = "%s/v%d" % (folder, version + 1)
    oci.write_layout(where, [(layer(files, when), "gzip", 1) for files in (system(version, when), others["venv"], others["app"])])
    return "oci:%s:t" % where


if __name__ == "__main__":
    for number in range(VERSIONS):
        build(sys.argv[1], number)
