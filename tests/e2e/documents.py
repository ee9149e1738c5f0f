#!/usr/bin/env python3
"""Images whose documents (index, manifest, config) are those of public bug reports: each is read and written as its row says.

tests/corpus/cases/CASE.py makes the images of a case in the folder that it runs in. A row names an image and says
READ, or what the line of its refusal matches; more checks of what was written may follow.

documents.py [CASE...]
"""
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(HERE), "corpus", "cases")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402

SKOPEO = shutil.which("skopeo")


def blob(layout, digest):
    with open(os.path.join(layout, "blobs", *digest.split(":")), "rb") as f:
        return json.load(f)


def documents(layout, tag):
    """The manifest and the config of an image of a layout."""
    with open(os.path.join(layout, "index.json"), "rb") as f:
        entry = [e for e in json.load(f)["manifests"] if e.get("annotations", {}).get(REF) == tag][0]
    manifest = blob(layout, entry["digest"])
    return entry, manifest, blob(layout, manifest["config"]["digest"])


REF = "org.opencontainers.image.ref.name"


def need(true, why):
    if not true:
        raise lamina.Failure(why)


# What is looked for in an output: each takes the image, the layout and the tag of the flattened image.


def history_fits(image, layout, tag):
    _, manifest, config = documents(layout, tag)
    entries = [h for h in config["history"] if not h.get("empty_layer")]
    need(len(entries) == len(manifest["layers"]), "%d entries for %d layers" % (len(entries), len(manifest["layers"])))


def says_history(image, layout, tag):
    """Said where it changes; and what was said stays."""
    plan = lamina.must("plan", "--flatten", image).stdout
    done = lamina.must("apply", "--dry-run", "-", image, "oci:%s:dry" % layout, stdin=plan)
    need(b"each layer gets a new one" in done.stderr + done.stdout, "the new history is not said")


def tells_no_step(image, layout, tag):
    """Whose the entries are nobody knows, so no layer is said to be made by one."""
    listed = lamina.must("inspect", image).stdout
    need(b"none is shown" in listed, "that there is no step is not said: %r" % listed)
    need(b"COPY" not in listed and b"ADD file" not in listed, "a layer is said to be made by another's step: %r" % listed)


def says_no_history(image, layout, tag):
    done = lamina.must("check", image)
    need(b"the config has no history" in done.stdout + done.stderr, "that there is no history is not said: %r" % done.stdout)


def becomes_oci(image, layout, tag):
    """zstd in an image of Docker's types makes all of it OCI's, and that is said."""
    plan = json.loads(lamina.must("plan", "--split", "/opt", image).stdout)
    plan["layers"][-1]["compression"] = "zstd:3"
    done = lamina.must("apply", "-", image, "oci:%s:zstd" % layout, stdin=json.dumps(plan).encode())
    need(b"the new manifest is OCI's" in done.stderr, "that it becomes OCI's is not said")
    entry, manifest, _ = documents(layout, "zstd")
    types = [entry["mediaType"], manifest["mediaType"], manifest["config"]["mediaType"]] + [x["mediaType"] for x in manifest["layers"]]
    need(all(t.startswith("application/vnd.oci.image.") for t in types), "types are %s" % types)
    copies("oci:%s:zstd" % layout)


def stays_docker(image, layout, tag):
    entry, manifest, _ = documents(layout, tag)
    types = [entry["mediaType"], manifest["mediaType"]] + [x["mediaType"] for x in manifest["layers"]]
    need(all(t.startswith("application/vnd.docker.") for t in types), "types are %s" % types)


def keeps(*texts):
    """Texts that the new config has as they were spelled."""

    def check(image, layout, tag):
        _, manifest, _ = documents(layout, tag)
        with open(os.path.join(layout, "blobs", *manifest["config"]["digest"].split(":")), "rb") as f:
            config = f.read().decode()
        for text in texts:
            need(text in config, "the new config has no %s: %s" % (text, config))

    return check


def takes_docker_archive(image, plan, layout, exits):
    out = "docker-archive:%s.tar:example.test/x:1" % layout
    done = lamina.must("apply", "-", image, out, stdin=lamina.must("plan", image, *plan).stdout, exits=(exits,))
    if exits == 0:
        copies(out)
        os.unlink(layout + ".tar")
    return done.stderr


def created_is_repaired(image, layout, tag):
    """Times that are none are told, not written anew, and not given to Docker, which would not read the image."""
    need(b"created: the config says a time" in lamina.must("check", image).stdout, "nothing is said")
    _, _, config = documents(layout, tag)
    said = [e["created"] for e in [config] + config["history"] if "created" in e]
    need(not said or said == ["2024-02-29T00:00:00.5+01:00"], "the new config says %s" % said)
    need(b"a time of creation that is none" in takes_docker_archive(image, [], layout, 5), "why is not said")
    takes_docker_archive(image, ["--flatten"], layout, 0)


def created_stays(image, layout, tag):
    need(documents(layout, tag)[2]["created"] == "0001-01-01T00:00:00Z", "the time is another")
    takes_docker_archive(image, [], layout, 0)


def says_sha512(image, layout, tag):
    """What other readers make of such names is told, and nothing that is written anew has one."""
    need(b"sha512: " in lamina.must("check", image).stdout, "nothing is said")
    plan = json.loads(lamina.must("plan", image).stdout)
    for layer in plan["layers"]:
        layer["rewrite"] = True
    lamina.must("apply", "-", image, "oci:%s:anew" % layout, stdin=json.dumps(plan).encode())
    need(b"sha512: " not in lamina.must("check", "oci:%s:anew" % layout).stdout, "it is said of the output too")
    copies("oci:%s:anew" % layout)


def says_no_platform(image, layout, tag):
    """containerd passes over what is for a platform whose name is empty."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as index:
        entries = json.load(index)["manifests"]
    need(all("platform" not in e for e in entries), "the index says %r" % entries)


def layers(count):
    def check(image, layout, tag):
        got = json.loads(lamina.must("inspect", "--json", image).stdout)["layers"]
        need(len(got) == count, "%d layers, not %d" % (len(got), count))

    return check


def archives(image, layout, tag):
    """The image as it is, through archives of both kinds."""
    plan = lamina.must("plan", image).stdout
    want = json.loads(lamina.must("inspect", "--json", image).stdout)
    for out in ("oci-archive:%s.tar:t" % layout, "docker-archive:%s.tar:example.test/x:1" % layout):
        if os.path.exists(layout + ".tar"):
            os.unlink(layout + ".tar")
        lamina.must("apply", "-", image, out, stdin=plan)
        got = json.loads(lamina.must("inspect", "--json", out).stdout)
        need([want[k] for k in ("manifest", "config")] == [got[k] for k in ("manifest", "config")], "another image in " + out)


def copies(image):
    if not SKOPEO:
        return
    with tempfile.TemporaryDirectory(prefix="lamina-documents.") as scratch:
        done = subprocess.run([SKOPEO, "copy", "-q", "--insecure-policy", image, "dir:" + scratch], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        need(done.returncode == 0, "skopeo: %s" % done.stdout.decode())


READ = "read"

CASES = {
    "config-forms": {
        "oci:annotations-number:t": [r"annotations\.n: expected a string"],
        "oci:big-number:t": [READ, keeps('"Memory":1e3,"CpuShares":18446744073709551616', '"x":-0.10,"y":1E+2')],
        "oci:bom:t": [r"config:1:1: begins with a byte order mark"],
        "oci:case-label:t": [READ],
        "oci:case-one:t": [r"Architecture: readers that do not mind case"],
        "oci:case-twice:t": [r"Config: a key that the object has already in another case"],
        "oci:config-null:t": [READ],
        "oci:control:t": [r"config:1:\d+: control character"],
        "oci:created-empty:t": [READ, created_is_repaired],
        "oci:created-wrong:t": [READ, created_is_repaired],
        "oci:created-odd:t": [READ, created_stays],
        "oci:dup-label:t": [r"config:1:68: a key that the object has already"],
        "oci:empty-os-arch:t": [READ, says_no_platform],
        "oci:history-all-empty:t": [READ, history_fits, says_history],
        "oci:history-empty:t": [READ, history_fits],
        "oci:history-entry-empty:t": [READ, history_fits],
        "oci:history-long:t": [READ, history_fits, says_history],
        "oci:history-none:t": [READ, says_no_history],
        "oci:history-null:t": [READ, says_no_history],
        "oci:history-null-entry:t": [READ, history_fits],
        "oci:history-null-fields:t": [READ, history_fits],
        "oci:history-short:t": [READ, history_fits, says_history],
        "oci:latin1:t": [r"config:1:68: a byte that is not UTF-8"],
        "oci:lone-surrogate:t": [r"config:1:82: half of a surrogate pair"],
        "oci:manifest-extra:t": [READ],
        "oci:no-os-arch:t": [READ],
        "oci:nul-escape:t": [READ, keeps('"A=\\u0000b"', '"v\\u0000"')],
        "oci:os-capital:t": [READ],
        "oci:rootfs-extra:t": [r"lists 0 diff_ids for 2 layers"],
        "oci:trailing-newline:t": [READ],
        "oci:trailing-nul:t": [r"config:1:\d+: something stands behind the end"],
        "oci:variant-empty:t": [READ],
    },
    "config-media-types": {
        "oci:docker-in-oci-oci:t": [READ],
        "oci:octet-docker:t": [READ, stays_docker],
        "oci:json-docker:t": [READ, stays_docker],
        "oci:html-docker:t": [READ, stays_docker],
        "oci:plain-docker:t": [READ, stays_docker],
        "oci:blank-docker:t": [READ, stays_docker],
        "oci:blank-oci:t": [r'config: media type "" is not a container image'],
        "oci:octet-oci:t": [r"this is another kind of artifact"],
        "oci:docker-plugin-docker:t": [r"this is another kind of artifact"],
    },
    "digest-sha512": {
        "oci:all:t": [READ, archives, says_sha512],
        "oci:layer:t": [READ, archives, says_sha512],
        "oci:manifest:t": [READ, archives, says_sha512],
        "oci:sha384:t": [r"layers\[0\]\.digest: digest sha384:\w+ cannot be verified"],
    },
    "docker-save-shapes": {
        "v25-0-0-no-layers.tar": [READ, layers(2)],
        "v25-0-0-layers-empty.tar": [READ, layers(2)],
        "v25.tar": [READ, layers(2)],
        "by-id.tar": [READ, layers(2)],
        "v29.tar": [READ, layers(2)],
        "dot.tar": [READ],
        "v20-links.tar": [READ, layers(3)],
        "hardlinks.tar": [READ, layers(3)],
        "v25.tar.gz": [READ],
        "docker-archive:two-tags.tar:app:1": [READ],
    },
    "docker-typed-zstd": {
        "oci:gzip:t": [READ, stays_docker, becomes_oci],
        "oci:plain:t": [READ, stays_docker, becomes_oci],
        "oci:zstd:t": [READ, becomes_oci],
    },
    "history-short": {
        "oci:nix-base:t": [READ, history_fits, says_history, tells_no_step, keeps("COPY app /app")],
        "oci:spec-example:t": [READ, history_fits, says_history, tells_no_step, keeps("ADD file:a in /", '"CMD [\\"sh\\"]"')],
        "oci:long:t": [READ, history_fits, says_history],
    },
    "json-nulls": {
        "oci:manifest-annotations:t": [READ],
        "oci:manifest-all:t": [READ],
        "oci:config-all:t": [READ],
        "oci:layer-annotations:t": [READ],
        "oci:index-entry:t": [READ],
        "oci:index-top:t": [READ],
        "oci:index-entry-annotations": [READ],
        "oci:manifest-annotations-empty:t": [READ],
        "oci:rootfs:t": [r"lists 1 diff_ids for 2 layers"],
    },
    "json-writers": {
        "oci:pretty-crlf": [READ],
        "oci:ascii": [READ],
        "oci:go-html": [READ],
        "oci:u-escapes": [READ],
        "oci:sorted": [READ],
    },
    "labels-case": {
        "oci:labels:t": [READ, keeps('"Name":"team/app","name":"team/app"')],
        "oci:volumes:t": [READ, keeps('"/Data":{},"/data":{}')],
        "oci:annotations:t": [READ],
        "oci:index-annotations:t": [READ],
        "labels.tar": [READ],
        "save.tar": [READ],
    },
    "media-type-empty": {
        "oci:empty:t": [READ],
        "oci:absent:t": [READ],
        "oci:index-empty:t": [READ],
        "oci:index-wrong:t": [READ],
        "oci:docker-list:t": [READ],
        "oci:mixed:t": [READ],
        "oci:lied:t": [r"and its descriptor says"],
    },
    "zero-layers": {
        "oci:empty:t": [READ, layers(0), archives],
        "oci:null:t": [READ, layers(0), archives],
        "oci:no-diff-ids:t": [READ, layers(0)],
        "oci:absent:t": [READ, layers(0)],
        "save.tar": [READ, layers(0), archives],
        "save-null.tar": [READ, layers(0)],
    },
}


def refused(image, pattern):
    for command in ("inspect", "check"):
        done = lamina.run(command, image)
        errors = done.stderr.decode()
        need(done.returncode == (3 if command == "inspect" else 1), "%s: exit %d: %s" % (command, done.returncode, errors))
        need(errors.count("\n") == 1 and re.search(pattern, errors), "%s: not %r: %s" % (command, pattern, errors))
        # of what the config holds, and not of the descriptor in the manifest that leads to it
        need(not re.search(r":t: config:", errors) or errors.endswith(": build the image again\n"), "%s: no advice: %s" % (command, errors))


def read(image, more):
    out = os.path.abspath("out")
    before = json.loads(lamina.must("inspect", "--json", image).stdout)
    lamina.must("check", image)
    lamina.must("apply", "-", image, "oci:%s:same" % out, stdin=lamina.must("plan", image).stdout)
    after = json.loads(lamina.must("inspect", "--json", "oci:%s:same" % out).stdout)
    for key in ("manifest", "config"):
        need(before[key] == after[key], "%s: %s became %s" % (key, before[key], after[key]))
    lamina.must("apply", "-", image, "oci:%s:flat" % out, stdin=lamina.must("plan", "--flatten", image).stdout)
    for tag in ("same", "flat"):
        lamina.must("check", "oci:%s:%s" % (out, tag))
        lamina.must("diff", image, "oci:%s:%s" % (out, tag))
    entry, manifest, _ = documents(out, "flat")
    # skopeo's oci: takes no Docker types, and no layers of other digests
    if entry["mediaType"].startswith("application/vnd.oci.") and all("sha256:" in x["digest"] for x in manifest.get("layers") or []):
        copies("oci:%s:flat" % out)
    for check in more:
        check(image, out, "flat")
    shutil.rmtree(out)


def make(case):
    spec = importlib.util.spec_from_file_location("case", os.path.join(CORPUS, case + ".py"))
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def main():
    passed, failures = 0, []
    sys.dont_write_bytecode = True
    sys.path.insert(0, CORPUS)
    for case in sys.argv[1:] or CASES:
        with tempfile.TemporaryDirectory(prefix="lamina-documents.") as scratch:
            os.chdir(scratch)
            make(case)
            for image, (how, *more) in CASES[case].items():
                try:
                    if how == READ:
                        read(image, more)
                    else:
                        refused(image, how)
                    passed += 1
                except lamina.Failure as failure:
                    failures.append(("%s: %s" % (case, image), str(failure)))
                    shutil.rmtree("out", ignore_errors=True)
            os.chdir("/")
    return lamina.conclude("documents", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
