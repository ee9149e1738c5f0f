#!/usr/bin/env python3
"""--json of every command, as the schemas in tui/schema say, and other things of the command line that its user meets."""
import base64
import copy
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import sample  # noqa: E402

PASSED, FAILURES = [], []


def check(what, fine, why=""):
    (PASSED.append(what) if fine else FAILURES.append((what, str(why) or "no")))


def document(*args, exits=(0,)):
    """What a command prints is JSON that fits, and would not with one thing more."""
    try:
        text = lamina.must(*args, exits=exits).stdout
        lamina.fits_schema(args[0], text)
    except (lamina.Failure, ValueError) as failure:
        check(args[0], False, failure)
        return {}
    made = json.loads(text)
    wrong = copy.deepcopy(made)
    wrong["surprise"] = 1
    try:
        lamina.fits_schema(args[0], json.dumps(wrong))
        check(args[0] + ": an unknown field", False, "fits")
    except lamina.Failure:
        check(args[0], True)
    return made


def parts(image, here):
    """A layer that is larger than its max_size: in parts, which are the same layers when they are there; the rest is told."""
    plan, out = here + "/parts.json", "oci:" + here + "/parts"
    with open(plan, "w", encoding="ascii") as file:
        json.dump({"lamina": 1, "layers": [{"name": "all", "from": "rest", "max_size": "500k"}]}, file)
    done = document("apply", plan, image, out, "--json")
    check("apply: parts are numbered", [(layer["part"], layer["parts"]) for layer in done["layers"]] ==
          [(n + 1, len(done["layers"])) for n in range(len(done["layers"]))], done["layers"])
    check("apply: one file is too large", sum(layer["tar_size"] > 500 << 10 for layer in done["layers"]) == 1 and
          any("/opt/app/" in remark for remark in done["remarks"]), done)
    check("apply: parts are there", all(layer["reused"] for layer in document("apply", plan, image, out, "--dry-run", "--json")["layers"]))
    check("explain: parts", document("explain", plan, image, "/opt/app", "--json")["paths"][0]["to"]["parts"] == len(done["layers"]))
    lamina.must("apply", plan, image, out, "--dry-run", "--strict", exits=(4,))
    check("parts: the same tree", not document("diff", image, out, "--json")["differences"])


def commands(image, here):
    plan = here + "/plan.json"
    lamina.must("plan", image, "--flatten", "--split", "opt", "--drop", "root", "-o", plan)
    with open(plan, encoding="utf-8") as file:
        lamina.fits_schema("plan", file.read())
    done = document("apply", plan, image, "oci:" + here + "/out:x", "--json")
    check("apply: from is a list", [layer["from"] for layer in done["layers"]] == [[0, 1, 4], [3]], done["layers"])
    check("apply --dry-run", "manifest" not in document("apply", plan, image, "oci:" + here + "/out:x", "--json", "--dry-run"))
    parts(image, here)
    check("ls", len(document("ls", image, "-R", "--dead", "--json")["entries"]) > 30)
    check("inspect", len(document("inspect", image, "--json")["layers"]) == 5)
    check("check", document("check", image, "--json")["ok"])
    check("diff", document("diff", image, "oci:" + here + "/out:x", "--json", exits=(1,))["differences"])
    versions = document("log", image, "root/.netrc", "--json")["versions"]
    check("log", [v["change"] for v in versions] == ["added", "deleted"], versions)
    paths = document("explain", plan, image, "opt/app", "/root", "etc/passwd", "--json")["paths"]
    check("explain", [p["to"] and p["to"]["name"] for p in paths] == ["opt", None, paths[2]["to"]["name"]], paths)
    check("suggest", document("suggest", image, "--json")["layers"])
    content = document("cat", image, "etc/passwd", "--json")["content"]
    check("cat", base64.b64decode(content) == lamina.must("cat", image, "/etc/passwd").stdout)
    content = document("cat", image, "opt/app/model.bin", "--json")["content"]
    check("cat: a large file", base64.b64decode(content) == lamina.must("cat", image, "/opt/app/model.bin").stdout)
    content = document("cat", "--layer", "2", image, "root/.netrc", "--json")["content"]
    check("cat: of a layer, deleted later", base64.b64decode(content) == lamina.must("cat", "--layer=2", image, "/root/.netrc").stdout != b"")
    for path, layer, why in ("root/.netrc", "4", "layer 4 has no file"), ("root/.netrc", "9", "has no layer 9: its layers are 0 to "), ("/none/such", "0", "no such path in layer 0"), ("/bin", "0", "layer 0 has no file"):
        done = lamina.run("cat", "--layer", layer, image, path)
        check("cat: %s of layer %s" % (path, layer), done.returncode == 3 and why.encode() in done.stderr, done.stderr)
    check("export", document("export", image, "opt", here + "/opt.tar", "--json")["paths"] == 7)
    check("help", document("help", "--json")["version"])
    damaged = here + "/image/blobs/sha256/" + json.loads(lamina.must("inspect", image, "--json").stdout)["layers"][2]["digest"][7:]
    with open(damaged, "r+b") as file:
        file.write(b"x")
    done = document("check", image, "--json", exits=(1,))
    check("check: damaged", not done["ok"] and "layer 2" in done["errors"][0], done)


def on_terminal(*args):
    """Standard output of a command whose standard output is a terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen([lamina.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    text = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        text += more
    os.close(ours)
    check("%s on a terminal" % args[0], done.wait() == 0)
    return text


def habits(image, here):
    """A terminal gets nothing that drives it, a file gets all; and what is in the wrong place is told so."""
    shown = on_terminal("cat", image, "opt/app/model.bin")
    check("cat escapes", len(shown) > 700000 and not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", shown))
    check("cat: text is as it is", on_terminal("cat", image, "etc/passwd") == b"root:x:0:0:root:/root:/bin/sh\r\n")
    plan = here + "/p.json"
    plain = [lamina.must("plan", image, "--split", path).stdout for path in ("opt=a", "/opt=a")]
    check("paths without a slash", plain[0] == plain[1])
    with open(plan, "wb") as file:
        file.write(plain[0])
    for command, rest in ("apply", ["oci:" + here + "/o:x"]), ("explain", ["/opt"]):
        for wrong in image, image[len("oci:"):]:
            done = lamina.run(command, wrong, plan, *rest)
            check(command + ": swapped", done.returncode == 4 and b"the plan comes first: lamina " + command.encode() in done.stderr, done.stderr)
    for wrong, meant in ("oic:app", "oci:app"), ("docker-archve:a.tar", "docker-archive:a.tar"), ("docker:app:1", "docker://app:1"):
        done = lamina.run("inspect", wrong)
        check("prefix " + wrong, done.returncode == 3 and b"did you mean " + meant.encode() + b"?" in done.stderr, done.stderr)
    done = lamina.run("inspect", "ubuntu:22.04")
    check("no prefix is meant", done.returncode == 3 and b"did you mean" not in done.stderr, done.stderr)
    done = lamina.run()
    check("lamina alone", done.returncode == 2 and b"To begin with an image" in done.stderr and b"lamina inspect oci:" in done.stderr)


def long_line(here):
    """What is no terminal gets all of a line."""
    import oci
    import tarmake
    by = "RUN " + "x" * 900
    oci.write_layout(here + "/long", [(tarmake.tar([sample.folder("a")]), "gzip", 1)], {"history": [{"created_by": by}]}, tag="latest")
    check("inspect: a long line", by.encode() in lamina.must("inspect", "oci:" + here + "/long").stdout)


def main():
    with tempfile.TemporaryDirectory() as here:
        sample.make(here + "/image")
        habits("oci:" + here + "/image", here)
        long_line(here)
        commands("oci:" + here + "/image", here)
    return lamina.conclude("schemas", len(PASSED), FAILURES)


sys.exit(main())
