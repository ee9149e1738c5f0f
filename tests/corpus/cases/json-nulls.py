"""null where a writer may have to put something: manifest, config, history, index, descriptors."""
from lib import *


def one(name, man=None, cfg=None, tag=None, top=None, layer=None):
    l = Layout(name)
    ls = [l.layer(d(b"./") + BASE + END), l.layer(f(b"opt/b", b"b") + END)]
    for x in ls:
        x[0].update(layer or {})
    m = l.image(ls, config=cfg, manifest=man)
    e = dict(m)
    e["annotations"] = {REF: "t"}
    e.update(tag or {})
    l.entries.append(e)
    l.done(**(top or {}))


one("manifest-annotations", {"annotations": None})
one("manifest-all", {"annotations": None, "subject": None, "artifactType": None})
one(
    "config-all",
    None,
    {
        "created": None,
        "author": None,
        "history": None,
        "config": None,
        "variant": None,
        "os.features": None,
        "moby.buildkit.buildinfo.v1": None,
    },
)
one("layer-annotations", layer={"annotations": None, "urls": None, "data": None, "platform": None})
one("index-entry", tag={"platform": None, "urls": None, "data": None})
one("index-top", top={"annotations": None, "subject": None, "artifactType": None})
one("index-entry-annotations", tag={"annotations": None})
one("manifest-annotations-empty", {"annotations": {}})
one("rootfs", None, {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64], "extra": None}})
