"""configs as other tools write them."""
from lib import *

L = None


def one(name, cfg=None, raw=None, man=None, n=2):
    l = Layout(name)
    ls = [l.layer(d(b"./") + BASE + END)] + [l.layer(f(b"opt/n%d" % i, b"x") + END) for i in range(1, n)]
    if raw is not None:
        b = raw.replace(b"@IDS@", json.dumps([x[1] for x in ls]).encode())
        m = {"schemaVersion": 2, "mediaType": OM, "config": l.desc(b, OC), "layers": [x[0] for x in ls]}
        m.update(man or {})
        e = l.desc(m, OM)
    else:
        e = l.image(ls, config=cfg, manifest=man)
    l.tag(e, "t")
    l.done()


H = lambda *x: [{"created_by": "s%d" % i, **({"empty_layer": True} if e else {})} for i, e in enumerate(x)]
one("history-short", {"history": H(0)})
one("history-long", {"history": H(0, 0, 0, 1)})
one("history-none", {"history": ...})
one("history-null", {"history": None})
one("history-empty", {"history": []})
one("history-all-empty", {"history": H(1, 1, 1)})
one("history-entry-empty", {"history": [{}, {}]})
one("history-null-fields", {"history": [{"created": None, "created_by": None, "empty_layer": None, "comment": None}] * 2})
one("history-null-entry", {"history": [None, {"created_by": "x"}]})
one("no-os-arch", {"os": ..., "architecture": ...})
one("empty-os-arch", {"os": "", "architecture": ""})
one("os-capital", {"os": "Linux", "architecture": "AMD64"})
one("config-null", {"config": None, "created": None, "author": None})
one("created-empty", {"created": ""})
one("created-wrong", {"created": "2024-02-30T00:00:00Z", "history": [{"created": "", "created_by": "a"}, {"created": "2024-02-29T00:00:00.5+01:00", "created_by": "b"}]})
one("created-odd", {"created": "0001-01-01T00:00:00Z"})
one("variant-empty", {"variant": "", "os.version": "", "os.features": None})
one("rootfs-extra", {"rootfs": {"type": "layers", "diff_ids": None}})
one(
    "big-number",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Memory":1e3,"CpuShares":18446744073709551616,"Labels":{"a":"b"}},"rootfs":{"type":"layers","diff_ids":@IDS@},"x":-0.10,"y":1E+2}',
)
one(
    "nul-escape",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Env":["A=\\u0000b"],"Labels":{"k":"v\\u0000"}},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one(
    "lone-surrogate",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Labels":{"desc":"caf\\udce9 \\ud83d"}},"history":[{"created_by":"RUN echo \\ud83d"},{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one(
    "latin1",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Labels":{"desc":"caf\xe9"}},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one("bom", raw=b'\xef\xbb\xbf{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":@IDS@}}')
one(
    "dup-label",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Labels":{"a":"1","a":"2"}},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one(
    "case-twice",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Cmd":["a"]},"Config":{"Cmd":["b"]},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one("case-one", raw=b'{"Architecture":"amd64","OS":"linux","rootfs":{"type":"layers","diff_ids":@IDS@}}')
one(
    "case-label",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Labels":{"Version":"1","version":"2"}},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one("trailing-newline", raw=b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":@IDS@}}\n\n')
one("trailing-nul", raw=b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":@IDS@}}\0')
one(
    "control",
    raw=b'{"architecture":"amd64","os":"linux","config":{"Labels":{"a":"x\ty"}},"rootfs":{"type":"layers","diff_ids":@IDS@}}',
)
one("manifest-extra", man={"subject": None, "annotations": None, "artifactType": ""})
one("annotations-number", man={"annotations": {"n": 1}})
