import os, sys; os.chdir(os.path.dirname(os.path.abspath(__file__))); sys.path.insert(0, "..")
from lib import *
# One file below 32,000 directories that no entry describes: some hundred bytes of gzip, and an entry for each where the layer is written
l = Layout("deep"); a = b"a/" * 32000
l.tag(l.image([l.layer(pax([("path", a + b"f")]) + f(b"x", b"1") + END), l.layer(f(b"g", b"2") + f(b"h", b"3") + END)]), "t"); l.done()
