#!/usr/bin/env python3
"""One plan over 20 images in a registry, by the README's own words: one of the jobs is killed, and the same words do what is left.

    many.py
"""
import functools
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from registries import DebianRegistry  # noqa: E402
from tarmake import plain, tar  # noqa: E402

COUNT, KILLED = 20, "app-07"
INSECURE = "--tls-verify=false"
SAME = b'{"lamina": 1, "layers": [{"name": "base", "from": [0]}, {"name": "app", "from": [1]}]}'
# What stands for lamina in $PATH: the registry has no TLS, each call is written down, and one is killed the first time.
PROGRAM = """#!/bin/sh
echo "$3" >>"$FOLDER/calls"
case $3 in
*%s*)
    if mkdir "$FOLDER/killed" 2>/dev/null; then
        "$LAMINA" "$@" %s &
        kill -KILL $!
        wait $!
        exit $?
    fi ;;
esac
exec "$LAMINA" "$@" %s
""" % (KILLED, INSECURE, INSECURE)


def need(what, *about):
    if not what:
        raise lamina.Failure("; ".join(repr(a) for a in about) or "not so")


def blocks(kind):
    """The README's blocks of a kind, of its part about many images."""
    with open(os.path.join(lamina.REPOSITORY, "README.md"), encoding="utf-8") as f:
        part = f.read().split("\n## Many images\n")[1].split("\n## ")[0]
    return re.findall("^```%s\n(.*?)^```" % kind, part, re.M | re.S)


def push(folder, registry, count):
    """Images of one base and of an application each; images.txt, and the plan."""
    names = ["%s/team/app-%02d:1" % (registry.host, n) for n in range(1, count + 1)]
    base = tar([plain("file", b"usr/lib/libc", b"libc" * 9000)])
    for n, name in enumerate(names):
        layers = [(base, "gzip", 1), (tar([plain("file", b"opt/app", b"%d" % n * 5000), plain("file", b"etc/conf", b"c")]), "gzip", 1)]
        oci.write_layout(folder + "/one", layers)
        lamina.must("apply", "-", "oci:%s/one:t" % folder, "docker://" + name, INSECURE, stdin=SAME)
        shutil.rmtree(folder + "/one")
    with open(folder + "/images.txt", "w", encoding="ascii") as f:
        f.write("\n".join(names) + "\n")
    with open(folder + "/app.plan.json", "w", encoding="ascii") as f:
        f.write('{"lamina": 1, "layers": [{"name": "base", "from": [0]}, {"name": "rest", "from": "rest"}, {"name": "app"}],'
                ' "assign": [{"path": "/opt", "to": "app"}]}')
    return names


def shell(folder, words, **env):
    os.makedirs(folder + "/bin", exist_ok=True)
    with open(folder + "/bin/lamina", "w", encoding="ascii") as f:
        f.write(PROGRAM)
    os.chmod(folder + "/bin/lamina", 0o755)
    return subprocess.run(["sh", "-euc", words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False,
                          env={**os.environ, "PATH": folder + "/bin:" + os.environ["PATH"], "FOLDER": folder, "HOME": folder,
                               "LAMINA": lamina.PROGRAM, "XDG_CACHE_HOME": lamina.CACHE, **env})


def calls(folder):
    with open(folder + "/calls", encoding="ascii") as f:
        done = f.read().split()
    os.remove(folder + "/calls")
    return done


def beside_registry(check):
    """check(folder, registry) with a registry of its own."""
    @functools.wraps(check)
    def run(folder):
        registry = DebianRegistry(folder + "/registry")
        try:
            check(folder, registry)
        finally:
            registry.stop()
    return run


@beside_registry
def is_resumed(folder, registry):
    """All but the one that was killed are done; then that one alone is."""
    names, words = push(folder, registry, COUNT), blocks("sh")[0]
    tags = lambda: [bool(registry.manifest(name.split("/", 1)[1].split(":")[0], "1-cut")[1]) for name in names]  # noqa: E731
    first = shell(folder, words)
    need(first.returncode == 1 and len(calls(folder)) == COUNT, first)
    need([KILLED in name or there for name, there in zip(names, tags())] == [True] * COUNT, first)
    with open(folder + "/cut.log", encoding="ascii") as log:
        ends = [line.split("\t")[6:] for line in log.read().splitlines()[1:]]
    need([KILLED in words for end, _, words in ends if end != "0"] == [True] and len(ends) == COUNT, ends)
    second = shell(folder, words)
    need(second.returncode == 0 and [KILLED in name for name in calls(folder)] == [True], second)
    need(all(tags()))
    for name in (names[0], names[6]):
        lamina.must("diff", "docker://" + name, "docker://%s-cut" % name, INSECURE)
    third = shell(folder, words)
    need(third.returncode == 0 and not os.path.exists(folder + "/calls"), third)


@beside_registry
def by_index(folder, registry):
    """What a pod of the Job runs does the image of its index."""
    names = push(folder, registry, 4)
    script = re.search(r"- \|\n(.*?)\n +volumeMounts", blocks("yaml")[0], re.S)[1].replace("/cut/", folder + "/")
    done = shell(folder, script, JOB_COMPLETION_INDEX="3")
    need(done.returncode == 0 and calls(folder) == ["docker://" + names[3]], done)
    need(registry.manifest("team/app-04", "1-cut")[1], done)


def main():
    return lamina.run_checks("many", (is_resumed, by_index))


if __name__ == "__main__":
    sys.exit(main())
