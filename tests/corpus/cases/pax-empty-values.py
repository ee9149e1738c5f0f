"""Guest-components 1737: local PAX records with empty values: attributes, path, linkpath, uname, mtime, size."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

B = d(b"./") + BASE
one("overlay-origin", B, pax([("SCHILY.xattr.user.overlay.origin", ""), ("mtime", "1700000000.5")]) + d(b"etc/") + pax([("SCHILY.xattr.user.overlay.origin", "")]) + f(b"etc/n", b"n"))
one("texts", B + pax([("path", ""), ("linkpath", ""), ("uname", ""), ("gname", "")]) + f(b"etc/n", b"n", uname=b"root"))
one("numbers", B + pax([("mtime", ""), ("uid", ""), ("gid", ""), ("size", ""), ("atime", "")]) + f(b"etc/n", b"n", uid=7))
one("comment", B + pax([("comment", ""), ("VENDOR.k", "")]) + f(b"etc/n", b"n"))
one("no-records", B + hdr(b"PaxHeaders/n", b"x", 0) + f(b"etc/n", b"n"))
one("global-empty", B + hdr(b"pax_global_header", b"g", 0) + f(b"etc/n", b"n"))
one("global-path", B + pax([("path", "etc/evil"), ("uid", "99"), ("comment", "4bf9")], b"g", b"pax_global_header") + f(b"etc/n", b"n"))
one("last-wins", B + pax([("mtime", "1"), ("SCHILY.xattr.user.a", "1"), ("SCHILY.xattr.user.a", "2")]) + f(b"etc/n", b"n"))
one("path-twice", B + pax([("path", "etc/one"), ("path", "etc/two")]) + f(b"etc/n", b"n"))
one("x-then-x", B + pax([("path", "etc/one")]) + pax([("mtime", "5")]) + f(b"etc/n", b"n"))
LN = b"etc/" + b"l" * 120
gl = hdr(b"././@LongLink", b"L", len(LN) + 1, magic=b"ustar  \0") + pad(LN + b"\0")
one("mtime-twice", B + pax([("mtime", "1"), ("uid", "4"), ("mtime", "2"), ("uid", "5")]) + f(b"etc/n", b"n"))
one("size-twice", B + pax([("size", "1"), ("size", "0")]) + f(b"etc/n", b"n"))
one("L-then-L", B + hdr(b"././@LongLink", b"L", 8, magic=b"ustar  \0") + pad(b"etc/one\0") + hdr(b"././@LongLink", b"L", 8, magic=b"ustar  \0") + pad(b"etc/two\0") + f(b"etc/n", b"n", magic=b"ustar  \0"))
one("x-then-L", B + pax([("mtime", "5.25")]) + gl + f(LN[:100], b"n", magic=b"ustar  \0"))
one("L-then-x", B + gl + pax([("mtime", "5.25")]) + f(LN[:100], b"n", magic=b"ustar  \0"))
one("L-and-K", B + gl + hdr(b"././@LongLink", b"K", 130, magic=b"ustar  \0") + pad(b"t" * 129 + b"\0") + sym(LN[:100], b"t" * 100, magic=b"ustar  \0"))
one("L-no-nul", B + hdr(b"././@LongLink", b"L", len(LN), magic=b"ustar  \0") + pad(LN) + f(LN[:100], b"n", magic=b"ustar  \0"))
