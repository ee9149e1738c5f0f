"""A member whose name is empty (charliecloud 1805, "badtars-empty-filename"): a folder, and a file."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("dir", BASE, hdr(b"", b"5", mode=0o750) + f(b"opt/x", b"x\n"))
one("file", BASE, f(b"", b"lost\n") + f(b"opt/x", b"x\n"))
one("slash-file", BASE, f(b"./", b"") + f(b"opt/x", b"x\n"))
one("pax-empty", BASE, pax([("path", "")]) + f(b"opt/from-header", b"x\n"))
