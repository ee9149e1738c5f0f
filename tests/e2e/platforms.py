#!/usr/bin/env python3
"""Indexes of several platforms as buildx makes them, with attestations, and skopeo's dir: what is written into them and out of
them, checked by skopeo."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "prop"), os.path.join(os.path.dirname(HERE), "corpus", "cases")]
import lamina  # noqa: E402
import lib  # noqa: E402

KEEP = {"lamina": 1, "layers": [{"name": "a", "from": [0]}, {"name": "b", "from": [1]}]}
FLAT = {"lamina": 1, "layers": [{"name": "all", "from": "rest"}]}
PREDICATE = "https://slsa.dev/provenance/v0.2"


def skopeo(*words):
    done = subprocess.run(["skopeo", "--insecure-policy", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    want(done.returncode == 0, "skopeo %r: %s" % (words, done.stderr.decode()))
    return done.stdout


def want(condition, why):
    if not condition:
        raise lamina.Failure(str(why))


def attestation(layout, of):
    """As BuildKit writes one."""
    statement = layout.desc({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": PREDICATE, "subject": [{"digest": of}]},
                            "application/vnd.in-toto+json", annotations={"in-toto.io/predicate-type": PREDICATE})
    config = layout.desc({"architecture": "unknown", "os": "unknown", "config": {},
                          "rootfs": {"type": "layers", "diff_ids": [statement["digest"]]}}, lib.OC)
    made = layout.desc({"schemaVersion": 2, "mediaType": lib.OM, "config": config, "layers": [statement]}, lib.OM)
    return dict(made, annotations={"vnd.docker.reference.digest": of, "vnd.docker.reference.type": "attestation-manifest"},
                platform={"architecture": "unknown", "os": "unknown"})


def image(layout, arch, **more):
    tars = [lib.d(b"./") + lib.BASE + lib.f(b"opt/arch", arch.encode() * 1000) + lib.END,
            lib.f(b"etc/new", b"x" + arch.encode()) + lib.END]
    return dict(layout.image([layout.layer(t) for t in tars], arch=arch, **more), platform={"os": "linux", "architecture": arch})


def buildx(folder, arches=("amd64", "arm64"), attested=True, tag="v1", kind=lib.OI):
    """What `buildx build --provenance --output type=oci` makes."""
    layout = lib.Layout(folder)
    entries = [image(layout, arch) for arch in arches]
    entries += [attestation(layout, e["digest"]) for e in entries if attested]
    layout.tag(layout.desc({"schemaVersion": 2, "mediaType": kind, "manifests": entries, "annotations": {"org.example.who": "ci"}},
                           kind), tag)
    layout.done()
    return layout


class Place:
    def __init__(self, folder):
        self.folder = folder
        for name, plan in (("keep", KEEP), ("flat", FLAT)):
            with open(self.at(name), "w", encoding="ascii") as f:
                json.dump(plan, f)

    def at(self, name):
        return os.path.join(self.folder, name)

    def named(self, reference):
        return reference.replace("@/", self.folder + "/")

    def fresh(self, name, **options):
        shutil.rmtree(self.at(name), ignore_errors=True)
        return buildx(self.at(name), **options)

    def apply(self, plan, source, output, *options, exits=(0,)):
        return lamina.must("apply", self.at(plan), self.named(source), self.named(output), *options, exits=exits)

    def raw(self, reference):
        return skopeo("inspect", "--raw", self.named(reference))

    def same_tree(self, a, b, platform="linux/amd64"):
        lamina.must("diff", self.named(a), self.named(b), "--platform", platform)


# skopeo's dir:


def from_dir(place):
    place.fresh("multi")
    skopeo("copy", "-q", "oci:%s:v1" % place.at("multi"), "dir:" + place.at("one"))
    skopeo("copy", "-q", "--all", "oci:%s:v1" % place.at("multi"), "dir:" + place.at("all"))
    for reference in ("dir:@/one", "@/one", "dir:@/all"):
        place.same_tree(reference, "oci:@/multi:v1")
    place.same_tree("dir:@/all", "oci:@/multi:v1", "linux/arm64")
    done = lamina.run("inspect", "dir:" + place.at("one"), "--platform", "linux/s390x")
    want(done.returncode == 3 and b"takes one of: linux/amd64" in done.stderr, done.stderr)
    with open(place.at("one/version"), "w", encoding="ascii") as f:
        f.write("Directory Transport Version: 2.0\n")
    done = lamina.run("inspect", "dir:" + place.at("one"))
    want(done.returncode == 3 and b"1.1 is" in done.stderr, done.stderr)


def to_dir(place):
    place.fresh("multi")
    place.apply("flat", "oci:@/multi:v1", "dir:@/out", "--platform", "linux/amd64")
    skopeo("copy", "-q", "dir:" + place.at("out"), "oci:%s:x" % place.at("back"))
    place.same_tree("oci:@/back:x", "oci:@/multi:v1")
    place.apply("keep", "oci:@/multi:v1", "dir:@/same", "--platform", "linux/amd64")
    entry = json.loads(place.raw("oci:@/multi:v1"))["manifests"][0]
    want("sha256:" + hashlib.sha256(place.raw("dir:@/same")).hexdigest() == entry["digest"], "the identity is another manifest")
    place.apply("flat", "dir:@/out", "dir:@/out")  # over itself
    place.same_tree("dir:@/out", "oci:@/multi:v1")
    os.makedirs(place.at("other"))
    with open(place.at("other/file"), "w", encoding="ascii"):
        pass
    done = place.apply("flat", "oci:@/multi:v1", "dir:@/other", "--platform", "linux/amd64", exits=(5,))
    want(b"with other things in it" in done.stderr, done.stderr)
    want(os.listdir(place.at("other")) == ["file"], "it was written to")


CHECKS = [from_dir, to_dir]


def main():
    failures = []
    for check in CHECKS:
        with tempfile.TemporaryDirectory(prefix="lamina-platforms.") as folder:
            try:
                check(Place(folder))
            except (lamina.Failure, subprocess.TimeoutExpired) as failure:
                failures.append((check.__name__, failure))
    return lamina.conclude("platforms", len(CHECKS) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
