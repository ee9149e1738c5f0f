#!/usr/bin/env python3
"""A small image with what goes wrong in big ones: a folder that was copied to change its owner, a cache and a secret
that a later layer deletes, symlinks that lead nowhere.

    sample.py FOLDER        makes an OCI layout, tag latest
"""
import random
import sys

import generate
import oci
import tarmake


def noise(name, size):
    """Bytes that do not compress, the same every time."""
    return random.Random(name).randbytes(size)


def folder(name, **fields):
    return tarmake.plain("dir", name.encode() + b"/", **fields)


def file(name, data, **fields):
    return tarmake.plain("file", name.encode(), data if isinstance(data, bytes) else data.encode(), **fields)


def symlink(name, target):
    return tarmake.plain("symlink", name.encode(), target=target.encode())


def gone(name):
    return file(name, b"", mode=0)


def system():
    return [folder("."), folder("etc"), file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"),
            symlink("bin", "usr/bin"), symlink("lib", "usr/lib"), folder("root", mode=0o700),
            folder("tmp", mode=0o1777), folder("usr"), folder("usr/bin"),
            file("usr/bin/sh", noise("sh", 90000), mode=0o755), file("usr/bin/perl", noise("perl", 150000), mode=0o755),
            tarmake.plain("link", b"usr/bin/perl5.36.0", target=b"usr/bin/perl", mode=0o755),
            file("usr/bin/passwd", noise("passwd", 20000), mode=0o4755),
            file("usr/bin/ping", noise("ping", 30000), mode=0o755,
                 records={b"SCHILY.xattr.security.capability": generate.CAPABILITY}),
            folder("usr/lib"), file("usr/lib/libc.so.6", noise("libc", 200000), mode=0o755), folder("usr/share"),
            folder("usr/share/doc"), folder("usr/share/doc/apt"), file("usr/share/doc/apt/copyright", "free\n" * 200),
            symlink("usr/share/doc/apt/NEWS.Debian.gz", "../../missing"), symlink("usr/share/doc/loop", "loop"),
            symlink("usr/share/doc/outside", "../../../../../../etc/passwd"), folder("var"), folder("var/cache"),
            folder("var/cache/apt"), file("var/cache/apt/pkgcache.bin", noise("pkgcache", 400000))]


def packages():
    return [folder("usr"), folder("usr/lib"), folder("usr/lib/python3"),
            symlink("usr/lib/libpython.so", "libpython.so.3"),
            file("usr/lib/libpython.so.3", noise("python", 300000)),
            file("usr/lib/python3/os.py", "import sys\n" * 900),
            folder("var"), folder("var/cache"), folder("var/cache/apt"),
            file("var/cache/apt/pkgcache.bin", noise("pkgcache 2", 450000)), folder("var/cache/apt/archives"),
            file("var/cache/apt/archives/python3.deb", noise("deb", 250000))]


def application(owner):
    top = [folder("opt"), folder("opt/app", uid=owner, gid=owner), folder("opt/app/static", uid=owner, gid=owner)]
    files = [("opt/app/main.py", b"print('hello')\n"), ("opt/app/model.bin", noise("model", 700000)),
             ("opt/app/static/caf\u00e9.css", b"body {}\n"),
             ("opt/app/static/app.js", noise("js", 120000).hex().encode())]
    return top + [file(name, data, uid=owner, gid=owner) for name, data in files]


STEPS = [
    ("ADD rootfs.tar / # buildkit", system()),
    ("RUN apt-get install -y python3 # buildkit", packages()),
    ("COPY app /opt/app # buildkit",
     application(0) + [folder("root", mode=0o700), file("root/.netrc", "password secret\n", mode=0o600)]),
    ("RUN chown -R 1000:1000 /opt/app # buildkit", application(1000)),
    ("RUN rm -rf /var/cache/apt /root/.netrc # buildkit",
     [folder("var"), folder("var/cache"), gone("var/cache/.wh.apt"), folder("root", mode=0o700),
      gone("root/.wh..netrc")]),
]


def make(where):
    history = [{"created": "2024-05-06T07:08:09Z", "created_by": command} for command, _ in STEPS]
    history.append({"created": "2024-05-06T07:08:10Z", "created_by": 'CMD ["python3" "/opt/app/main.py"]',
                    "empty_layer": True})
    config = {"created": "2024-05-06T07:08:10Z", "history": history,
              "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["python3", "/opt/app/main.py"], "User": "1000:1000",
                         "WorkingDir": "/opt/app"}}
    oci.write_layout(where, [(tarmake.tar(entries), "gzip", 1) for _, entries in STEPS], config, tag="latest")


if __name__ == "__main__":
    make(sys.argv[1])
