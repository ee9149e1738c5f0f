"""Runs lamina, and reads its listings in the reference's terms."""
import atexit
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

import oci

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("LAMINA") or os.path.join(REPOSITORY, "build", "lamina")
EXITS = (0, 1, 2, 3, 4, 5)
# Of this run: what is opened again is read from it, and has to be the same.
CACHE = tempfile.mkdtemp(prefix="lamina-cache.")
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)


SCHEMAS, TRIED = {}, []
SCHEMA_TRIES = 20  # of a command and a run: a validator in Python takes long


class Failure(Exception):
    """What a check found wrong, in words."""


def fits_schema(command, text):
    """What a command's --json printed is as tui/schema says."""
    if command not in SCHEMAS:
        # Debian's package is not seen by a Python of one's own that stands first in $PATH
        sys.path.append("/usr/lib/python3/dist-packages")
        import jsonschema
        with open(os.path.join(REPOSITORY, "tui", "schema", command + ".json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        SCHEMAS[command] = jsonschema.Draft202012Validator(schema)
    for error in SCHEMAS[command].iter_errors(json.loads(text)):
        deepest = max([error, *error.context], key=lambda e: len(e.path))
        raise Failure("%s: not as tui/schema/%s.json has it: %s: %s" % (command, command, deepest.json_path, deepest.message[:300]))


def check_json(args, output):
    """Looks at some of what all tests see."""
    tries = [name for name in TRIED if name == args[0]]
    if "--json" in args and output and len(output) < 50000 and len(tries) < SCHEMA_TRIES:
        TRIED.append(args[0])
        fits_schema(args[0], output)


def run(*args, stdin=b"", timeout=60, env=None, cwd=None):
    """Any end that the design does not know (a signal, a sanitizer's report, none at all) is a Failure."""
    words = [PROGRAM, *args]
    try:
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, cwd=cwd,
                              env={**os.environ, "XDG_CACHE_HOME": CACHE, **(env or {})}, check=False)
    except subprocess.TimeoutExpired:
        raise Failure("%r: still running after %d s" % (args, timeout)) from None
    errors = done.stderr.decode("utf-8", "replace")
    if done.returncode not in EXITS or "Sanitizer" in errors or "runtime error:" in errors:
        raise Failure("%r: exit %d: %s" % (args, done.returncode, errors[-2000:]))
    if done.returncode in (0, 1):
        check_json(args, done.stdout)
    return done


def must(*args, exits=(0,), **options):
    done = run(*args, **options)
    if done.returncode not in exits:
        raise Failure("%r: exit %d: %s" % (args, done.returncode, done.stderr.decode("utf-8", "replace").strip()))
    return done


def _entry(e):
    kind = e["kind"]
    return {
        "kind": kind, "mode": int(e["mode"], 8), "uid": e["uid"], "gid": e["gid"], "mtime_s": e["mtime"],
        "mtime_ns": e["mtime_ns"], "size": e["size"] if kind == "file" else 0, "layer": e["layer"],
        "content": e["sha256"] if kind == "file" else None,
        "target": oci.unescape(e["target"]) if kind == "symlink" else None,
        "dev": (e["dev_major"], e["dev_minor"]) if kind in ("char", "block") else None,
        "records": {k: base64.b64decode(v) for k, v in e.get("attributes", {}).items()}, "links": e["links"],
    }


def listing(image, **options):
    """path -> entry, as reference.merge, but that 'links' is a number."""
    document = json.loads(must("ls", "--json", "-R", image, **options).stdout)
    assert document["lamina"] == 1
    return {oci.unescape(e["path"]): _entry(e) for e in document["entries"]}


def as_listed(tree):
    """A tree of the reference, or an unpacked one, as listing() would have it."""
    return {path: {**e, "links": len(e["links"])} for path, e in tree.items()}


def attempt(name, seed, keep, check):
    """(seed, what went wrong or None): check gets a folder of its own, which stays where it is to be kept."""
    folder = tempfile.mkdtemp(prefix="lamina-%s-%d." % (name, seed))
    try:
        check(folder)
        return seed, None
    except Failure as failure:
        return seed, str(failure)
    except Exception as failure:  # a broken output shows in many ways
        return seed, "%s: %s" % (type(failure).__name__, failure)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print("seed %d: files are in %s" % (seed, folder))


def persist(check, tries=6):
    """What check returns, once it passes: other programs can spoil a measurement, and a fault spoils each of them."""
    for left in reversed(range(tries)):
        try:
            return check()
        except Failure:
            if not left:
                raise


def grows(once, fourfold):
    """How many seconds of a core four times as much takes, by the shortest measurement of each: about four times as long, not sixteen."""
    shortest = [float("inf")] * 2

    def compare():
        shortest[:] = [min(best, measure()) for best, measure in zip(shortest, (once, fourfold))]
        if shortest[1] > 8 * max(shortest[0], 0.05):
            raise Failure("%.2f s, and %.2f s for four times as much" % tuple(shortest))
    persist(compare)
    return shortest


def conclude(name, passed, failures, skipped=0):
    """The last line, and the exit status."""
    for what, why in failures:
        print("%s: %s: %s" % (name, what, why))
    print("%d passed, %d failed%s" % (passed, len(failures), ", %d skipped" % skipped if skipped else ""), flush=True)
    return 1 if failures else 0


def run_checks(name, checks, *about, place=None):
    """check(*about) for each of them; without any, check(place(folder)) with a folder of its own, or check(folder). The exit status."""
    failures = []
    for check in checks:
        folder = None if about else tempfile.mkdtemp(prefix="lamina-%s." % name)
        try:
            check(*(about or (place(folder) if place else folder,)))
        except (Failure, AssertionError, OSError, subprocess.SubprocessError) as failure:
            failures.append((check.__name__, failure))
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
    return conclude(name, len(checks) - len(failures), failures)
