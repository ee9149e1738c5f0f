"""Hard links to a symlink, a device, a FIFO, to a link of a link, to itself, before its target."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("symlink", d(b"./") + BASE + sym(b"etc/s", b"os-release") + ln(b"etc/hs", b"etc/s"))
one("dangling-symlink", d(b"./") + BASE + sym(b"etc/s", b"/nowhere") + ln(b"etc/hs", b"etc/s"))
one("device", d(b"./") + BASE + d(b"dev/") + hdr(b"dev/null", b"3", dev=(1, 3), mode=0o666) + ln(b"dev/n2", b"dev/null", mode=0o666))
one("fifo", d(b"./") + BASE + hdr(b"etc/p", b"6") + ln(b"etc/p2", b"etc/p"))
one("chain", d(b"./") + BASE + ln(b"etc/b", b"etc/os-release") + ln(b"etc/c", b"etc/b") + ln(b"etc/d", b"etc/c"))
one("self", d(b"./") + BASE + f(b"etc/q", b"q") + ln(b"etc/q", b"etc/q"))
one("before", d(b"./") + BASE + ln(b"etc/l", b"etc/t") + f(b"etc/t", b"t"))
one("usrmerge", d(b"./") + BASE + d(b"usr/") + d(b"usr/lib/") + f(b"usr/lib/a", b"a") + sym(b"lib", b"usr/lib"), d(b"usr/") + d(b"usr/lib/") + f(b"usr/lib/b", b"b") + ln(b"usr/lib/c", b"lib/b"))
one("usrmerge-one", d(b"./") + BASE + d(b"usr/") + d(b"usr/lib/") + f(b"usr/lib/b", b"b") + sym(b"lib", b"usr/lib") + ln(b"usr/lib/c", b"lib/b"))
one("link-with-size", d(b"./") + BASE + hdr(b"etc/l", b"1", 3, link=b"etc/os-release") + f(b"etc/z", b"z"))
one("symlink-with-size", d(b"./") + BASE + hdr(b"etc/l", b"2", 10, mode=0o777, link=b"os-release") + f(b"etc/z", b"z"))
one("dir-with-size", d(b"./") + BASE + hdr(b"etc/d/", b"5", 4096, mode=0o755) + f(b"etc/z", b"z"))
one("over", d(b"./") + BASE + f(b"etc/a", b"a") + f(b"etc/b", b"b") + ln(b"etc/b", b"etc/a"))
