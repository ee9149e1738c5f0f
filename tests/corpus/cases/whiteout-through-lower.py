"""A whiteout or an opaque marker below what is a symlink or a file in a lower layer, and no entry for the parent (usr-merge images; kaniko 1038)."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

base = d(b"./") + BASE + d(b"usr/") + d(b"usr/lib/") + f(b"usr/lib/a", b"a") + f(b"usr/lib/b", b"b") + sym(b"lib", b"usr/lib")
one("wh-link", base, f(b"lib/.wh.a"))
one("opq-link", base, f(b"lib/.wh..wh..opq"))
one("wh-file", base, f(b"etc/os-release/.wh.x"))
one("wh-missing-parent", base, f(b"no/where/.wh.x"))
one("wh-missing-parent-2", base, f(b"no/where/.wh.x"), f(b"no/where/y", b"y"))
one("wh-in-deleted", base, f(b".wh.usr") + f(b"usr/lib/.wh.a"))
one("wh-in-deleted-after", base, f(b"usr/lib/.wh.a") + f(b".wh.usr"))
one("wh-parent-meta", d(b"./") + BASE + d(b"var/", mode=0o1777, uid=9) + f(b"var/x", b"x"), f(b"var/.wh.x"))
one("entry-under-link", base, f(b"lib/new", b"n"))
