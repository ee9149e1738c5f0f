import os, sys; os.chdir(os.path.dirname(os.path.abspath(__file__))); sys.path.insert(0, "..")
from lib import *
# What is odd about a layer, an image for each: it is called as the note is, and its upper layer has the entry /opt/x that the note is about
BELOW = d(b"./") + BASE + f(b"opt/lower", b"1") + END
X = b"opt/x"


def said(records, entry):
    return pax(records) + entry


for name, upper in {
    "before-1970": said([("mtime", "-5")], f(X)),
    "after-2262": said([("mtime", "9223372037")], f(X)),
    "child-of-file": f(X) + f(X + b"/y"),
    "whiteout-invalid": f(b"opt/.wh."),
    "whiteout-reserved": f(b"opt/.wh..wh.aufs"),
    "whiteout-twice": f(b"opt/.wh.lower") * 2,
    "opaque-root": f(b".wh..wh..opq"),
    "unknown-type": hdr(X, b"Z"),
    "link-metadata": f(X, b"1", mode=0o644) + ln(b"opt/y", X, mode=0o600),
    "overlay-attribute": said([("SCHILY.xattr.trusted.overlay.redirect", "/y")], d(X)),
    "user-attribute": said([("SCHILY.xattr.user.x", "y")], sym(X, b"y")),
    "trusted-attribute": said([("SCHILY.xattr.trusted.x", "y")], f(X)),
    "empty-attribute": said([("SCHILY.xattr.user.x", "")], f(X)),
    "symlink-loop": sym(X, b"y") + sym(b"opt/y", b"x") + f(X + b"/z"),
    "long-name": said([("path", "opt/" + "x" * 256)], f(X)),
}.items():
    l = Layout(name)
    l.tag(l.image([l.layer(BELOW), l.layer(d(b"./") + d(b"opt/") + upper + END)]), "t")
    l.done()
# the last second that a time of 64 bits in nanoseconds has, which is none of them
l = Layout("none"); l.tag(l.image([l.layer(BELOW), l.layer(d(b"./") + said([("mtime", "9223372036")], f(X)) + said([("mtime", "0")], f(b"opt/y")) + END)]), "t"); l.done()
