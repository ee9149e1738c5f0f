#!/usr/bin/env python3
"""The plan that changes nothing writes the same manifest, for every image at hand; what cannot be read is refused with a reason.

    identity.py [FOLDER]     default: tests/corpus
"""
import glob
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402

# Not images: no manifest.json (Docker before 1.10), one that is null.
REFUSED = ("no_manifest.tar", "null_manifest.tar")


def tags(folder):
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
        for entry in json.load(f)["manifests"]:
            name = entry.get("annotations", {}).get("org.opencontainers.image.ref.name")
            if name:
                yield name


def references(folder):
    for layout in sorted(glob.glob(folder + "/**/oci-layout", recursive=True)):
        for tag in sorted(set(tags(os.path.dirname(layout)))):
            yield "oci:%s:%s" % (os.path.dirname(layout), tag)
    for archive in sorted(glob.glob(folder + "/**/*.tar", recursive=True) + glob.glob(folder + "/**/*.tar.gz", recursive=True)):
        yield archive


def named(image):
    """The image, or each of the several that an archive holds."""
    done = lamina.run("inspect", "--json", image, "--platform", "linux/amd64")
    errors = done.stderr.decode()
    if done.returncode == 3 and "name one of: " in errors:
        return ["docker-archive:%s:%s" % (image, name) for name in errors.strip().split("name one of: ")[1].split(", ")]
    return [image]


def check(image, scratch):
    """"same", or why it was refused."""
    options = ("--platform", "linux/amd64")
    done = lamina.run("inspect", "--json", image, *options)
    if done.returncode == 3:
        return done.stderr.decode().strip()
    before = json.loads(done.stdout)
    plan = lamina.must("plan", image, *options).stdout
    for out in ("oci:%s/out:t" % scratch, "docker-archive:%s/out.tar:example.test/x:1" % scratch):
        lamina.must("apply", "-", image, out, *options, stdin=plan)
        after = json.loads(lamina.must("inspect", "--json", out).stdout)
        for key in ("manifest", "config"):
            if before[key] != after[key]:
                raise lamina.Failure("%s: %s became %s in %s" % (key, before[key], after[key], out.split(":")[0]))
    return "same"


def main():
    folder = os.path.abspath(sys.argv[1]) if sys.argv[1:] else os.path.join(lamina.REPOSITORY, "tests/corpus")
    passed, failures = 0, []
    for reference in references(folder):
        for image in named(reference):
            with tempfile.TemporaryDirectory(prefix="lamina-identity.") as scratch:
                try:
                    how = check(image, scratch)
                except lamina.Failure as failure:
                    how = "failed: %s" % failure
            is_image = not image.endswith(REFUSED) and "media type" not in how and "has no image for" not in how \
                and "other kind of artifact" not in how and "missing" not in how
            if (how == "same") == is_image or not is_image:
                passed += 1
            else:
                failures.append((image.replace(folder, ""), how))
            if how != "same":
                print("identity: %s: %s" % (image.replace(folder, ""), how))
    return lamina.conclude("identity", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
