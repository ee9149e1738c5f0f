"""manifests whose mediaType is "" or absent, an index.json without one, and layers whose mediaType is Docker's in an OCI manifest."""
from lib import *

for name, man, top in (
    ("empty", {"mediaType": ""}, {}),
    ("absent", {"mediaType": ...}, {}),
    ("index-empty", {}, {"mediaType": ""}),
    ("index-wrong", {}, {"mediaType": OM}),
    ("docker-list", {}, {"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}),
):
    l = Layout(name)
    m = l.image([l.layer(d(b"./") + BASE + END)], manifest=man)
    l.tag(m, "t")
    l.done(**top)
l = Layout("mixed")
m = l.image([l.layer(d(b"./") + BASE + END, mt="application/vnd.docker.image.rootfs.diff.tar.gzip")])
l.tag(m, "t")
l.done()
l = Layout("mixed2")
m = l.image(
    [l.layer(d(b"./") + BASE + END)],
    manifest={"mediaType": "application/vnd.docker.distribution.manifest.v2+json"},
    cfg_mt="application/vnd.docker.container.image.v1+json",
)
m["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
l.tag(m, "t")
l.done()
# descriptor says OCI, document says Docker
l = Layout("lied")
m = l.image([l.layer(d(b"./") + BASE + END)], manifest={"mediaType": "application/vnd.docker.distribution.manifest.v2+json"})
m["mediaType"] = OM
l.tag(m, "t")
l.done()
