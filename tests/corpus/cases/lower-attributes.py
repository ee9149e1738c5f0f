"""Attributes of a lower layer's directory, where an upper one stores the directory anew: containerd, umoci and the overlay engines drop them, vfs folders keep them."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

X = pax([("SCHILY.xattr.user.k", "v")])
base = d(b"./") + BASE + X + d(b"d/") + f(b"d/a", b"a") + X + f(b"f", b"f")
one("dropped", base, d(b"d/", mode=0o700) + f(b"d/b", b"b"))
one("kept", base, pax([("SCHILY.xattr.user.k", "w")]) + d(b"d/", mode=0o700) + f(b"d/b", b"b"))
one("implied", base, f(b"d/b", b"b"))
one("of-a-file", base, f(b"f", b"g"))
one("twice", base, d(b"d/", mode=0o700), d(b"d/", mode=0o710))
one("deleted-before", base, f(b".wh.d"), d(b"d/", mode=0o700))
