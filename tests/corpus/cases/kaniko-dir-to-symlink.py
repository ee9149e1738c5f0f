"""Kaniko 2308: a folder becomes a symlink: its children are deleted in the layer that stores the symlink."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

base = d(b"./") + BASE + d(b"a/") + f(b"a/a", b"1") + f(b"a/z", b"z") + d(b"b/")
one("wh-first", base, f(b"a/.wh.a") + d(b"/") + sym(b"a", b"b") + d(b"b/"))
one("wh-after", base, d(b"/") + sym(b"a", b"b") + d(b"b/") + f(b"a/.wh.a"))
one("wh-after-abs", base, d(b"/") + sym(b"a", b"/b") + d(b"b/") + f(b"a/.wh.z"))
one("opq-after", base, sym(b"a", b"b") + d(b"b/") + f(b"b/new", b"n") + f(b"a/.wh..wh..opq"))
one("dir-then-link", base, d(b"a/") + f(b"a/.wh.a") + sym(b"a", b"b"))
# 1151: "/" as a hard link to "."
one("root-hardlink", base, d(b".") + hdr(b"/", b"1", mode=0o755, link=b".") + sym(b"link", b"nowhere"))
one("root-symlink", base, hdr(b"./", b"2", mode=0o777, link=b".") + f(b"opt/x", b"x"))
