import os, sys; os.chdir(os.path.dirname(os.path.abspath(__file__))); sys.path.insert(0, "..")
from lib import *
# what stands behind the end: of the gzip stream, of the zstd stream, of the tar
T = d(b"./") + BASE + f(b"opt/x", b"x" * 3000)
def one(name, blob, tar, mt="+gzip"):
    l = Layout(name); l.tag(l.image([(l.desc(blob, OL + mt), sha(tar))]), "t"); l.done()
g = lambda b: gzip.compress(b, 6, mtime=0)
z = lambda b: subprocess.run(["zstd", "-qc"], input=b, stdout=subprocess.PIPE, check=True).stdout
t = T + END
one("gz-zeros", g(t) + b"\0" * 512, t); one("gz-garbage", g(t) + b"garbage!", t); one("gz-newline", g(t) + b"\n", t)
one("gz-members", g(t[:1000]) + g(b"") + g(t[1000:]), t)
one("gz-mtime-name", bytes([0x1f, 0x8b, 8, 8 | 4 | 16]) + b"\x01\x02\x03\x04\x00\x03" + struct.pack("<H", 6) + b"AA\x02\0xy" + b"layer.tar\0comment\0" + g(t)[10:], t)
one("zst-zeros", z(t) + b"\0" * 8, t, "+zstd"); one("zst-skippable-only-tail", z(t) + b"\x5a\x2a\x4d\x18" + struct.pack("<I", 3) + b"abc", t, "+zstd")
one("zst-frames", z(t[:2048]) + z(t[2048:]), t, "+zstd")
one("tar-no-end", g(T), T); one("tar-one-zero-block", g(T + b"\0" * 512), T + b"\0" * 512); one("tar-odd-tail", g(T + END + b"\0" * 100), T + END + b"\0" * 100)
one("tar-garbage", g(T + END + b"MORE" * 300), T + END + b"MORE" * 300); one("tar-concat", g(T + END + f(b"opt/late", b"late") + END), T + END + f(b"opt/late", b"late") + END)
cut = T[:-512 - 500] ; one("tar-last-not-padded", g(T[:-(-3000 % 512)]), T[:-(-3000 % 512)])
one("tar-one-zero-then-entry", g(T + b"\0" * 512 + f(b"opt/late", b"late") + END), T + b"\0" * 512 + f(b"opt/late", b"late") + END)
one("only-zeros", g(b"\0" * 10240), b"\0" * 10240); one("one-block", g(b"\0" * 512), b"\0" * 512); one("nothing", g(b""), b"")
one("plain-nothing", b"", b"", "")
# names and comments of the gzip header: Go's reader takes 511 bytes of each
named = lambda flag, n: bytes([0x1f, 0x8b, 8, flag]) + b"\0" * 4 + b"\0\3" + b"n" * n + b"\0" + g(t)[10:]
one("gz-name-511", named(8, 511), t); one("gz-name-512", named(8, 512), t); one("gz-comment-512", named(16, 512), t)
