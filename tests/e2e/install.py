#!/usr/bin/env python3
"""What `make install` puts where, and a program of somebody else's that is built with it."""
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
FILES = """bin/lamina include/lamina/image.h lib/liblamina.a lib/liblamina.so lib/liblamina.so.0 lib/pkgconfig/lamina.pc
share/bash-completion/completions/lamina share/fish/vendor_completions.d/lamina.fish share/man/man1/lamina.1
share/man/man1/lamina-apply.1 share/man/man5/lamina-plan.5 share/man/man7/lamina-keys.7 share/lamina/schema/inspect.json share/zsh/site-functions/_lamina""".split()
# The sample image's own: a chown that stored what was there, and a cache that a layer removed.
WASTED = [(700000, 2, "/opt/app/model.bin"), (450000, 1, "/var/cache/apt/pkgcache.bin"), (400000, 0, "/var/cache/apt/pkgcache.bin"),
          (250000, 1, "/var/cache/apt/archives/python3.deb"), (240000, 2, "/opt/app/static/app.js"), (16, 2, "/root/.netrc"),
          (15, 2, "/opt/app/main.py"), (8, 2, "/opt/app/static/caf\u00e9.css")]


def check(what, fine, why=""):
    (PASSED.append(what) if fine else FAILURES.append((what, why or "no")))


def install(**variables):
    words = ["make", "-s", "install", "BUILD=" + os.path.dirname(lamina.PROGRAM)] + ["%s=%s" % v for v in variables.items()]
    # neither the tests' own make's jobs nor its words are this one's
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    subprocess.run(words, cwd=lamina.REPOSITORY, check=True, env=env, stdout=subprocess.DEVNULL)


def files(top):
    return {os.path.relpath(os.path.join(folder, name), top) for folder, _, names in os.walk(top) for name in names}


def output(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise lamina.Failure("%s: %s" % (" ".join(words), done.stderr))
    return done.stdout


def check_symbols(prefix, _):
    """The shared library shows what the headers declare, which is all there; not its insides."""
    names = sorted(os.listdir(prefix + "/include/lamina"))
    text = output("cc", "-E", "-P", "-I", prefix + "/include", "-", input="".join("#include <lamina/%s>\n" % n for n in names))
    declared = set(re.findall(r"\b(lam_\w+)\s*\(", text))
    shown = {line.split()[2].split("@")[0] for line in output("nm", "-D", "--defined-only", prefix + "/lib/liblamina.so").splitlines()}
    check("symbols", shown - {"LAMINA_0"} == declared and len(declared) > 50, "differ: %r" % ((shown - {"LAMINA_0"}) ^ declared))
    check("soname", "[liblamina.so.0]" in output("readelf", "-d", prefix + "/lib/liblamina.so"))


def check_example(prefix, here):
    env = {**os.environ, "PKG_CONFIG_PATH": prefix + "/lib/pkgconfig"}
    flags = output("pkg-config", "--cflags", "--libs", "lamina", env=env).split()
    needs = output("pkg-config", "--print-requires-private", "lamina", env=env).split()
    archived = " ".join(flags).replace("-llamina", "-l:liblamina.a").split() + output("pkg-config", "--libs", *needs).split() + ["-pthread"]
    source = os.path.join(lamina.REPOSITORY, "tests", "examples", "wasted.c")
    sample.make(here + "/image")
    want = "".join("%12d  layer %d  %s\n" % row for row in WASTED)
    for name, libraries in ("shared", flags), ("static", archived):
        output("cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", here + "/" + name, source, *libraries)
        env = {**os.environ, "LD_LIBRARY_PATH": prefix + "/lib" if name == "shared" else ""}
        got = output(here + "/" + name, "oci:" + here + "/image", env=env)
        check("wasted, " + name, got == want, got)
    check("shared needs the library", "liblamina.so.0" in output("readelf", "-d", here + "/shared"))


def main():
    with tempfile.TemporaryDirectory() as here:
        prefix, staged = here + "/usr", here + "/staged"
        install(PREFIX=prefix)
        install(PREFIX="/usr", DESTDIR=staged)
        check("files", set(FILES) <= files(prefix), "not there: %r" % (set(FILES) - files(prefix)))
        check("the same below DESTDIR", files(staged + "/usr") == files(prefix) and os.listdir(staged) == ["usr"])
        with open(staged + "/usr/lib/pkgconfig/lamina.pc", encoding="utf-8") as file:
            check("no DESTDIR in lamina.pc", "prefix=/usr\n" in file.read())
        version = output(prefix + "/bin/lamina", "--version")
        check("version", version == "lamina %s\n" % output("pkg-config", "--modversion", prefix + "/lib/pkgconfig/lamina.pc").strip(), version)
        check("a page a command", len(files(prefix + "/share/man/man1")) > 10)
        for part in check_symbols, check_example:
            try:
                part(prefix, here)
            except lamina.Failure as failure:
                FAILURES.append((part.__name__, str(failure)))
    return lamina.conclude("install", len(PASSED), FAILURES)


sys.exit(main())
