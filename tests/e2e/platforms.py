#!/usr/bin/env python3
"""Indexes of several platforms as buildx makes them, with attestations, and skopeo's dir: what is written into them and out of
them, checked by skopeo."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "prop"), os.path.join(os.path.dirname(HERE), "corpus", "cases")]
import lamina  # noqa: E402
import lib  # noqa: E402

KEEP = {"lamina": 1, "layers": [{"name": "a", "from": [0]}, {"name": "b", "from": [1]}]}
SAME = {"lamina": 1, "layers": KEEP["layers"] + [{"name": "c", "from": [2]}]}
TOP = {"lamina": 1, "layers": [{"name": "a", "from": [0], "keep": True}, {"name": "rest", "from": "rest"}]}
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
        for name, plan in (("keep", KEEP), ("flat", FLAT), ("three", SAME), ("top", TOP)):
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


# Indexes


def entries(place, reference):
    """The index under the name: image entries by architecture, and the attestations."""
    index = json.loads(place.raw(reference))
    images = {e["platform"]["architecture"]: e for e in index["manifests"] if e["platform"]["os"] != "unknown"}
    return index, images, [e for e in index["manifests"] if e["platform"]["os"] == "unknown"]


def all_unchanged(place):
    """The plan that changes nothing: the same index, to the byte, and its attestations are there."""
    place.fresh("multi")
    for output in ("oci:@/same:v1", "dir:@/same-dir", "oci-archive:@/same.tar:v1"):
        done = place.apply("keep", "oci:@/multi:v1", output, "--platform", "all")
        want(place.raw(output) == place.raw("oci:@/multi:v1"), output + " is another index")
        skopeo("copy", "-q", "--all", place.named(output), "dir:" + place.at("copy" + output.split("@/")[1].replace(":", "-")))
        want(done.stderr.count(b"moved along: attestation") == 2 and PREDICATE.encode() in done.stderr, done.stderr)


def all_are_pulled_alone(place):
    """What a client fetches is of its platform: a limit that each image keeps is kept by all."""
    buildx(place.at("multi"))
    shown = json.loads(lamina.must("inspect", "oci:%s:v1" % place.at("multi"), "--platform", "all", "--json").stdout)["images"]
    most = max(sum(layer["blob_size"] for layer in one["layers"]) for one in shown)
    want(len(shown) == 2, shown)
    lamina.must("inspect", "oci:%s:v1" % place.at("multi"), "--platform", "all", "--max-pull", "%d" % most)
    lamina.must("inspect", "oci:%s:v1" % place.at("multi"), "--platform", "all", "--max-pull", "%d" % (most - 1), exits=(1,))


def all_changed(place):
    place.fresh("multi", kind=lib.OI)
    done = place.apply("flat", "oci:@/multi:v1", "oci:@/out:v1", "--platform", "all", exits=(5,))
    want(b"--drop-attestations" in done.stderr and not os.path.exists(place.at("out")), done.stderr)
    old, before, spoke = entries(place, "oci:@/multi:v1")
    for source, output in (("oci:@/multi:v1", "oci:@/out:v1"), ("oci:@/multi:v1", "dir:@/out-dir"),
                           ("oci:@/multi.tar:v1", "oci-archive:@/out.tar:v1"), ("dir:@/multi-dir", "dir:@/multi-dir")):
        if source.startswith("dir:"):
            skopeo("copy", "-q", "--all", "oci:%s:v1" % place.at("multi"), place.named(source))
        if source.startswith("oci:@/multi.tar"):
            lib.Layout.archive(place.fresh("multi"), place.at("multi.tar"))
            source = "oci-archive:@/multi.tar:v1"
        done = place.apply("flat", source, output, "--platform", "all", "--drop-attestations", "--json")
        told = json.loads(done.stdout)
        index, images, attestations = entries(place, output)
        want(told["index"] == "sha256:" + hashlib.sha256(place.raw(output)).hexdigest(), told)
        want([i["platform"] for i in told["images"]] == ["linux/amd64", "linux/arm64"], told)
        want([(r["kind"], r["digest"], r["fate"]) for r in told["referrers"]] ==
             [("attestation", e["digest"], "dropped") for e in spoke], told["referrers"])
        want(not attestations and index["annotations"] == old["annotations"], index)
        for arch in ("amd64", "arm64"):
            want(images[arch]["digest"] != before[arch]["digest"], "it is not new")
            place.same_tree(output, "oci:@/multi:v1", "linux/" + arch)
        skopeo("copy", "-q", "--all", place.named(output), "dir:" + place.at("copy"))


def foreseen(place):
    """A dry run tells what would go, and refuses what the real one does, in the same words."""
    def told(done):
        return [(r["kind"], r["digest"], r["fate"]) for r in json.loads(done.stdout)["referrers"]]
    place.fresh("multi")
    before, spoke = place.raw("oci:@/multi:v1"), entries(place, "oci:@/multi:v1")[2]
    for output, options, lost in (("oci:@/multi:v1", ["--platform", "linux/arm64"], spoke[1:]), ("oci:@/out:v1", ["--platform", "all"], spoke)):
        real = place.apply("flat", "oci:@/multi:v1", output, *options, exits=(5,))
        done = place.apply("flat", "oci:@/multi:v1", output, "--dry-run", *options, exits=(5,))
        want(done.stderr.splitlines()[-1] == real.stderr.splitlines()[-1] and b"--drop-attestations" in done.stderr, done.stderr)
        want(all(b"dropped: attestation " + e["digest"].encode() in done.stdout for e in lost) and b"new" in done.stdout, done.stdout)
        done = place.apply("flat", "oci:@/multi:v1", output, "--dry-run", "--json", "--drop-attestations", *options)
        want(told(done) == [("attestation", e["digest"], "dropped") for e in lost], done.stdout)
    done = place.apply("keep", "oci:@/multi:v1", "oci:@/out:v1", "--dry-run", "--json", "--platform", "all")
    want(told(done) == [("attestation", e["digest"], "moved") for e in spoke], done.stdout)
    done = place.apply("flat", "oci:@/multi:v1", "oci:@/multi:v2", "--dry-run", "--json", "--platform", "linux/arm64")
    want(told(done) == [] and b"speaks of the source" in done.stderr, done.stdout)
    want(place.raw("oci:@/multi:v1") == before and not os.path.exists(place.at("out")), "something was written")


def partly_changed(place):
    """What is changed for one platform alone leaves the other's image and attestation as they are."""
    layout = lib.Layout(place.at("multi"))
    images = [image(layout, "amd64"), dict(layout.image([layout.layer(lib.BASE + lib.END), layout.layer(lib.f(b"etc/y") + lib.END)],
                                                        arch="arm64"), platform={"os": "linux", "architecture": "arm64"})]
    made = images + [attestation(layout, e["digest"]) for e in images]
    layout.tag(layout.desc({"schemaVersion": 2, "mediaType": lib.OI, "manifests": made}, lib.OI), "v1")
    layout.done()
    with open(place.at("drop"), "w", encoding="ascii") as f:
        json.dump({**KEEP, "assign": [{"path": "/opt/arch", "to": None}]}, f)
    place.apply("drop", "oci:@/multi:v1", "oci:@/multi:v1", "--platform", "all", "--drop-attestations")
    manifests = json.loads(place.raw("oci:@/multi:v1"))["manifests"]
    want(manifests[1:] == [made[1], made[3]] and manifests[0]["digest"] != made[0]["digest"], manifests)


def one_of_an_index(place):
    """One platform into the tag of an index, where it came from and from elsewhere."""
    for source in ("oci:@/multi:v1", "oci:@/other:v1"):
        place.fresh("multi")
        place.fresh("other")
        old, before, spoke = entries(place, "oci:@/multi:v1")
        done = place.apply("flat", source, "oci:@/multi:v1", "--platform", "linux/arm64", exits=(5,))
        want(b"attestation " + spoke[1]["digest"].encode() in done.stderr and b"would be lost" in done.stderr, done.stderr)
        want(place.raw("oci:@/multi:v1") == json.dumps(old).encode(), "something was written")
        place.apply("flat", source, "oci:@/multi:v1", "--platform", "linux/arm64", "--drop-attestations")
        index, images, attestations = entries(place, "oci:@/multi:v1")
        want(images["amd64"] == before["amd64"] and attestations == spoke[:1], index)
        want(images["arm64"]["digest"] != before["arm64"]["digest"] and index["annotations"] == old["annotations"], index)
        place.same_tree("oci:@/multi:v1", "oci:@/other:v1", "linux/arm64")
        skopeo("copy", "-q", "--all", "oci:%s:v1" % place.at("multi"), "dir:" + place.at("copy"))


def one_with_provenance(place):
    """A buildx image of one platform, over its own tag: an index still, less what spoke of the old image."""
    place.fresh("multi", arches=("amd64",))
    place.apply("flat", "oci:@/multi:v1", "oci:@/multi:v1", exits=(5,))
    done = place.apply("flat", "oci:@/multi:v1", "oci:@/multi:v1", "--drop-attestations")
    index, images, attestations = entries(place, "oci:@/multi:v1")
    want(list(images) == ["amd64"] and not attestations and "org.example.who" in index["annotations"], index)
    want(done.stdout.split()[2].decode() == "sha256:" + hashlib.sha256(place.raw("oci:@/multi:v1")).hexdigest(), done.stdout)
    place.fresh("multi", arches=("amd64",))
    place.apply("keep", "oci:@/multi:v1", "oci:@/plain:v1")  # elsewhere: the image alone
    want("layers" in json.loads(place.raw("oci:@/plain:v1")), "it is an index")


def platforms_that_would_be_lost(place):
    place.fresh("multi")
    place.fresh("third", arches=("amd64", "s390x"))
    done = place.apply("flat", "oci:@/third:v1", "oci:@/multi:v1", "--platform", "all", "--drop-attestations", exits=(5,))
    want(b"would be lost" in done.stderr and b"linux/arm64" in done.stderr, done.stderr)
    done = place.apply("flat", "oci:@/multi:v1", "docker-archive:@/x.tar", "--platform", "all", "--drop-attestations", exits=(2,))
    want(b"images of one platform" in done.stderr, done.stderr)
    place.apply("flat", "oci:@/third:v1", "oci:@/multi:v1", "--platform", "linux/s390x")
    want(sorted(entries(place, "oci:@/multi:v1")[1]) == ["amd64", "arm64", "s390x"], place.raw("oci:@/multi:v1"))


def signatures_beside(place):
    """cosign's tags and referrers by subject stand in the layout: told, left, and dropped where that is said."""
    for drop in (False, True):
        layout = lib.Layout(place.at("signed"))
        made = image(layout, "amd64")
        layout.tag(made, "v1")
        blob = layout.desc({"critical": {}}, "application/vnd.dev.cosign.simplesigning.v1+json")
        signature = layout.desc({"schemaVersion": 2, "mediaType": lib.OM, "config": layout.desc({}, lib.OC), "layers": [blob]}, lib.OM)
        layout.tag(signature, made["digest"].replace(":", "-") + ".sig")
        subject = {k: made[k] for k in ("mediaType", "digest", "size")}
        sbom = layout.desc({"schemaVersion": 2, "mediaType": lib.OM, "artifactType": "application/spdx+json", "subject": subject,
                            "config": layout.desc({}, "application/vnd.oci.empty.v1+json"), "layers": [blob]}, lib.OM)
        layout.tag(sbom, None, artifactType="application/spdx+json")
        layout.done()
        shown = json.loads(lamina.must("inspect", "--json", "oci:%s:v1" % place.at("signed")).stdout)["referrers"]
        want([(r["kind"], r["of"]) for r in shown] == [("signature", made["digest"]), ("referrer", made["digest"])], shown)
        checked = lamina.must("check", "oci:%s:v1" % place.at("signed")).stdout
        want(signature["digest"].encode() in checked and sbom["digest"].encode() in checked, checked)
        done = place.apply("flat", "oci:@/signed:v1", "oci:@/signed:v1", *(["--drop-attestations"] if drop else []))
        want(done.stderr.count(b"dropped: " if drop else b"left, and no longer true: ") == 2, done.stderr)
        with open(place.at("signed/index.json"), encoding="utf-8") as f:
            want(len(json.load(f)["manifests"]) == (1 if drop else 3), "what stands beside")


# What another stack makes untrue

UNTRUE = {"org.opencontainers.image.base.name": "debian:12", "org.opencontainers.image.base.digest": "sha256:" + 64 * "a",
          "ostree.final-diffid": "sha256:" + 64 * "b", "com.amazon.soci.index-digest": "sha256:" + 64 * "c"}
TRUE = {"org.opencontainers.image.title": "app", "ostree.bootable": "true", "org.example": "1"}
LABELS = {"io.buildpacks.lifecycle.metadata": "{}", "io.buildpacks.rebasable": "true", "ostree.commit": "x"}
STARGZ = {"containerd.io/snapshot/stargz/toc.digest": "sha256:" + 64 * "d"}


def claims(place):
    """They are named and go with the stack that they are about; what is still true stays, and so do kept descriptors."""
    layout = lib.Layout(place.at("claims"))
    parts = [layout.layer(lib.BASE + lib.END, annotations=STARGZ), layout.layer(lib.f(b"etc/new", b"x") + lib.END, annotations=STARGZ),
             layout.layer(lib.f(b"etc/more", b"x") + lib.END)]
    subject = {"mediaType": lib.OM, "digest": "sha256:" + 64 * "e", "size": 9}
    layout.tag(layout.image(parts, config={"config": {"Labels": {**LABELS, **TRUE}}},
                            manifest={"annotations": {**UNTRUE, **TRUE}, "subject": subject}), "v1", annotations={**UNTRUE, **TRUE})
    layout.done()
    place.apply("three", "oci:@/claims:v1", "oci:@/same:v1")
    want(place.raw("oci:@/same:v1") == place.raw("oci:@/claims:v1"), "the identity is another")
    done = place.apply("top", "oci:@/claims:v1", "oci:@/claims:v1")
    manifest = json.loads(place.raw("oci:@/claims:v1"))
    want(manifest["layers"][0] == parts[0][0] and "annotations" not in manifest["layers"][1], manifest)
    want({k: v for k, v in manifest["annotations"].items() if not k.startswith("dev.lamina.")} == TRUE, manifest)
    want(manifest["subject"] == subject and b"has a subject" in done.stderr, done.stderr)
    config = json.loads(skopeo("inspect", "--config", "--raw", "oci:%s:v1" % place.at("claims")))
    want(config["config"]["Labels"] == TRUE, config)
    with open(place.at("claims/index.json"), encoding="utf-8") as f:
        want(json.load(f)["manifests"][0]["annotations"] == {**TRUE, lib.REF: "v1"}, "the entry of the index")
    for key in [*UNTRUE, *LABELS, *STARGZ]:
        want(b"note: " + key.encode() + b" goes: " in done.stderr, "%s: %r" % (key, done.stderr))


CHECKS = [claims, from_dir, to_dir, all_unchanged, all_are_pulled_alone, all_changed, foreseen, partly_changed, one_of_an_index, one_with_provenance,
          platforms_that_would_be_lost, signatures_beside]


def main():
    return lamina.run_checks("platforms", CHECKS, place=Place)


if __name__ == "__main__":
    sys.exit(main())
