"""Bootc 1126, rpm-ostree 5479: links into an object store, across layers, and a link replaced by a link to a third."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("cross", d(b"./") + BASE + d(b"sysroot/") + d(b"sysroot/o/") + f(b"etc/conf", b"conf\n", mode=0o600) + ln(b"sysroot/o/04.file", b"etc/conf", mode=0o600), ln(b"etc/conf", b"sysroot/o/04.file", mode=0o600))
one("self-layer", d(b"./") + BASE, d(b"o/") + f(b"o/1.file-xattrs", b"xattr") + b"".join(ln(b"o/%d.file-xattrs-link" % i, b"o/1.file-xattrs") for i in range(2, 40)), f(b"o/.wh.1.file-xattrs"), ln(b"o/99.link", b"o/7.file-xattrs-link"))
one("xattr-links", d(b"./") + BASE + pax([("SCHILY.xattr.security.selinux", "system_u:object_r:etc_t:s0\0"), ("SCHILY.xattr.user.component", "bash")]) + f(b"etc/a", b"a") + pax([("SCHILY.xattr.security.selinux", "system_u:object_r:etc_t:s0\0"), ("SCHILY.xattr.user.component", "bash")]) + ln(b"etc/b", b"etc/a") + ln(b"etc/c", b"etc/a"))
