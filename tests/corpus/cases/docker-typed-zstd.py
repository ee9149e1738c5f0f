"""a Docker-typed manifest (v2 schema 2) in a layout, layers gzip or Docker's zstd: what its types are when a plan asks for zstd."""
from lib import *

D = "application/vnd.docker.distribution.manifest.v2+json"
DC = "application/vnd.docker.container.image.v1+json"
DL = "application/vnd.docker.image.rootfs.diff.tar"
for name, c, s in (("gzip", "gzip", ".gzip"), ("zstd", "zstd", ".zstd"), ("plain", "none", "")):
    l = Layout(name)
    ls = [l.layer(d(b"./") + BASE + END, c, mt=DL + s), l.layer(f(b"opt/b", b"b" * 2000) + END, c, mt=DL + s)]
    m = l.image(ls, cfg_mt=DC, manifest={"mediaType": D})
    l.tag(m, "t")
    l.done()
