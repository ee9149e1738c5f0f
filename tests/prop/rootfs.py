#!/usr/bin/env python3
"""Unpacked trees: what a folder holds, in the reference's terms, and how two of them differ.

    rootfs.py A B        prints what differs, exits 1 where something does
"""
import hashlib
import os
import stat
import subprocess
import sys

import oci

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block", stat.S_IFIFO: "fifo"}
FIELDS = ("kind", "mode", "uid", "gid", "mtime_s", "mtime_ns", "size", "content", "target", "dev", "records", "links")
ATTRIBUTE = "SCHILY.xattr."


def content(path):
    total = hashlib.sha256()
    with open(path, "rb") as f:
        while piece := f.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def describe(path, st):
    kind = KINDS[stat.S_IFMT(st.st_mode)]
    seconds, ns = divmod(st.st_mtime_ns, 10**9)
    keys = os.listxattr(path, follow_symlinks=False)
    return {
        "kind": kind, "mode": stat.S_IMODE(st.st_mode), "uid": st.st_uid, "gid": st.st_gid,
        "mtime_s": seconds, "mtime_ns": ns, "size": st.st_size if kind == "file" else 0,
        "content": content(path) if kind == "file" else None,
        "target": os.readlink(path) if kind == "symlink" else None,
        "dev": (os.major(st.st_rdev), os.minor(st.st_rdev)) if kind in ("char", "block") else None,
        "records": {ATTRIBUTE + k: os.getxattr(path, k, follow_symlinks=False) for k in keys
                    if k != "security.selinux"},
    }


def read(top):
    """The same form as reference.merge, but for the layers and for records that are no attributes."""
    top = os.fsencode(top)
    tree, names = {}, {}
    for folder, folders, files in os.walk(top):
        for name in [b""] + files + [d for d in folders if os.path.islink(os.path.join(folder, d))]:
            path = os.path.join(folder, name) if name else folder
            st = os.lstat(path)
            inside = b"/" + os.path.relpath(path, top) if path != top else b"/"
            tree[inside] = describe(path, st)
            key = inside if stat.S_ISDIR(st.st_mode) else (st.st_dev, st.st_ino)
            names.setdefault(key, set()).add(inside)
    for group in names.values():
        for path in group:
            tree[path]["links"] = frozenset(group)
    return tree


def unpack(tars, folder):
    """Layers as umoci unpacks them into a new folder; needs root. Uncompressed and with OCI's types, as old umocis know
    no others."""
    oci.write_layout(folder + ".oci", [(tar, "none", 1) for tar in tars])
    done = subprocess.run(["umoci", "raw", "unpack", "--image", folder + ".oci:t", folder], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise ValueError("umoci: " + done.stdout.decode("utf-8", "replace").strip())
    return read(folder)


def unpackable(tree):
    """The tree less what umoci or the system cannot keep: modes of symlinks, empty attributes, records that are none,
    SELinux labels."""
    def keeps(key, value):
        return key.startswith(ATTRIBUTE) and value and key != ATTRIBUTE + "security.selinux"

    return {path: {**e, "mode": 0o777 if e["kind"] == "symlink" else e["mode"],
                   "records": {k: v for k, v in e["records"].items() if keeps(k, v)}} for path, e in tree.items()}


def difference(a, b, fields=FIELDS, limit=20):
    """Lines that say what differs; empty where nothing does."""
    lines = []
    for path in sorted(a.keys() | b.keys()):
        if path not in a or path not in b:
            lines.append("%s: only in the %s" % (oci.escape(path), "first" if path in a else "second"))
            continue
        for field in fields:
            if a[path].get(field) != b[path].get(field):
                lines.append("%s: %s: %r != %r" % (oci.escape(path), field, a[path].get(field), b[path].get(field)))
    return lines[:limit]


def main():
    lines = difference(read(sys.argv[1]), read(sys.argv[2]))
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
