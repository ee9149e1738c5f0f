#!/usr/bin/env python3
"""Indexes in registries, and what speaks of images there: signatures, attestations, referrers."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import oci  # noqa: E402
from registries import DebianRegistry, digest  # noqa: E402
from registrycase import FLAT, INDEX, INSECURE, layers, run_cases, skopeo  # noqa: E402


def indexes(case):
    """One platform of an index is cut anew, or all of them; what speaks of an image goes when that is said."""
    case.image(3)
    other = os.path.join(case.scratch, "other")
    oci.write_layout(other, [(t, "gzip", 1) for t in layers(2)], config={"architecture": "arm64"})
    r, entries = case.start(DebianRegistry(os.path.join(case.scratch, "registry"))), []
    for layout, arch in ((case.layout, "amd64"), (other, "arm64")):
        skopeo("--dest-tls-verify=false", "oci:%s:t" % layout, "docker://%s/team/app:%s" % (r.host, arch))
        media_type, body = r.manifest("team/app", arch)
        entries.append({"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": arch}})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    r.put_manifest("team/app", "all", INDEX, json.dumps(index).encode())
    there = "docker://%s/team/app:all" % r.host
    case.run("diff", INSECURE, "--platform", "linux/amd64", there, "oci:%s:t" % case.layout)
    case.run("ls", INSECURE, "--platform", "linux/s390x", there, exits=(3,))
    case.run("apply", INSECURE, "--platform", "linux/amd64", "-", there, there, stdin=json.dumps(FLAT).encode())
    now = json.loads(r.manifest("team/app", "all")[1])["manifests"]
    assert now[1] == entries[1] and now[0]["digest"] != entries[0]["digest"] and now[0]["platform"] == entries[0]["platform"], now
    case.run("diff", INSECURE, "--platform", "linux/amd64", there, "oci:%s:t" % case.layout)
    case.run("apply", INSECURE, "--platform", "all", "-", there, "docker://%s/other/app:all" % r.host, stdin=json.dumps(FLAT).encode())
    for layout, arch in ((case.layout, "amd64"), (other, "arm64")):
        case.run("diff", INSECURE, "--platform", "linux/" + arch, "docker://%s/other/app:all" % r.host, "oci:%s:t" % layout)


def rivals(case):
    """What somebody else makes of an index meanwhile is not replaced by what does not know it."""
    r = case.registry()
    image = "oci:%s:t" % case.layout
    media_type, body = r.manifests["team/app"]["t"]
    entry = {"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": "amd64"}}
    mine, other = ({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "annotations": {"who": who}} for who in ("me", "another"))
    r.put("team/app", "t", INDEX, json.dumps(mine).encode())
    r.rival = ("t", INDEX, json.dumps(other).encode())
    done = case.apply(FLAT, image, r.reference("team/app"), exits=(5,))
    assert b"somebody else" in done.stderr, done.stderr
    assert r.manifests["team/app"]["t"][1] == r.rival[2], "it is replaced"
    r.rival = None
    case.apply(FLAT, image, r.reference("team/app"))
    now = json.loads(r.manifests["team/app"]["t"][1])
    assert now["annotations"] == {"who": "another"} and now["manifests"][0]["digest"] != entry["digest"], now


SIGNED, EMPTY = "application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.oci.empty.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def artifact(case, n, subject=None):
    """An artifact's manifest, of blobs that skopeo can push: as a layout's only entry, and its bytes."""
    def blob(data):
        d = {"digest": digest(data), "size": len(data)}
        path = os.path.join(layout, "blobs", *d["digest"].split(":"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        return d
    layout = os.path.join(case.scratch, "artifact%d" % n)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": EMPTY, **blob(b"{}")},
                "layers": [{"mediaType": SIGNED, **blob(b'{"critical": %d}' % n)}]}
    if subject:
        manifest.update(artifactType="application/spdx+json", subject=subject)
    body = json.dumps(manifest).encode()
    entry = {"mediaType": MANIFEST, **blob(body)}
    for name, document in (("index.json", {"schemaVersion": 2, "manifests": [entry]}), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(layout, name), "w") as f:
            json.dump(document, f)
    return layout, entry, body


def told(case, registry, there):
    """What inspect says of referrers, and how often it asks for them; ls and plan do not."""
    def asked(command, *args):
        before = len(registry.requests())
        done = case.run(command, INSECURE, there, *args)
        return done.stdout, [q for q in registry.requests()[before:] if re.search("/referrers/|/tags/|/sha256-", q[1])]
    for command in ("ls", "plan"):
        assert not asked(command)[1], command
    out, requests = asked("inspect", "--json")
    return sorted((r["kind"], r["digest"], r["of"], r["fate"]) for r in json.loads(out)["referrers"]), len(requests)


def all_of(entries, fate, of):
    return sorted((kind, entry["digest"], of, fate) for kind, entry in entries)


def referrers_by_tag(case):
    """Where a registry has no list of referrers: the tag in its place and cosign's are told, and stay when their image is replaced."""
    image, r = case.image(2), case.start(DebianRegistry(os.path.join(case.scratch, "registry")))
    there = "docker://%s/team/app:t" % r.host
    skopeo("--dest-tls-verify=false", image, there)
    old = r.manifest("team/app", "t")[1]
    of = digest(old)
    assert told(case, r, there) == ([], 2), told(case, r, there)
    spoken, front = [], "docker://%s/team/app:%s" % (r.host, of.replace(":", "-"))
    for n, (kind, end) in enumerate((("signature", ".sig"), ("attestation", ".att"), ("sbom", ".sbom"))):
        layout, entry, _ = artifact(case, n)
        skopeo("--dest-tls-verify=false", "oci:" + layout, front + end)
        spoken.append((kind, entry))
        assert told(case, r, there) == (all_of(spoken, "there", of), 3 + n), told(case, r, there)
    layout, entry, _ = artifact(case, 9, {"mediaType": MANIFEST, "digest": of, "size": len(old)})
    skopeo("--dest-tls-verify=false", "oci:" + layout, "docker://%s/team/app:tmp" % r.host)
    listed = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**entry, "artifactType": "application/spdx+json"}]}
    r.put_manifest("team/app", of.replace(":", "-"), INDEX, json.dumps(listed).encode())
    spoken.append(("referrer", entry))
    assert told(case, r, there)[0] == all_of(spoken, "there", of), told(case, r, there)
    checked = case.run("check", INSECURE, there).stdout
    assert all(e["digest"].encode() in checked for _, e in spoken), checked
    before = len(r.requests())
    case.apply({"lamina": 1, "layers": [{"name": "l%d" % n, "from": [n]} for n in range(2)]}, there, there)
    assert not [q for q in r.requests()[before:] if "sha256-" in q[1]], "the image is the same, and so is what speaks of it"
    done = case.run("apply", INSECURE, "--json", "--drop-attestations", "-", there, there, stdin=json.dumps(FLAT).encode())
    now = [(q["kind"], q["digest"], q["of"], q["fate"]) for q in json.loads(done.stdout)["referrers"]]
    assert sorted(now) == all_of(spoken, "left", of), now
    assert r.manifest("team/app", of.replace(":", "-") + ".sig")[1] and told(case, r, there)[0] == []


class Counted:
    """A registry of our own, with requests in the form that docker-registry's log has."""

    def __init__(self, registry):
        self.registry = registry

    def requests(self):
        return [s[:2] for s in self.registry.seen]


def referrers_by_list(case):
    """Where a registry lists them, in pages; tags that cannot be listed so are looked for one by one; an index and its image."""
    r = case.registry(count=2, referrers=2)
    there, (media_type, old) = r.reference("team/app"), r.manifests["team/app"]["t"]
    of, spoken = digest(old), []
    for n in range(5):
        _, entry, body = artifact(case, n, {"mediaType": media_type, "digest": of, "size": len(old)})
        r.put("team/app", None, MANIFEST, body)
        spoken.append(("referrer", entry))
    assert told(case, Counted(r), there) == (all_of(spoken, "there", of), 4), told(case, Counted(r), there)
    _, entry, body = artifact(case, 7)
    r.put("team/app", of.replace(":", "-") + ".sig", MANIFEST, body)
    spoken.append(("signature", entry))
    for n in range(60):
        r.put("team/app", "v%02d" % n, media_type, old)
        r.put("team/app", "a%02d" % n, media_type, old)
    for how, requests in (("spec", 5), ("token", 7), (None, 7)):
        r.tags = how
        assert told(case, Counted(r), there) == (all_of(spoken, "there", of), requests), (how, told(case, Counted(r), there))
    r.auth, r.user = "token", None
    assert told(case, Counted(r), there)[0] == all_of(spoken, "there", of), "tags that may not be listed"
    r.auth = None
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": media_type, "digest": of, "size": len(old), "platform": {"os": "linux", "architecture": "amd64"}}]}
    body = json.dumps(index).encode()
    r.put("team/app", "all", INDEX, body)
    _, entry, signature = artifact(case, 8)
    r.put("team/app", digest(body).replace(":", "-") + ".sig", MANIFEST, signature)
    want = sorted(all_of(spoken, "there", of) + all_of([("signature", entry)], "there", digest(body)))
    assert told(case, Counted(r), r.reference("team/app", "all"))[0] == want, told(case, Counted(r), r.reference("team/app", "all"))
    done = case.apply(FLAT, r.reference("team/app", "all"), r.reference("team/app", "all"))
    assert done.stderr.count(b"left, and no longer true: ") == len(want), done.stderr
    asked_once_an_index(case, r, index)


def asked_once_an_index(case, r, index):
    """Of all platforms the index is asked about once, and each image once."""
    for arch in ("arm64", "s390x"):
        other = os.path.join(case.scratch, arch)
        oci.write_layout(other, [(t, "gzip", 1) for t in layers(1)], config={"architecture": arch})
        r.load(other, "team/app", arch)
        media_type, body = r.manifests["team/app"][arch]
        index["manifests"].append({"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": arch}})
    body = json.dumps(index).encode()
    r.put("team/app", "every", INDEX, body)
    _, entry, signature = artifact(case, 10)
    r.put("team/app", digest(body).replace(":", "-") + ".sig", MANIFEST, signature)
    for command in ("inspect", "check"):
        r.forget()
        shown = json.loads(case.run(command, INSECURE, "--json", "--platform", "all", r.reference("team/app", "every")).stdout)["images"]
        asked = sorted(s[1].split("/")[-1] for s in r.requests("GET", "/referrers/") if "?" not in s[1])
        assert asked == sorted([digest(body)] + [e["digest"] for e in index["manifests"]]), (command, asked)
        assert len(shown) == 3
        for image in shown:
            assert [q["of"] for q in image["referrers"] if q["digest"] == entry["digest"]] == [digest(body)], (command, image["referrers"])


CASES = (indexes, rivals, referrers_by_tag, referrers_by_list)


if __name__ == "__main__":
    sys.exit(run_cases("indexes", CASES))
