"""Smolvm 401: a whiteout that is a hard link to a file of a lower layer, and links between whiteouts."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

base = d(b"./") + BASE + d(b"tmp/", mode=0o1777) + f(b"tmp/key", b"k") + f(b"tmp/CERN.repo", b"r")
one("to-lower", base, ln(b"tmp/.wh.key", b"tmp/CERN.repo"))
one("to-each-other", base, f(b"tmp/.wh.key") + ln(b"tmp/.wh.CERN.repo", b"tmp/.wh.key"))
one("opq-to-wh", base, d(b"tmp/", mode=0o1777) + f(b"etc/.wh.os-release") + ln(b"tmp/.wh..wh..opq", b"etc/.wh.os-release") + f(b"tmp/new", b"n"))
one("entry-to-wh", base, f(b"tmp/.wh.key") + ln(b"tmp/lnk", b"tmp/.wh.key"))
