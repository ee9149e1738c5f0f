"""One layer deletes a folder and then stores it anew (whiteout first in the tar)."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

base = d(b"./") + BASE + d(b"p/") + d(b"p/dir/") + f(b"p/dir/old", b"o") + d(b"p/dir/sub/") + f(b"p/dir/sub/deep", b"x") + f(b"p/file", b"f")
one("dir-entry", base, f(b"p/.wh.dir") + d(b"p/dir/", mode=0o700) + f(b"p/dir/new", b"n"))
one("dir-entry-only", base, f(b"p/.wh.dir") + d(b"p/dir/", mode=0o700))
one("child-only", base, f(b"p/.wh.dir") + f(b"p/dir/new", b"n"))
one("child-then-dir", base, f(b"p/.wh.dir") + f(b"p/dir/new", b"n") + d(b"p/dir/", mode=0o700))
one("parent-first", base, d(b"p/") + f(b"p/.wh.dir") + d(b"p/dir/") + d(b"p/dir/sub/") + f(b"p/dir/sub/n", b"n"))
one("opq-too", base, f(b"p/.wh.dir") + d(b"p/dir/") + f(b"p/dir/.wh..wh..opq") + f(b"p/dir/new", b"n"))
one("dir-to-link", base, f(b"p/.wh.dir") + sym(b"p/dir", b"file"))
one("dir-to-file", base, f(b"p/.wh.dir") + f(b"p/dir", b"now a file"))
one("file-to-dir", base, f(b"p/.wh.file") + d(b"p/file/") + f(b"p/file/x", b"x"))
one("then-upper", base, f(b"p/.wh.dir") + d(b"p/dir/") + f(b"p/dir/new", b"n"), d(b"p/dir/") + f(b"p/dir/newer", b"r"))
one("device-then-dir", base, hdr(b"p/dir", b"3", dev=(0, 0)) + d(b"p/dir/") + f(b"p/dir/new", b"n"))
