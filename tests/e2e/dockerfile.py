#!/usr/bin/env python3
"""Plans from Dockerfiles: the one that the project began with, and the one that names each folder at the top.

    dockerfile.py
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import reference  # noqa: E402
import sample  # noqa: E402
from tarmake import plain, tar  # noqa: E402

BEGAN = b"""FROM debian AS base
RUN apt-get update

FROM scratch AS final
COPY --from=base --exclude=/opt / /
COPY --from=base /opt /opt
"""
TOP = "bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys usr var".split()


def need(what, *about):
    if not what:
        raise lamina.Failure("; ".join(repr(a) for a in about) or "not so")


def began(folder):
    """The same bytes as --flatten --split /opt, links and directories as they are."""
    image = "oci:" + folder + "/app"
    sample.make(folder + "/app")
    written = []
    for name, args, stdin in (("a", ("--dockerfile", "-"), BEGAN), ("b", ("--flatten", "--split", "/opt"), b"")):
        plan = lamina.must("plan", image, *args, stdin=stdin).stdout
        lamina.must("apply", "-", image, "oci:%s/%s:t" % (folder, name), stdin=plan)
        written.append(oci.Image(folder + "/" + name).manifest_digest)
    need(written[0] == written[1], written)
    lamina.must("diff", image, "oci:%s/a:t" % folder)


def each_folder(folder):
    """18 folders are 18 layers; names that no line has are told, and are not in the image."""
    entries = [plain("dir", name.encode() + b"/") for name in TOP if name not in ("bin", "lib")]
    entries += [plain("symlink", b"bin", target=b"usr/bin"), plain("symlink", b"lib", target=b"usr/lib")]
    entries += [plain("file", b"usr/bin/" + name.encode(), name.encode()) for name in TOP]
    entries += [plain("dir", b"tmp/", mode=0o1777), plain("file", b"init", b"x"), plain("file", b"root/deep/er", b"x")]
    oci.write_layout(folder + "/in", [(tar(entries), "gzip", 1)])
    image = "oci:" + folder + "/in:t"
    with open(folder + "/Dockerfile", "w", encoding="ascii") as out:
        out.write("FROM scratch\n" + "".join("COPY --from=app /%s /%s\n" % (name, name) for name in TOP))
    done = lamina.must("plan", image, "--dockerfile", folder + "/Dockerfile", "-o", folder + "/plan")
    need(b"no line takes /init, /tmp: left out of the image" in done.stderr, done.stderr)
    lamina.must("apply", folder + "/plan", image, "oci:%s/out:t" % folder)
    before, after = (reference.merge(oci.Image(folder + name).layers) for name in ("/in", "/out"))
    need(len(oci.Image(folder + "/out").layers) == 18)
    for path in (b"/init", b"/tmp"):
        before.pop(path)
    need({p: {**e, "layer": 0} for p, e in after.items()} == before, before, after)


def is_named(folder):
    """All that cannot be a plan, each with its line; and the command line."""
    sample.make(folder + "/app")
    image = "oci:" + folder + "/app"
    done = lamina.run("plan", image, "--dockerfile", "-", stdin=BEGAN + b"RUN true\nCOPY --from=other /etc /etc\n")
    said = done.stderr.decode()
    need(done.returncode == 4 and not done.stdout, done)
    need("\nlamina: -:7: RUN makes" in said and "\nlamina: -:8: copies from \"other\", and line 5 from \"base\"" in said, said)
    for args, why in ((("--dockerfile", "-", "--flatten"), "--flatten is not for it"), (("--target", "x"), "--target is a stage")):
        done = lamina.run("plan", image, *args, stdin=BEGAN)
        need(done.returncode == 2 and why in done.stderr.decode(), done)
    done = lamina.must("plan", image, "--dockerfile", "-", "--target", "0", stdin=b"FROM scratch\nCOPY --from=x / /\nFROM y\n")
    need([layer["name"] for layer in json.loads(done.stdout)["layers"]] == ["rest"], done.stdout)
    done = lamina.run("plan", image, "--dockerfile", folder + "/none")
    need(done.returncode == 4 and b"none: " in done.stderr, done)


def main():
    return lamina.run_checks("dockerfile", (began, each_folder, is_named))


if __name__ == "__main__":
    sys.exit(main())
