#!/usr/bin/env python3
"""Small images of public bug reports (tests/corpus/cases/NAME/gen.py makes each a folder of them): a row of the table for each
thing that must come out right.

    cases.py [NAME...] [--keep]        the rows of these cases alone
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(os.path.dirname(HERE), "corpus", "cases")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402


# What a row may ask of the layout OUT beyond the command's words and exit status.


def platform(**want):
    """The one entry of OUT's index says so; a "_" in a name stands for a "."."""
    def check(out):
        with open(os.path.join(out, "index.json"), encoding="utf-8") as index:
            have = json.load(index)["manifests"][0].get("platform")
        if have != {name.replace("_", "."): value for name, value in want.items()}:
            raise lamina.Failure("the index says %r" % have)
    return check


WINDOWS = {"os": "windows", "architecture": "amd64", "os_version": "10.0.20348.2113", "os_features": ["win32k"]}

# (case, command, exit status, what it says on either stream, what OUT must hold). IN is the folder of the case's images, OUT a
# layout that is not there yet; "plan ... |" makes the plan that `apply -` reads.
ROWS = [
    ("deep-implied", "plan oci:IN/deep:t --flatten | apply - oci:IN/deep:t oci:OUT:t", 3,
     "directories that no entry describes have paths of more than 32 MiB together", None),
    ("deep-implied", "plan oci:IN/deep:t --drop /g | apply - oci:IN/deep:t oci:OUT:t", 0, "layer-0 +kept", None),
    ("many-layers", "check oci:IN/l125:t", 0, r"\A(?!.*more than 125)", None),
    ("many-layers", "check oci:IN/l126:t", 0, "more than 125 layers: Docker takes no more; Podman takes 128, containerd some 500", None),
    ("many-layers", "plan oci:IN/l130:t --drop /opt/f129 | apply - oci:IN/l130:t oci:OUT:t", 0,
     "129 layers: Docker takes no more than 125", None),
    ("many-layers", "plan oci:IN/l126:t --drop /opt/f125 | apply - oci:IN/l126:t oci:OUT:t", 0, r"\A(?!.*Docker)", None),
    ("windows-hives", "plan oci:IN/oci:t --flatten | apply - oci:IN/oci:t oci:OUT:t", 4,
     r"would merge layer 1 with others, which has changes of Windows' registry \(/Hives/Software_Delta\)", None),
    ("windows-hives", "plan oci:IN/oci:t --keep 2 --flatten | apply - oci:IN/oci:t oci:OUT:t", 0, None, platform(**WINDOWS)),
    ("windows-hives", "plan oci:IN/oci:t --drop /Files/app/junction | apply - oci:IN/oci:t oci:OUT:t", 4,
     r'layer "layer-2" has changes of Windows\' registry \(/Hives/System_Delta\), and is kept as it is or not at all: '
     "/Files/app/junction is left out", None),
    ("windows-hives", "plan oci:IN/oci:t --drop /Hives/System_Delta | apply - oci:IN/oci:t oci:OUT:t", 4, "and is kept as it is", None),
    ("windows-hives", "plan oci:IN/oci:t --drop /Files/Windows | apply - oci:IN/oci:t oci:OUT:t", 0, "rewritten", platform(**WINDOWS)),
]


class Images:
    """Each case's images, made once, in a folder of this run."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lamina-cases.")
        shutil.copytree(CASES, self.folder, dirs_exist_ok=True)
        self.made = set()

    def of(self, case):
        folder = os.path.join(self.folder, case)
        if case not in self.made:
            self.made.add(case)
            subprocess.run([sys.executable, os.path.join(folder, "gen.py")], check=True, stdout=subprocess.DEVNULL)
        return folder


def run_row(images, row, out):
    case, commands, exits, says, check = row
    words, done = [], None
    for command in commands.split(" | "):
        words = [w.replace("IN/", images.of(case) + "/").replace("OUT", out) for w in command.split()]
        done = lamina.must(*words, stdin=done.stdout if done else b"", exits=(0, exits))
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    short = said if len(said) < 1000 else said[:500] + " ... " + said[-500:]
    if done.returncode != exits:
        raise lamina.Failure("exit %d, not %d: %s" % (done.returncode, exits, short))
    if says and not re.search(says, said, re.S):
        raise lamina.Failure("does not say %r: %s" % (says, short))
    if check:
        check(out)


def attempt(images, row):
    folder = tempfile.mkdtemp(prefix="out.", dir=images.folder)
    try:
        run_row(images, row, os.path.join(folder, "out"))
        return None
    except lamina.Failure as failure:
        return str(failure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", action="store_true", help="keep the images and outputs")
    args = parser.parse_args()
    images, failures = Images(), []
    rows = [row for row in ROWS if not args.names or row[0] in args.names]
    for row in rows:
        why = attempt(images, row)
        if why:
            failures.append(("%s: %s" % row[:2], why))
    if args.keep:
        print("files are in %s" % images.folder)
    else:
        shutil.rmtree(images.folder, ignore_errors=True)
    return lamina.conclude("cases", len(rows) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
