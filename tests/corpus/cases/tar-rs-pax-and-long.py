"""Rust's tar crate (chunkah, ocidir users, squashers): attributes as a PAX header, then GNU headers for what is too long, then the entry."""
from lib import *

G = b"ustar  \0"
def long_(flag, b): return hdr(b"././@LongLink", flag, len(b) + 1, mode=0o644, mtime=0, magic=G) + pad(b + b"\0")
P = b"usr/share/" + b"/".join([b"component-of-a-long-path-%d" % i for i in range(6)])
T = b"../" * 20 + b"target/" * 15 + b"end"
cap = bytes.fromhex("0100000200200000000000000000000000000000")
def x(*r): return pax([("SCHILY.xattr." + k, v) for k, v in r])
def one(name, t):
    l = Layout(name); l.tag(l.image([l.layer(d(b"./") + BASE + t + END)]), "t"); l.done()
one("file", x(("user.component", "bash")) + long_(b"L", P + b"/file") + f((P + b"/file")[:100], b"data", magic=G) + f(b"opt/z", b"z"))
one("dir", x(("user.component", "bash")) + long_(b"L", P + b"/") + d((P + b"/")[:100], magic=G) + x(("security.capability", cap)) + long_(b"L", P + b"/ping") + f((P + b"/ping")[:100], b"ping", mode=0o755, magic=G))
one("symlink", x(("security.selinux", "system_u:object_r:usr_t:s0")) + long_(b"K", T) + sym(b"opt/s", T[:100], magic=G))
one("path-in-both", pax([("path", P + b"/file"), ("mtime", "1700000000.25")]) + long_(b"L", P + b"/file") + f((P + b"/file")[:100], b"data", magic=G))
one("only-long", long_(b"L", P + b"/file") + f((P + b"/file")[:100], b"data", magic=G))
one("short-with-pax", x(("user.component", "bash")) + f(b"opt/short", b"s", magic=G))
one("path-differs", pax([("path", P + b"/of-pax"), ("mtime", "1700000000.25")]) + long_(b"L", P + b"/of-gnu") + f((P + b"/file")[:100], b"data", magic=G))
one("target-differs", pax([("linkpath", T + b"-of-pax")]) + long_(b"K", T) + sym(b"opt/s", T[:100], magic=G))
