"""FROM scratch + CMD []: an image of no layers, as docker build, buildah, umoci new, crane make it."""
from lib import *


def one(name, layers, rootfs, **k):
    l = Layout(name)
    m = l.image(
        [],
        config={"rootfs": rootfs, "history": [{"created_by": "CMD []", "empty_layer": True}]},
        manifest={"layers": layers},
        **k
    )
    l.tag(m, "t")
    l.done()


one("empty", [], {"type": "layers", "diff_ids": []})
one("null", None, {"type": "layers", "diff_ids": None})
one("no-diff-ids", [], {"type": "layers"})
one("absent", ..., {"type": "layers", "diff_ids": []})
docker_tar("save.tar", [(["scratch/x:1"], config([], history=[{"created_by": "CMD []", "empty_layer": True}]), [])])
c = config([])
c["rootfs"] = {"type": "layers"}
cb = json.dumps(c).encode()
with tarfile.open("save-null.tar", "w") as t:
    for n, b in (
        (hashlib.sha256(cb).hexdigest() + ".json", cb),
        (
            "manifest.json",
            json.dumps(
                [{"Config": hashlib.sha256(cb).hexdigest() + ".json", "RepoTags": ["scratch/y:1"], "Layers": None}]
            ).encode(),
        ),
    ):
        ti = tarfile.TarInfo(n)
        ti.size = len(b)
        t.addfile(ti, io.BytesIO(b))
