#!/usr/bin/env python3
"""Times that are set back: what did not change between two builds keeps its layer, and nothing but times changes.

    times.py
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import reference  # noqa: E402
from tarmake import plain, tar  # noqa: E402

EPOCH = 1767225600
CLAMP = "2026-01-01T00:00:00Z"
OLD = 1600000000


def build(folder, when, app):
    """An image of a base that is older than any build, of packages that are installed by each, and of an application."""
    base = [plain("dir", b"etc/", mtime_s=OLD), plain("file", b"etc/issue", b"base\n", mtime_s=OLD)]
    packages = [plain("dir", b"usr/", mtime_s=when), plain("dir", b"usr/lib/", mtime_s=when + 1, mtime_ns=5)]
    packages += [plain("file", b"usr/lib/%03d" % n, b"library %d" % n * 99, mtime_s=OLD) for n in range(40)]
    packages += [plain("file", b"usr/lib/index", b"made", mtime_s=when), plain("link", b"usr/lib/again", target=b"usr/lib/index",
                                                                            mtime_s=when)]
    upper = [plain("dir", b"opt/", mtime_s=when), plain("file", b"opt/app", app, mtime_s=when + 9)]
    stamp = "2026-0%d-01T00:00:00Z" % (when // 2000000 % 9 + 1)
    oci.write_layout(folder, [(tar(part, "pax"), "gzip", 1) for part in (base, packages, upper)],
                     {"created": stamp, "history": [{"created": "2020-09-13T12:26:40Z"}, {"created": stamp}, {"created": stamp}]})
    return "oci:%s:t" % folder


def apply(plan, image, out, *options, env=None):
    done = lamina.must("apply", "-", image, out, "--json", *options, stdin=json.dumps(plan).encode(), env=env)
    return json.loads(done.stdout)


def plan(**more):
    return {"lamina": 1, "layers": [{"name": "base", "from": [0]}, {"name": "packages", "from": [1]},
                                    {"name": "app", "from": "rest"}], **more}


def need(what, *about):
    if not what:
        raise lamina.Failure("; ".join(repr(a) for a in about) or "not so")


def two_builds(folder):
    """The packages' layer has one digest, however they are compressed, and the base's blob stays."""
    one = build(folder + "/one", EPOCH + 3000000, b"version one")
    two = build(folder + "/two", EPOCH + 9000000, b"version two")
    for ways in ("none", "gzip", "zstd"):
        clamped = plan(times={"clamp": CLAMP}, compression=ways)
        a, b = (apply(clamped, image, "oci:%s/%s:%s" % (folder, name, ways))
                for image, name in ((one, "a"), (two, "b")))
        need([layer["fate"] for layer in a["layers"]] == ["kept", "rewritten", "rewritten"], a)
        need(a["layers"][1]["reason"] == "3 of its times are later than %s" % CLAMP, a["layers"][1])
        need(a["clamped"] == b["clamped"] == 6, a, b)
        need([x["digest"] == y["digest"] for x, y in zip(a["layers"], b["layers"])] == [True, True, False], a, b)
    kept = [apply(plan(), image, "oci:%s/kept:%s" % (folder, name)) for image, name in ((one, "a"), (two, "b"))]
    need(kept[0]["clamped"] == 0 and kept[0]["manifest"] == oci.Image(folder + "/one").manifest_digest, kept[0])
    need(kept[0]["layers"][1]["digest"] != kept[1]["layers"][1]["digest"], kept)


def only_times(folder):
    """What differs is later times, by the reference and by `diff`; and the documents' times."""
    image = build(folder + "/one", EPOCH + 3000000, b"one")
    apply(plan(times={"clamp": CLAMP}), image, "oci:%s/out" % folder)
    source, out = (oci.Image(folder + name) for name in ("/one", "/out"))
    before, after = reference.merge(source.layers), reference.merge(out.layers)
    for path, entry in before.items():
        if entry["mtime_s"] >= EPOCH:
            entry["mtime_s"], entry["mtime_ns"] = EPOCH, 0
    need(before == after, before, after)
    need(out.config["created"] == CLAMP and [h["created"] for h in out.config["history"]] == ["2020-09-13T12:26:40Z", CLAMP, CLAMP],
         out.config)
    both = (image, "oci:%s/out" % folder)
    done = lamina.run("diff", *both, "--json")
    need(done.returncode == 1 and len(json.loads(done.stdout)["differences"]) == 6, done.stdout)
    need(all(d["what"] == ["time"] for d in json.loads(done.stdout)["differences"]), done.stdout)
    lamina.must("diff", *both, "--clamp-times", env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    need(lamina.run("diff", *both, "--clamp-times", env={"SOURCE_DATE_EPOCH": str(EPOCH + 1)}).returncode == 1)


def by_environment(folder):
    """SOURCE_DATE_EPOCH and --clamp-times are the same as a plan that says so, and win over it."""
    image = build(folder + "/one", EPOCH + 3000000, b"one")
    env = {"SOURCE_DATE_EPOCH": str(EPOCH)}
    said = apply(plan(times={"clamp": CLAMP}), image, "oci:%s/said" % folder, env=env)
    for more in ({}, {"times": "keep"}, {"times": {"clamp": "2026-01-15T00:00:00Z"}}):
        asked = apply(plan(**more), image, "oci:%s/asked" % folder, "--clamp-times", env=env)
        need(asked["manifest"] == said["manifest"], more, asked, said)
    without = apply(plan(), image, "oci:%s/without" % folder, env=env)
    need(without["manifest"] == oci.Image(folder + "/one").manifest_digest and without["clamped"] == 0, without)
    done = lamina.run("apply", "-", image, "oci:%s/no" % folder, "--clamp-times", stdin=json.dumps(plan()).encode())
    need(done.returncode == 2 and b"--clamp-times needs SOURCE_DATE_EPOCH" in done.stderr, done)


def is_shown(folder):
    """The dry run and the summary say it; what must stay as it is does not."""
    image = build(folder + "/one", EPOCH + 3000000, b"one")
    clamped = json.dumps(plan(times={"clamp": CLAMP, "note": "of the last release"})).encode()
    done = lamina.must("apply", "-", image, "oci:%s/out" % folder, "--dry-run", stdin=clamped)
    need(b"SET BACK to 2026-01-01T00:00:00Z: the times of 6 paths" in done.stdout, done.stdout)
    strict = plan(times={"clamp": CLAMP})
    strict["layers"][1]["keep"] = True
    done = lamina.run("apply", "-", image, "oci:%s/out" % folder, stdin=json.dumps(strict).encode())
    need(done.returncode == 4 and b'"packages" (keep: true) cannot stay as it is: 3 of its times are later' in done.stderr, done)
    for wrong in ("now", {"clamp": 5}, {"clamp": "2026-01-01"}, {"clamp": "1969-12-31T23:59:59Z"}, {"clamp": CLAMP[:-1] + ".5Z"}, {}):
        done = lamina.run("apply", "-", image, "oci:%s/out" % folder, stdin=json.dumps(plan(times=wrong)).encode())
        need(done.returncode == 4 and b"times" in done.stderr, wrong, done)


def is_reused(folder):
    """What was written before is found by a later build, and written again where the time is another."""
    one = build(folder + "/one", EPOCH + 3000000, b"version one")
    two = build(folder + "/two", EPOCH + 9000000, b"version two")
    out = "oci:%s/out" % folder
    reused = [[layer.get("reused") for layer in apply(plan(times={"clamp": clamp}), image, out)["layers"]]
              for image, clamp in ((one, CLAMP), (two, CLAMP), (two, "2026-01-02T00:00:00Z"))]
    need(reused == [[None, False, False], [None, True, False], [None, False, False]], reused)


def main():
    return lamina.run_checks("times", (two_builds, only_times, by_environment, is_shown, is_reused))


if __name__ == "__main__":
    sys.exit(main())
