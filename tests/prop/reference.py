#!/usr/bin/env python3
"""A naive merge of an image's layers: what lamina must agree with. Written for plainness, not for speed.

    reference.py LAYOUT        lists the merged tree of an OCI layout
"""
import hashlib
import sys

import oci

MAX_LINKS = 40
KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"1": "link", b"2": "symlink", b"3": "char", b"4": "block",
         b"5": "dir", b"6": "fifo"}
KNOWN_RECORDS = ("path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime", "atime", "ctime", "hdrcharset")


class Inode:
    def __init__(self, kind, **fields):
        self.kind = kind
        self.mode, self.uid, self.gid, self.mtime = 0o755, 0, 0, (0, 0)
        self.records, self.data, self.target, self.dev = {}, b"", b"", (0, 0)
        self.__dict__.update(fields)


class Place:
    """A name. Without an inode: an implied directory, or (below) a hard link to a file of a lower layer."""

    def __init__(self, inode=None, below=None, weak=False, layer=None):
        self.inode, self.below, self.weak, self.layer = inode, below, weak, layer
        self.children, self.whiteouts, self.opaque, self.fresh = {}, set(), False, False

    def is_dir(self):
        return self.below is None and (self.inode is None or self.inode.kind == "dir")

    def is_symlink(self):
        return self.inode is not None and self.inode.kind == "symlink"


# Tar


def number(field):
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7f]) + field[1:], "big") - (
            1 << 8 * len(field) - 1 if field[0] & 0x40 else 0)
    return int(field.strip(b" \0") or b"0", 8)


def text(field):
    return field.split(b"\0")[0]


def pax_records(body):
    records = {}
    while body:
        length = int(body.split(b" ", 1)[0])
        key, value = body[:length - 1].split(b" ", 1)[1].split(b"=", 1)
        records[key.decode("utf-8", "surrogateescape")] = value
        body = body[length:]
    return records


def pax_time(value):
    whole, _, fraction = value.decode().partition(".")
    ns = int(fraction[:9].ljust(9, "0"))
    if whole.startswith("-"):
        return divmod(int(whole) * 10**9 - ns, 10**9)
    return int(whole), ns


def unsparse(records, body):
    """A file's content from what PAX sparse 0.1 or 1.0 stores of it."""
    if records.get("GNU.sparse.major") == b"1":
        fields = body.split(b"\n")
        count = int(fields[0])
        numbers = [int(n) for n in fields[1:2 * count + 1]]
        length = sum(len(f) + 1 for f in fields[:2 * count + 1])
        body, total = body[(length + 511) // 512 * 512:], int(records["GNU.sparse.realsize"])
    else:
        numbers = [int(n) for n in records["GNU.sparse.map"].split(b",")]
        total = int(records["GNU.sparse.size"])
    out = bytearray(total)
    for offset, length in zip(numbers[::2], numbers[1::2]):
        out[offset:offset + length], body = body[:length], body[length:]
    return bytes(out)


def tar_entries(tar):
    """Yields (name, inode): as Go's archive/tar reads it. The inode of a hard link has kind 'link'."""
    at, records, long_name, long_target = 0, {}, None, None
    while at < len(tar) and tar[at:at + 512].strip(b"\0"):
        h = tar[at:at + 512]
        flag, size = h[156:157], number(h[124:136])
        body = tar[at + 512:at + 512 + size]
        if flag in b"xgLK":
            at += 512 + (size + 511) // 512 * 512
            if flag == b"x":
                records = pax_records(body)
            elif flag == b"L":
                long_name = text(body)
            elif flag == b"K":
                long_target = text(body)
            continue
        name, target = text(h[:100]), text(h[157:257])
        if h[257:265] == b"ustar\x0000" and text(h[345:500]):
            name = text(h[345:500]) + b"/" + name
        name = long_name or records.get("path") or name
        target = long_target or records.get("linkpath") or target
        kind = KINDS.get(flag)
        if flag == b"\0" and name.endswith(b"/"):
            kind = "dir"
        size = int(records.get("size") or size)
        stored = size if kind in ("file", None) else 0
        body = tar[at + 512:at + 512 + stored]
        if any(k.startswith("GNU.sparse.") for k in records):
            name, body = records["GNU.sparse.name"], unsparse(records, body)
        inode = Inode(kind, mode=number(h[100:108]) & 0o7777, data=body if kind == "file" else b"",
                      uid=int(records.get("uid") or number(h[108:116])),
                      gid=int(records.get("gid") or number(h[116:124])),
                      mtime=pax_time(records["mtime"]) if records.get("mtime") else (number(h[136:148]), 0),
                      target=target if kind in ("symlink", "link") else b"",
                      records={k: v for k, v in records.items()
                               if k not in KNOWN_RECORDS and not k.startswith("GNU.sparse.")})
        if kind in ("char", "block"):
            inode.dev = number(h[329:337]), number(h[337:345])
        yield name, inode
        at += 512 + (stored + 511) // 512 * 512
        records, long_name, long_target = {}, None, None


# One layer


def clean(name):
    out = []
    for part in name.split(b"/"):
        if part == b"..":
            out = out[:-1]
        elif part not in (b"", b"."):
            out.append(part)
    return out


def walk(root, parts, imply=None, symlinks=True):
    """Follows directories and symlinks below root. imply: makes what is missing. None: no such directory."""
    at, parts, links = [root], list(parts), 0
    while parts:
        part = parts.pop(0)
        if part in (b"", b"."):
            continue
        if part == b"..":
            at = at[:-1] or [root]
            continue
        place = at[-1].children.get(part)
        if place is None:
            if imply is None:
                return None
            place = at[-1].children[part] = imply()
            place.weak = True
        if place.is_symlink() and symlinks:
            links += 1
            if links > MAX_LINKS:
                return None
            if place.inode.target.startswith(b"/"):
                at = [root]
            parts = place.inode.target.split(b"/") + parts
            continue
        if not place.is_dir():
            return None
        if place.weak and imply is not None and not imply().weak:
            place.weak, place.fresh = False, part in at[-1].whiteouts
        at.append(place)
    return at[-1]


def counts(key, kind):
    if not key.startswith("SCHILY.xattr."):
        return True
    key = key[len("SCHILY.xattr."):]
    if key.startswith("trusted.overlay."):
        return False
    return not key.startswith("user.") or kind in ("file", "dir")


def take_link(inode, link):
    """The header of a hard link speaks for the inode."""
    if inode.kind != "symlink":
        inode.mode = link.mode
    inode.uid, inode.gid, inode.mtime = link.uid, link.gid, link.mtime
    inode.records.update({k: v for k, v in link.records.items() if counts(k, inode.kind)})


def add(root, parts, inode, layer):
    *parents, base = parts
    marker = base.startswith(b".wh.") or (inode.kind == "char" and inode.dev == (0, 0))
    if base.startswith(b".wh.") and base != b".wh..wh..opq" and (
            base in (b".wh.", b".wh..", b".wh...") or base.startswith(b".wh..wh.")):
        return
    folder = walk(root, parents, lambda: Place(weak=marker, layer=layer))
    if folder is None:
        return
    if base == b".wh..wh..opq":
        folder.opaque = folder is not root
        return
    if marker:
        folder.whiteouts.add(base[4:] if base.startswith(b".wh.") else base)
        return
    old = folder.children.get(base)
    if inode.kind == "dir" and old is not None and old.is_dir():
        old.inode, old.weak, old.layer = inode, False, layer
        return
    if inode.kind == "dir" and old is None:
        folder.whiteouts.discard(base)
    folder.children.pop(base, None)
    if inode.kind != "link":
        folder.children[base] = Place(inode, layer=layer)
        return
    target = clean(inode.target)
    there = walk(root, target[:-1]) if target else None
    found = there.children.get(target[-1]) if there else None
    if not target or (found is not None and found.is_dir()):
        return
    if found is None:
        folder.children[base] = Place(below=target, layer=layer)
    elif found.below is not None:
        folder.children[base] = Place(below=found.below, layer=layer)
    else:
        take_link(found.inode, inode)
        folder.children[base] = Place(found.inode, layer=layer)


def settle(place):
    """A whiteout and an entry of one name: an opaque directory, or just the entry."""
    for name in list(place.whiteouts):
        child = place.children.get(name)
        if child is None:
            continue
        if child.is_dir() and child.weak:
            del place.children[name]
            continue
        place.whiteouts.discard(name)
        child.opaque = child.opaque or child.is_dir()
    for child in place.children.values():
        settle(child)


def read_layer(tar, layer):
    root = Place(layer=layer)
    for name, inode in tar_entries(tar):
        if inode.kind is None:
            continue
        inode.records = {k: v for k, v in inode.records.items()
                         if inode.kind == "link" or counts(k, inode.kind)}
        parts = clean(name)
        if parts:
            add(root, parts, inode, layer)
        elif inode.kind == "dir":
            root.inode = inode
    settle(root)
    return root


# All layers


def find_link(merged, place):
    """What the path of a hard link leads to, and whether through a symlink."""
    there = walk(merged, place.below[:-1])
    found = there.children.get(place.below[-1]) if there else None
    through = walk(merged, place.below[:-1], symlinks=False) is not there
    return (None if found is None or found.is_dir() else found), through


def resolve_links(merged, place, path=()):
    """Links to lower layers; yields those that lead to nothing there, taken out."""
    for name, child in list(place.children.items()):
        if child.below is not None:
            found, _ = find_link(merged, child)
            if found is None:
                yield path, name, place.children.pop(name)
                continue
            child.inode, child.below = found.inode, None
        yield from resolve_links(merged, child, path + (name,))


def late_link(merged, path, name, place):
    """A link to a file of its own layer, through a symlink of a lower one."""
    found, through = find_link(merged, place)
    if found is not None and through:
        folder = merged
        for part in path:
            folder = folder.children[part]
        folder.children[name] = Place(found.inode, layer=place.layer)


def overlay(lower, upper):
    if upper.inode is not None:
        lower.inode, lower.layer = upper.inode, upper.layer
    if upper.opaque:
        lower.children = {}
    for name in upper.whiteouts:
        lower.children.pop(name, None)
    for name, child in upper.children.items():
        if not child.is_dir():
            lower.children[name] = Place(child.inode, layer=child.layer)
            continue
        if name not in lower.children or not lower.children[name].is_dir() or (child.fresh and child.inode is None):
            lower.children[name] = Place(layer=child.layer)
        overlay(lower.children[name], child)


def describe(inode, layer):
    inode = inode or Inode("dir")
    return {
        "kind": inode.kind, "mode": inode.mode, "uid": inode.uid, "gid": inode.gid,
        "mtime_s": inode.mtime[0], "mtime_ns": inode.mtime[1], "records": dict(inode.records),
        "size": len(inode.data), "content": hashlib.sha256(inode.data).hexdigest() if inode.kind == "file" else None,
        "target": inode.target if inode.kind == "symlink" else None,
        "dev": inode.dev if inode.kind in ("char", "block") else None, "layer": layer,
    }


def flatten(root):
    out, names = {}, {}

    def visit(path, place):
        out[path] = describe(place.inode, place.layer)
        if place.inode is not None:
            names.setdefault(id(place.inode), []).append(path)
        for name, child in sorted(place.children.items()):
            visit(path.rstrip(b"/") + b"/" + name, child)

    visit(b"/", root)
    for group in names.values():
        for path in group:
            out[path]["links"] = frozenset(group)
    return out


def merge(tars):
    """The merged tree: absolute path (bytes) -> what is there. 'links' is the set of names of the inode, 'layer' the one
    whose entry decides the path, or first implied it."""
    root = Place(layer=0)
    for number_, tar in enumerate(tars):
        layer = read_layer(tar, number_)
        lost = list(resolve_links(root, layer))
        overlay(root, layer)
        for path, name, place in lost:
            late_link(root, path, name, place)
    tree = flatten(root)
    for path, entry in tree.items():
        entry.setdefault("links", frozenset([path]))
    return tree


def main():
    for path, e in merge(oci.Image(sys.argv[1]).layers).items():
        print("%-7s %05o %d:%d %d.%09d layer %s %s%s" % (
            e["kind"], e["mode"], e["uid"], e["gid"], e["mtime_s"], e["mtime_ns"], e["layer"], oci.escape(path),
            " -> " + oci.escape(e["target"]) if e["target"] is not None else ""))


if __name__ == "__main__":
    main()
