"""Kaniko: an entry "/" in each layer, absolute names, absolute hard link targets."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("oci", d(b"./") + BASE, d(b"/", mode=0o755) + d(b"/opt/") + f(b"/opt/x", b"x\n", mode=0o4755) + ln(b"/opt/y", b"/opt/x", mode=0o4755) + ln(b"/opt/z", b"/opt/y", mode=0o4755) + f(b"/etc/.wh.os-release"))
