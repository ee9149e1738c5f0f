#!/usr/bin/env python3
"""The manual's pages: clean, and with the options, keys and exit codes that the program itself tells."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import sample  # noqa: E402

PASSED, FAILURES = [], []


def check(what, fine, why=""):
    (PASSED.append(what) if fine else FAILURES.append((what, why or "no")))


def rendered(page):
    made = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=300", page], check=True, capture_output=True, text=True)
    return re.sub(".\b", "", made.stdout)


def helped(command):
    """{"-o, --output FILE": "what it is for"} of `lamina COMMAND --help`."""
    text = lamina.must(*command, "--help").stdout.decode()
    rows = re.findall(r"^ {2}(.{4}--\S+(?: \S+)?) {2,}(.+)$", text, re.M)
    return {" ".join(left.split()): " ".join(right.split()) for left, right in rows}


def paged(text):
    """The same of a page; its lines may be broken."""
    rows = re.findall(r"^ +((?:-\w, )?--[^\n]+)\n((?: {8,}\S[^\n]*\n)+)", text, re.M)
    rows += re.findall(r"^ +((?:-\w, )?--\S+(?: \S+)?) {2,}(\S[^\n]*)$", text, re.M)
    return {left: " ".join(right.split()) for left, right in rows}


def check_options(pages, commands):
    common = paged(pages["lamina.1"])
    for name in commands:
        want, own = helped([name]), paged(pages["lamina-%s.1" % name])
        check(name + ": options", want == {**own, **common}, "differ: %r" % (want.items() ^ {**own, **common}.items()))
        check(name + ": none that others have", not set(own) & set(common), "%r" % (set(own) & set(common)))
        synopsis = re.search(r"SYNOPSIS\n(.*?)\n\n", pages["lamina-%s.1" % name], re.S)[1]
        usage = re.search(r"usage: (lamina \S+) (.*)", lamina.must(name, "--help").stdout.decode())
        words = " ".join(synopsis.split()).replace(" ...", "...")
        check(name + ": synopsis", words.startswith(usage[1]) and words.endswith(usage[2]), "%r is not %r" % (words, usage[0]))
        check(name + ": is listed", re.search(r"lamina-%s\(1\) +\S" % name, pages["lamina.1"]))


def check_keys(page):
    """Each row of `lamina help keys`, whose cells are keys, the command, what it does, panes."""
    rows = re.findall(r"^\| ((?:`[^`]+` ?)*) ?\| `:([^`]+)` \| (.*?) \|", lamina.must("help", "keys").stdout.decode(), re.M)
    check("keys: the table is there", len(rows) > 60, str(len(rows)))
    for keys, command, does in ([part.replace("\\|", "|") for part in row] for row in rows):
        names = ", ".join([*re.findall("`([^`]+)`", keys), ":" + command])
        at = page.find("     %s\n" % names)
        check("key " + command, at >= 0 and " ".join(does.split()) in " ".join(page[at:at + 400].split()), names + ": " + does)


def check_plan(source, here):
    """The example in the page is a plan that is read, and each field that the program takes is told."""
    example = re.search(r"\.Bd -literal\n(\{.*?\n\})\n\.Ed", source, re.S)[1]
    plan = os.path.join(here, "plan.json")
    with open(plan, "w", encoding="utf-8") as file:
        file.write(example)
    image = "oci:" + here + "/image"
    sample.make(here + "/image")
    done = lamina.run("apply", "--dry-run", plan, image, "oci:" + here + "/out")
    check("plan: the example", done.returncode == 0, done.stderr.decode())
    for field in ("lamina", "source", "reference", "manifest", "paths", "layers", "name", "from", "keep", "compression", "assign",
                  "path", "glob", "to", "note"):
        check("plan: " + field, re.search(r"^\.(It )?Cm %s\b" % field, source, re.M) or "\n.Cm %s\n" % field in source)


def main():
    tables = json.loads(lamina.must("help", "--json").stdout)
    commands = [c["name"] for c in tables["commands"]]
    overview = lamina.must("--help").stdout.decode()
    check("all commands", commands and all(re.search(r"^  %s " % c, overview, re.M) for c in commands))
    with tempfile.TemporaryDirectory() as here:
        tables_file, out = os.path.join(here, "help.json"), os.path.join(here, "man")
        with open(tables_file, "w", encoding="utf-8") as file:
            json.dump(tables, file)
        subprocess.run([os.path.join(lamina.REPOSITORY, "tui", "pages", "man.py"), tables_file, out], check=True)
        names = sorted(os.path.basename(p) for p in glob.glob(out + "/*"))
        # among themselves: only then are the pages found that they refer to
        lint = subprocess.run(["mandoc", "-T", "lint", *names], cwd=out, capture_output=True, text=True, check=False)
        check("mandoc -T lint", lint.stdout + lint.stderr == "", lint.stdout + lint.stderr)
        pages = {name: rendered(os.path.join(out, name)) for name in names}
        check_options(pages, commands)
        check_keys(pages["lamina-keys.7"])
        for line in tables["filter"]:
            check("filter: " + line, line in pages["lamina-keys.7"])
        with open(os.path.join(out, "lamina-plan.5"), encoding="utf-8") as source:
            check_plan(source.read(), here)
        for exit_ in tables["exits"]:
            check("exit " + exit_["meaning"], ", ".join(exit_["codes"]) in pages["lamina.1"] and exit_["meaning"] in pages["lamina.1"])
    return lamina.conclude("pages", len(PASSED), FAILURES)


sys.exit(main())
