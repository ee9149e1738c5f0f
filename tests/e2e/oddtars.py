#!/usr/bin/env python3
"""Odd and broken tars: lamina gives what Go's archive/tar gives, as Docker, containerd, Podman and umoci read with it, or refuses
with a reason; never a third thing.

tests/corpus/odd/tars.py makes them, tars.txt beside it holds what others made of each.
"""
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

KINDS = {"f": "file", "h": "file", "l": "symlink", "d": "dir", "c": "char", "b": "block", "p": "fifo", "7": "file"}


def go_column(text):
    """name -> what Go said, an entry each and the end."""
    out, name = {}, None
    for line in text.splitlines():
        if line.startswith("## "):
            name = line[3:]
        elif line.startswith("  GO  "):
            out[name] = line[6:].split(" | ")
    return out


def clean(path):
    parts = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def expected(column):
    """path -> kind and size of what Go read, or None where the table does not say it whole."""
    out, ended = {}, column[-1] == "EOF"
    if column == ["EOF"]:
        return None  # nothing, or a name that the table lost
    for item in column[:-1] if ended else column:
        found = re.fullmatch(r"(.):(.*):(\d+)", item, re.S)
        if not found or "..." in item or not item.isascii() or ".wh." in item or "\\" in item:
            return None
        flag, name, size = found.groups()
        if flag not in KINDS:
            continue  # a global header, or a type that nobody knows
        out[clean(name)] = (KINDS[flag], int(size) if flag in "f7" else None)
    return out if ended else None


def check(tar, column, scratch):
    folder = os.path.join(scratch, "image")
    with open(tar, "rb") as f:
        oci.write_layout(folder, [(f.read(), "none", 1)])
    done = lamina.run("ls", "--json", "-R", "oci:%s:t" % folder)
    if done.returncode == 3:
        return "refused" if re.fullmatch(rb"lamina: .*: layer 0 .*: pack the layer again\n", done.stderr) else "refused without a reason"
    if column[-1].startswith("ERR"):
        return "Go refuses it (%s), lamina reads it" % column[-1]
    want = expected(column)
    if want is None:
        return "read"
    have = {e["path"]: (e["kind"], e["size"] if e["kind"] == "file" else None)
            for e in json.loads(done.stdout)["entries"] if not e.get("implied")}
    for path, (kind, size) in want.items():
        if path == "/" and kind != "dir" or kind == "char" and path not in have:
            continue  # the root stays a directory; a device 0:0 is a whiteout, as on overlayfs
        if path not in have or have[path][0] != kind or (size is not None and have[path][1] != size):
            return "%s: Go has %r, lamina %r" % (path, want[path], have.get(path))
    extra = set(have) - set(want) - {"/"}
    return "lamina has %r too" % sorted(extra) if extra else "read"


def main():
    folder = os.path.join(lamina.REPOSITORY, "tests/corpus/odd")
    with open(os.path.join(folder, "tars.txt"), encoding="utf-8") as f:
        columns = go_column(f.read())
    passed, refused, failures = 0, 0, []
    with tempfile.TemporaryDirectory(prefix="lamina-odd.") as scratch:
        subprocess.run([sys.executable, os.path.join(folder, "tars.py"), os.path.join(scratch, "cases")],
                       stdout=subprocess.DEVNULL, check=True)
        for name in sorted(os.listdir(os.path.join(scratch, "cases"))):
            case = name.removesuffix(".tar")
            with tempfile.TemporaryDirectory(dir=scratch) as place:
                try:
                    how = check(os.path.join(scratch, "cases", name), columns[case], place)
                except lamina.Failure as failure:
                    how = str(failure)
            refused += how == "refused"
            if how in ("read", "refused"):
                passed += 1
            else:
                failures.append((case, how))
    print("odd tars: %d read, %d refused" % (passed - refused, refused))
    return lamina.conclude("oddtars", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
