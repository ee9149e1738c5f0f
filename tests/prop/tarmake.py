"""Tar members in the dialects that are found in layers: v7, ustar, gnu, pax."""

BLOCK = 512
TYPES = {"file": b"0", "link": b"1", "symlink": b"2", "char": b"3", "block": b"4", "dir": b"5", "fifo": b"6"}
GNU_MAGIC = b"ustar  \0"
USTAR_MAGIC = b"ustar\x0000"


class DoesNotFit(Exception):
    """The dialect cannot say it."""


def pad(data):
    return data + b"\0" * (-len(data) % BLOCK)


def octal(value, width):
    if not 0 <= value < 8 ** (width - 1):
        raise DoesNotFit
    return b"%0*o\0" % (width - 1, value)


def base256(value, width):
    try:
        return octal(value, width)
    except DoesNotFit:
        raw = (value % (1 << 8 * width)).to_bytes(width, "big")
        return bytes([raw[0] | 0x80]) + raw[1:]


def split_name(name):
    """ustar: prefix and name."""
    if len(name) <= 100:
        return b"", name
    for at in range(min(155, len(name) - 2), 0, -1):
        if name[at:at + 1] == b"/" and 0 < len(name) - at - 1 <= 100:
            return name[:at], name[at + 1:]
    raise DoesNotFit


def header(name, flag, entry, size, magic, number=octal, prefix=b"", target=b""):
    if len(name) > 100 or len(target) > 100:
        raise DoesNotFit
    dev = entry.get("dev", (0, 0))
    out = name.ljust(100, b"\0") + octal(entry.get("mode", 0), 8)
    out += number(entry.get("uid", 0), 8) + number(entry.get("gid", 0), 8)
    out += number(size, 12) + number(entry.get("mtime_s", 0), 12)
    out += b" " * 8 + flag + target.ljust(100, b"\0") + magic.ljust(8, b"\0")
    if magic:
        out += entry.get("uname", b"root").ljust(32, b"\0") + b"root".ljust(32, b"\0")
        out += octal(dev[0], 8) + octal(dev[1], 8) + prefix
    elif entry["kind"] in ("char", "block"):
        raise DoesNotFit
    out = out.ljust(BLOCK, b"\0")
    return out[:148] + b"%06o\0 " % sum(out) + out[156:]


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while length != len(body) + len(b"%d" % length):
        length = len(body) + len(b"%d" % length)
    return b"%d" % length + body


def pax_time(seconds, ns):
    total = seconds * 10**9 + ns
    sign, total = ("-", -total) if total < 0 else ("", total)
    whole, fraction = divmod(total, 10**9)
    return ("%s%d.%09d" % (sign, whole, fraction)).rstrip("0").rstrip(".").encode()


def v7(entry):
    flag = TYPES[entry["kind"]]
    if entry["kind"] == "file" and not entry["name"].endswith(b"/"):
        flag = b"\0"
    name = entry["name"]
    if entry["kind"] == "dir" and name.endswith(b"/"):
        flag = b"\0"
    return header(name, flag, entry, len(entry["data"]), b"", target=entry["target"])


def ustar(entry):
    prefix, name = split_name(entry["name"])
    return header(name, entry.get("flag", TYPES[entry["kind"]]), entry, len(entry["data"]), USTAR_MAGIC,
                  prefix=prefix, target=entry["target"])


def gnu(entry):
    out = b""
    for flag, key in ((b"K", "target"), (b"L", "name")):
        if len(entry[key]) > 100:
            body = entry[key] + b"\0"
            out += header(b"././@LongLink", flag, {"kind": "file"}, len(body), GNU_MAGIC) + pad(body)
    return out + header(entry["name"][:100], TYPES[entry["kind"]], entry, len(entry["data"]), GNU_MAGIC,
                        number=base256, target=entry["target"][:100])


def pax(entry, verbose=False):
    """verbose: records also for what the header could have held."""
    records, plain, prefix = dict(entry["records"]), dict(entry), b""
    try:
        prefix, name = split_name(entry["name"])
    except DoesNotFit:
        name, verbose_name = entry["name"][:100], True
    else:
        verbose_name = verbose
    if verbose_name:
        records[b"path"] = entry["name"]
    if len(entry["target"]) > 100 or (verbose and entry["target"]):
        records[b"linkpath"] = entry["target"]
    for key in ("uid", "gid"):
        if verbose or entry[key] >= 8 ** 7:
            records[key.encode()] = b"%d" % entry[key]
            plain[key] = 0
    if verbose or entry["mtime_ns"] or not 0 <= entry["mtime_s"] < 8 ** 11:
        records[b"mtime"] = pax_time(entry["mtime_s"], entry["mtime_ns"])
        plain["mtime_s"] = 0
    out = b""
    if verbose and entry["kind"] == "file":
        records[b"size"] = b"%d" % len(entry["data"])
    if records:
        body = b"".join(record(k, v) for k, v in records.items())
        out = header(b"PaxHeaders/x", b"x", {"kind": "file", "mode": 0o644}, len(body), USTAR_MAGIC) + pad(body)
    return out + header(name, TYPES[entry["kind"]], plain, len(entry["data"]), USTAR_MAGIC, prefix=prefix,
                        target=entry["target"][:100])


DIALECTS = {"v7": v7, "ustar": ustar, "gnu": gnu, "pax": pax, "pax-verbose": lambda e: pax(e, True)}


def member(entry, dialect):
    """entry: kind, name, mode, uid, gid, mtime_s, mtime_ns, target, data, dev, records. What the dialect cannot say at
    all (parts of a second, attributes) is left out; what does not fit is written as pax."""
    try:
        head = DIALECTS[dialect](entry)
    except DoesNotFit:
        head = pax(entry)
    return head + pad(entry["data"])


def sparse(entry, extents, size, version):
    """A file of size bytes of which only extents (offset, bytes) are stored; version 0 is PAX sparse 0.1, 1 is 1.0."""
    data = b"".join(piece for _, piece in extents)
    if version == 0:
        records = {b"GNU.sparse.size": b"%d" % size, b"GNU.sparse.numblocks": b"%d" % len(extents),
                   b"GNU.sparse.map": b",".join(b"%d,%d" % (at, len(piece)) for at, piece in extents)}
    else:
        data = pad(b"%d\n" % len(extents) + b"".join(b"%d\n%d\n" % (at, len(piece)) for at, piece in extents)) + data
        records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"%d" % size}
    return member({**entry, "name": b"GNUSparseFile.0/x", "data": data,
                   "records": {b"GNU.sparse.name": entry["name"], **records, **entry["records"]}}, "pax")


def special(flag, name=b"odd", body=b"", records=None):
    """A global header, or a type that nobody knows."""
    if records is not None:
        body = b"".join(record(k, v) for k, v in records.items())
    return header(name, flag, {"kind": "file", "mode": 0o644}, len(body), USTAR_MAGIC) + pad(body)


def plain(kind, name, data=b"", target=b"", mode=None, **fields):
    """An entry with the usual values."""
    entry = {"kind": kind, "name": name, "data": data, "target": target, "uid": 0, "gid": 0, "records": {},
             "mode": mode if mode is not None else {"dir": 0o755, "symlink": 0o777}.get(kind, 0o644),
             "mtime_s": 1600000000, "mtime_ns": 0, "dev": (0, 0)}
    entry.update(fields)
    return entry


def tar(entries, dialect="pax"):
    return b"".join(member(e, dialect) for e in entries) + b"\0" * 1024
