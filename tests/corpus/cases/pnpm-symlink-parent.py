"""Pnpm: a symlink, then entries below it, in one layer and over a lower layer."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("same-layer", d(b"./") + BASE, d(b"app/") + d(b"app/store/") + d(b"app/store/browser/") + sym(b"app/mod", b"store/browser") + d(b"app/mod/src/") + f(b"app/mod/src/x.js", b"js"))
one("lower", d(b"./") + BASE + d(b"app/") + d(b"app/store/") + d(b"app/store/browser/") + f(b"app/store/browser/y.js", b"y") + sym(b"app/mod", b"store/browser"), f(b"app/mod/src/x.js", b"js"))
one("lower-dir-entry", d(b"./") + BASE + d(b"app/") + d(b"app/store/") + d(b"app/store/browser/") + f(b"app/store/browser/y.js", b"y") + sym(b"app/mod", b"store/browser"), d(b"app/") + d(b"app/mod/") + d(b"app/mod/src/") + f(b"app/mod/src/x.js", b"js"))
