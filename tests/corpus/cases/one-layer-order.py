"""What stands twice or changes its kind inside of one layer, in an order that matters."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

B = d(b"./") + BASE
one("implied-then-link", B + f(b"p/a/b", b"1") + sym(b"p/a", b"../etc"))
one("implied-then-file", B + f(b"p/a/b", b"1") + f(b"p/a", b"f"))
one("link-then-implied", B + sym(b"p", b"etc") + f(b"p/n", b"1"))
one("file-dir-file", B + f(b"x", b"1") + d(b"x/") + f(b"x/y", b"2") + f(b"x", b"3"))
one("dir-link-dir", B + d(b"x/") + f(b"x/y", b"2") + sym(b"x", b"etc") + d(b"x/", mode=0o700) + f(b"x/z", b"4"))
one("link-replaced", B + f(b"a", b"1") + f(b"b", b"2") + ln(b"b", b"a") + f(b"a", b"3"))
one("link-to-dir", B + d(b"x/") + ln(b"y", b"x") + f(b"z", b"z"))
one("link-to-root", B + ln(b"y", b".") + f(b"z", b"z"))
one("dup-identical-dirs", B + d(b"x/", mode=0o755) + f(b"x/1", b"1") + d(b"x/", mode=0o755) + f(b"x/2", b"2") + d(b"x/", mode=0o711, uid=4))
one("dup-file-same", B + f(b"x", b"same") + f(b"x", b"same"))
one("dup-slash-names", B + f(b"x", b"1") + f(b"./x", b"2") + f(b"/x", b"3"))
one("dir-no-slash", B + hdr(b"x", b"5", mode=0o755) + f(b"x/1", b"1"))
one("file-slash", B + hdr(b"x/", b"0", mode=0o644) + f(b"z", b"z"))
one("file-slash-old", B + hdr(b"x/", b"\0", mode=0o755, magic=b"") + f(b"x/z", b"z"))
one("link-abs-dotdot", B + f(b"a", b"1") + ln(b"b", b"/../../a") + ln(b"c", b"./opt/../a"))
one("name-dotdot", B + f(b"opt/../esc", b"1") + f(b"../../up", b"2") + d(b"opt/./q/../r/") + f(b"opt//r//s", b"s"))
