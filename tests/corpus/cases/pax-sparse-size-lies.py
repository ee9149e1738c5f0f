"""PAX sparse 1.0 whose "size" is the file's size and not what is stored (some packers write it so): Go refuses, GNU tar and bsdtar read it."""
from lib import *

mp = b"1\n512\n512\n"
body = pad(mp) + b"B" * 512
def sp(size_rec):
    r = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "opt/disk"), ("GNU.sparse.realsize", "4096")]
    if size_rec: r.insert(0, ("size", size_rec))
    return pax(r) + hdr(b"opt/GNUSparseFile.1/disk", b"0", len(body)) + pad(body)
for name, s in (("lies", "4096"), ("right", str(len(body)))):
    l = Layout(name); l.tag(l.image([l.layer(d(b"./") + BASE + sp(s) + f(b"opt/z", b"z") + END)]), "t"); l.done()
# and the old GNU form, type S
old = hdr(b"opt/old", b"S", 512, magic=b"ustar  \0", raw={386: b"%011o\0%011o\0" % (512, 512) + b"%011o\0%011o\0" % (1024, 0), 483: b"%011o\0" % 1024}) + b"B" * 512
l = Layout("old"); l.tag(l.image([l.layer(d(b"./") + BASE + old + f(b"opt/z", b"z") + END)]), "t"); l.done()
