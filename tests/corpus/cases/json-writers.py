r"""JSON as other languages write it: Swift escapes slashes (apple/container), pretty printing with tabs and CRLF, \u escapes for plain letters, keys in any order, HTML escapes of Go."""
from lib import *


def one(name, enc, index=None):
    l = Layout(name)
    a = l.layer(d(b"./") + BASE + END)
    b = l.layer(f(b"opt/b", b"b") + END)
    c = config(
        [d(b"./") + BASE + END, f(b"opt/b", b"b") + END],
        config={"Cmd": ["/bin/sh", "-c", 'a && b > "c" \u2028 \U0001f600 é'], "Labels": {"url": "https://example.com/a/b"}},
    )
    cd = l.desc(enc(c), OC)
    m = l.desc(
        enc(
            {"schemaVersion": 2, "mediaType": OM, "config": cd, "layers": [a[0], b[0]], "annotations": {"org.example/x": "a/b"}}
        ),
        OM,
    )
    open(name + "/index.json", "wb").write(
        enc(
            {
                "schemaVersion": 2,
                "mediaType": OI,
                "manifests": [
                    dict(
                        m,
                        annotations={
                            REF: "gh" "cr.io/team/app:1.0",
                            "com.apple.containerization.image.name": "gh" "cr.io/team/app:1.0",
                        },
                        platform={"os": "linux", "architecture": "amd64"},
                    )
                ],
            }
        )
    )
    open(name + "/oci-layout", "wb").write(enc({"imageLayoutVersion": "1.0.0"}))


J = lambda o, **k: json.dumps(o, **k)
one("pretty-crlf", lambda o: J(o, indent="\t", ensure_ascii=False).replace("\n", "\r\n").encode() + b"\r\n")
one("ascii", lambda o: J(o).encode())
one(
    "go-html",
    lambda o: J(o, ensure_ascii=False, separators=(",", ":"))
    .replace("&", "\\u0026")
    .replace("<", "\\u003c")
    .replace(">", "\\u003e")
    .encode()
    + b"\n",
)
one("u-escapes", lambda o: J(o).replace("media", "m\\u0065dia").replace("digest", "dig\\u0065st").encode())
one("sorted", lambda o: J(o, sort_keys=True).encode())
