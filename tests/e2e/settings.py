#!/usr/bin/env python3
"""What a plan's "config" changes of an image is changed, and nothing else of config and manifest is; it is told, and what is so already is no change."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import sample  # noqa: E402
import tarmake  # noqa: E402

SETS = {
    "labels": {"a": "b", "gone": None},
    "annotations": {"org.example.kind": "cut"},
    "env": {"PATH": "/opt/bin:/bin", "LAMINA": "1=2"},
    "entrypoint": ["/bin/sh", "-c"],
    "cmd": None,
    "user": "33:33",
    "workdir": "/srv",
}
OURS = ("dev.lamina.source.manifest", "dev.lamina.plan")


def need(true, why):
    if not true:
        raise lamina.Failure(str(why))


def documents(layout, tag):
    """The manifest's digest, manifest and config."""

    def blob(digest):
        with open(os.path.join(layout, "blobs", *digest.split(":")), "rb") as file:
            return json.load(file)

    with open(layout + "/index.json", "rb") as file:
        entries = json.load(file)["manifests"]
    digest = [e["digest"] for e in entries if e.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag][0]
    manifest = blob(digest)
    return digest, manifest, blob(manifest["config"]["digest"])


def plan(image, config, *options):
    """Its plan as text, with a config."""
    made = json.loads(lamina.must("plan", image, *options).stdout)
    made["config"] = config
    return json.dumps(made).encode()


def image_in(folder):
    """The sample, whose config has a label that goes."""
    sample.make(folder + "/image")
    image = "oci:" + folder + "/image"
    lamina.must("apply", "-", image, image + ":labelled", stdin=plan(image, {"labels": {"gone": "x", "stays": "y"}}))
    return image + ":labelled"


def what_is_started(folder):
    """What the image starts, or starts in, is told where it is left out, along links and by what the plan says; what goes elsewhere is not."""
    entries = [tarmake.plain("dir", path) for path in (b"usr", b"usr/bin", b"srv")]
    entries += [tarmake.plain("file", b"usr/bin/" + name, b"x", mode=0o755) for name in (b"python3.11", b"other")]
    entries += [tarmake.plain("symlink", b"usr/bin/python3", target=b"python3.11"), tarmake.plain("symlink", b"bin", target=b"usr/bin")]
    run = {"Entrypoint": ["python3", "-m", "app"], "Env": ["PATH=/opt/bin:/bin"], "WorkingDir": "/srv"}
    oci.write_layout(folder + "/started", [(tarmake.tar(entries), "gzip", 1)], config={"config": run})
    image = "oci:" + folder + "/started:t"
    starts, workdir = "/bin/python3 is left out, and the image's entrypoint starts it", "/srv is left out, and is the image's workdir"
    for drops, told in ((["/usr/bin/python3.11"], [starts]), (["/usr/bin/python3"], [starts]), (["/bin"], [starts]), (["/usr", "/srv"], [starts, workdir]),
                        (["/usr/bin/other"], [])):
        made = lamina.must("plan", image, *["--drop=" + path for path in drops])
        for done in (made, lamina.must("apply", "-", image, "oci:%s/never" % folder, "--dry-run", stdin=made.stdout),
                     lamina.must("explain", "-", image, "/srv", stdin=made.stdout)):
            need([line for line in (starts, workdir) if line in done.stderr.decode()] == told, done)
    dropped = json.loads(made.stdout)
    dropped["config"] = {"entrypoint": ["/usr/bin/other"]}
    done = lamina.must("apply", "-", image, "oci:%s/never" % folder, "--dry-run", stdin=json.dumps(dropped).encode())
    need(b"note: /usr/bin/other is left out, and the image's entrypoint starts it" in done.stderr, done)
    done = lamina.must("plan", image, "--split", "/usr/bin")
    need(not done.stderr, done)


def all_but(document, *members):
    return {key: value for key, value in document.items() if key not in members}


def changes_alone(folder):
    """Layers kept: the new documents are the old ones with the changes, as Python makes them."""
    image = image_in(folder)
    _, old, config = documents(folder + "/image", "labelled")
    done = lamina.must("apply", "-", image, image[:-len("labelled")] + "set", "--json", stdin=plan(image, SETS))
    _, new, changed = documents(folder + "/image", "set")
    need(new["layers"] == old["layers"], "layers are others")
    need(all_but(new["annotations"], *OURS) == {**all_but(old["annotations"], *OURS), "org.example.kind": "cut"}, new["annotations"])
    need(all_but(new, "annotations", "config") == all_but(old, "annotations", "config"), new)
    run = config["config"]
    want = {**all_but(run, "Cmd"), "Labels": {"stays": "y", "a": "b"}, "Entrypoint": ["/bin/sh", "-c"], "User": "33:33", "WorkingDir": "/srv",
            "Env": [e if not e.startswith("PATH=") else "PATH=/opt/bin:/bin" for e in run["Env"]] + ["LAMINA=1=2"]}
    need(changed["config"] == want, changed["config"])
    need(all_but(changed, "config") == all_but(config, "config"), changed)
    told = {(c["of"], c.get("key")): (c["before"], c["after"]) for c in json.loads(done.stdout)["changes"]}
    need(told[("labels", "gone")] == ("x", None) and told[("user", None)] == (run["User"], "33:33") and len(told) == 9, told)
    need(b"CHANGED: label gone, \"x\" -> none\n" in done.stderr and b"CHANGED: cmd, [" in done.stderr, done.stderr)


def with_new_layers(folder):
    """The same where the layers change, and what it says of them is gone."""
    image = image_in(folder)
    lamina.must("apply", "-", image, "oci:" + folder + "/out:x", stdin=plan(image, SETS, "--flatten", "--split", "/opt"))
    _, new, changed = documents(folder + "/out", "x")
    need(len(new["layers"]) == 2 and changed["config"]["Labels"] == {"stays": "y", "a": "b"}, changed["config"])
    lamina.must("diff", image, "oci:" + folder + "/out:x")


def again(folder):
    """What is so already is no change: the same manifest, and nothing told."""
    image = image_in(folder)
    lamina.must("apply", "-", image, "oci:" + folder + "/out:1", stdin=plan(image, SETS))
    lamina.must("apply", "-", "oci:" + folder + "/out:1", "oci:" + folder + "/out:2", stdin=plan(image, SETS))
    need(documents(folder + "/out", "1")[0] == documents(folder + "/out", "2")[0], "another manifest")
    told = lamina.must("apply", "--dry-run", "--json", "-", "oci:" + folder + "/out:1", "oci:" + folder + "/out:3", stdin=plan(image, SETS))
    need(json.loads(told.stdout)["changes"] == [], told.stdout)


def plans_keep_it(folder):
    """Saving is canonical, and --from-plan, merging and comparing see it."""
    image = image_in(folder)
    with open(folder + "/p.json", "wb") as out:
        out.write(plan(image, {**SETS, "note": "why"}))
    text = lamina.must("apply", folder + "/p.json", image, "oci:" + folder + "/out:1").stdout
    digest = documents(folder + "/out", "1")[1]["annotations"]["dev.lamina.plan"]
    lamina.must("apply", "-", image, "oci:" + folder + "/out:2", stdin=plan(image, dict(reversed(SETS.items()))))
    need(documents(folder + "/out", "2")[1]["annotations"]["dev.lamina.plan"] == digest, "the order counts, or the note")
    lamina.must("apply", "-", image, "oci:" + folder + "/out:3", stdin=plan(image, all_but(SETS, "user")))
    need(documents(folder + "/out", "3")[1]["annotations"]["dev.lamina.plan"] != digest, "the digest is not of it")
    lamina.fits_schema("plan", open(folder + "/p.json", encoding="utf-8").read())
    need(text, "nothing is told")


WRONG = {
    "config.labels: expected an object": {"labels": []},
    "config.labels.a: expected a string, or null": {"labels": {"a": 1}},
    "config.env.A=: a variable's name has no \"=\"": {"env": {"A=": "1"}},
    "config.cmd: expected a list of strings, or null": {"cmd": "sh -c"},
    "config.cmd: expected a list of strings, or null ": {"cmd": ["sh", 1]},
    "config.user: expected a string, or null": {"user": ["a"]},
    "config.env.A: a text here cannot have a NUL (\\u0000) in it": {"env": {"A": "a\0b"}},
    "config.cmd: a text here cannot have a NUL (\\u0000) in it": {"cmd": ["sh", "a\0b"]},
    "config.annotations.dev.lamina.plan: what begins with \"dev.lamina.\" is written by lamina itself": {"annotations": {"dev.lamina.plan": "x"}},
    "config.label: unknown field; did you mean \"labels\"?": {"label": {}},
}


def refused(folder):
    """What is wrong is said with its place; and annotations where there are none."""
    image = image_in(folder)
    for said, config in WRONG.items():
        done = lamina.run("apply", "--dry-run", "-", image, "oci:" + folder + "/out:x", stdin=plan(image, config))
        need(done.returncode == 4 and said.strip() in done.stderr.decode(), "%s: exit %d: %s" % (said, done.returncode, done.stderr.decode()))
    out = "docker-archive:" + folder + "/out.tar:example.test/x:1"
    done = lamina.run("apply", "-", image, out, stdin=plan(image, SETS))
    need(done.returncode == 5 and b"annotations" in done.stderr and not os.path.exists(folder + "/out.tar"), done.stderr)
    lamina.must("apply", "-", image, out, stdin=plan(image, all_but(SETS, "annotations")))


def from_docker(folder):
    """An image of Docker's types keeps them, unless annotations are set, which is told."""
    oci.write_layout(folder + "/image", [(tarmake.tar([tarmake.plain("file", b"a", b"x")]), "gzip", 1)], types=oci.DOCKER_TYPES)
    image = "oci:" + folder + "/image:t"
    for tag, config, kind in (("same", all_but(SETS, "annotations"), oci.DOCKER_TYPES), ("noted", SETS, oci.OCI_TYPES)):
        done = lamina.must("apply", "-", image, "oci:" + folder + "/image:" + tag, stdin=plan(image, config))
        _, new, changed = documents(folder + "/image", tag)
        types = [new["mediaType"], new["config"]["mediaType"], new["layers"][0]["mediaType"]]
        need(types == [kind["manifest"], kind["config"], kind["gzip"]] and changed["config"]["User"] == "33:33", types)
        need((b"the new manifest is OCI's" in done.stderr) == (tag == "noted"), done.stderr)
        lamina.must("check", "oci:" + folder + "/image:" + tag)


if __name__ == "__main__":
    sys.exit(lamina.run_checks("settings", [changes_alone, with_new_layers, again, plans_keep_it, what_is_started, refused, from_docker]))
