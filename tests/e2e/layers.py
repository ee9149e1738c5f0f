#!/usr/bin/env python3
"""Layers rebuilt from reports of other tools' bugs: each image is listed as tests/corpus/cases/layers.txt has it, notes
included, and as the naive merge has it; cut anew it shows the same tree.

    layers.py [--bless] [CASE...]        tests/corpus/cases/CASE.py makes a folder of images
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(HERE), "corpus", "cases")
GOLDEN = os.path.join(CORPUS, "layers.txt")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import reference  # noqa: E402
import rootfs  # noqa: E402

CASES = ("empty-name", "hardlink-no-parent", "kaniko-absolute", "kaniko-dir-to-symlink", "link-kinds", "lower-attributes", "one-layer-order",
         "opaque-order", "ostree-links", "pax-empty-values", "pax-sparse-size-lies", "pnpm-symlink-parent",
         "tar-rs-pax-and-long", "whiteout-hardlink-lower", "whiteout-then-dir", "whiteout-through-lower")


def line(e):
    target = " -> " + e["target"] if e["kind"] == "symlink" else ""
    links = " [%d links]" % e["links"] if e["links"] > 1 else ""
    attributes = " " + " ".join(sorted(e["attributes"])) if e.get("attributes") else ""
    return "    %d %-7s %s %d:%d %d.%09d %s%s%s%s" % (e["layer"], e["kind"], e["mode"], e["uid"], e["gid"], e["mtime"], e["mtime_ns"],
                                                 e["path"], target, links, attributes)


def described(image):
    done = lamina.run("ls", "--json", "-R", image)
    if done.returncode:
        return ["    refused: " + done.stderr.decode().rsplit("): ", 1)[-1].strip()]
    notes = json.loads(lamina.must("inspect", "--json", image).stdout)["notes"]
    return [line(e) for e in json.loads(done.stdout)["entries"]] + ["    %s note %s %s" % (n.get("layer"), n["rule"], n.get("path"))
                                                                   for n in notes]


def written(image, scratch):
    """What differs once all is written anew."""
    listed = lamina.listing(image)
    plan = lamina.must("plan", image, "--flatten", "--split", "/bin=apart").stdout
    out = "oci:%s:t" % os.path.join(scratch, "out")
    lamina.must("apply", "-", image, out, stdin=plan)
    return rootfs.difference(listed, lamina.listing(out), [f for f in rootfs.FIELDS if f != "layer"])


def check(folder, golden, name):
    image = "oci:%s:t" % folder
    lines = described(image)
    if lines != golden.get(name):
        return ["is not as in layers.txt:"] + lines
    if lines[0].startswith("    refused"):
        return []
    if "old" not in name:  # the reference knows no sparse files of GNU's old form
        expected = lamina.as_listed(reference.merge(oci.Image(folder).layers))
        lines = ["reference: " + l for l in rootfs.difference(expected, lamina.listing(image))]
    else:
        lines = []
    with tempfile.TemporaryDirectory(prefix="lamina-layers.") as scratch:
        return lines + written(image, scratch)


def goldens():
    out = {}
    with open(GOLDEN, encoding="utf-8") as file:
        for text in file.read().splitlines():
            if text.startswith("    "):
                out[name].append(text)
            else:
                name, out[text] = text, []
    return out


def main():
    bless = sys.argv[1:2] == ["--bless"]
    chosen = sys.argv[1 + bless:] or CASES
    golden, passed, failures, lines = {} if bless else goldens(), 0, [], []
    with tempfile.TemporaryDirectory(prefix="lamina-cases.") as folder:
        for case in chosen:
            where = os.path.join(folder, case)
            os.mkdir(where)
            subprocess.run([sys.executable, "-B", os.path.join(CORPUS, case + ".py")], cwd=where, check=True)
            for image in sorted(os.listdir(where)):
                name, path = case + "/" + image, os.path.join(where, image)
                if bless:
                    lines += [name] + described("oci:%s:t" % path)
                    continue
                try:
                    why = check(path, golden, name)
                except lamina.Failure as failure:
                    why = [str(failure)]
                passed += not why
                failures += [(name, "\n    ".join(why))] if why else []
    if bless:
        with open(GOLDEN, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        return 0
    return lamina.conclude("layers", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
