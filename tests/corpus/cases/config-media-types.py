"""configs under media types that registries and old clients made of an image's."""
from lib import *

for n, mt in (
    ("octet", "application/octet-stream"),
    ("json", "application/json"),
    ("html", "text/html"),
    ("plain", "text/plain; charset=utf-8"),
    ("blank", ""),
    ("docker-plugin", "application/vnd.docker.plugin.v1+json"),
    ("docker-in-oci", "application/vnd.docker.container.image.v1+json"),
):
    for k in ("oci", "docker"):
        if n == "docker-in-oci" and k == "docker":
            continue
        l = Layout(n + "-" + k)
        D = "application/vnd.docker.distribution.manifest.v2+json"
        ly = l.layer(
            d(b"./") + BASE + END, **({"mt": "application/vnd.docker.image.rootfs.diff.tar.gzip"} if k == "docker" else {})
        )
        m = l.image([ly], cfg_mt=mt, manifest={"mediaType": D} if k == "docker" else None)
        l.tag(m, "t")
        l.done()
