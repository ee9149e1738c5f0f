from lib import *


def one(name, alg_l, alg_c, alg_m):
    l = Layout(name)
    t = d(b"./") + BASE + END
    z = gzip.compress(t, 6, mtime=0)
    dg, n = l.blob(z, alg_l)
    c = config([t])
    c["rootfs"]["diff_ids"] = [sha(t, alg_l)]
    cd, cn = l.blob(c, alg_c)
    md, mn = l.blob(
        {
            "schemaVersion": 2,
            "mediaType": OM,
            "config": {"mediaType": OC, "digest": cd, "size": cn},
            "layers": [{"mediaType": OL + "+gzip", "digest": dg, "size": n}],
        },
        alg_m,
    )
    l.tag({"mediaType": OM, "digest": md, "size": mn}, "t")
    l.done()


one("all", "sha512", "sha512", "sha512")
one("layer", "sha512", "sha256", "sha256")
one("manifest", "sha256", "sha256", "sha512")
one("sha384", "sha384", "sha256", "sha256")
