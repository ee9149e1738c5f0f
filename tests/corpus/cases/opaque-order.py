"""Containerd 6991: opaque markers and whiteouts in between, before and after what the same layer stores, over links and folders."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

base = d(b"./") + BASE + d(b"usr/") + d(b"usr/doc/") + d(b"usr/doc/curl/") + f(b"usr/doc/curl/old", b"o") + sym(b"usr/doc/curl/NEWS", b"old") + d(b"usr/doc/lib/") + f(b"usr/doc/lib/x", b"x")
one("opq-first", base, d(b"usr/doc/curl/") + f(b"usr/doc/curl/.wh..wh..opq", mode=0o755, mtime=0) + sym(b"usr/doc/curl/NEWS", b"new") + f(b"usr/doc/curl/new", b"n"))
one("opq-last", base, d(b"usr/doc/curl/") + sym(b"usr/doc/curl/NEWS", b"new") + f(b"usr/doc/curl/new", b"n") + f(b"usr/doc/curl/.wh..wh..opq", mode=0o755))
one("opq-no-dir", base, sym(b"usr/doc/curl/NEWS", b"new") + f(b"usr/doc/curl/.wh..wh..opq"))
one("wh-beside", base, d(b"usr/doc/curl/") + f(b"usr/doc/curl/.wh.old") + f(b"usr/doc/curl/.wh.NEWS") + sym(b"usr/doc/curl/NEWS2", b"new") + f(b"usr/doc/.wh.lib"))
one("wh-and-entry", base, d(b"usr/doc/curl/") + f(b"usr/doc/curl/.wh.NEWS") + sym(b"usr/doc/curl/NEWS", b"new"))
one("wh-dir-and-entry", base, f(b"usr/doc/.wh.curl") + d(b"usr/doc/curl/") + f(b"usr/doc/curl/new", b"n"))
one("opq-nested", base, d(b"usr/") + f(b"usr/.wh..wh..opq") + d(b"usr/doc/") + f(b"usr/doc/.wh..wh..opq") + f(b"usr/doc/.wh.gone") + f(b"usr/doc/kept", b"k"))
one("opq-over-link", d(b"./") + BASE + d(b"real/") + f(b"real/r", b"r") + sym(b"lnk", b"real"), d(b"lnk/") + f(b"lnk/.wh..wh..opq") + f(b"lnk/n", b"n"))
