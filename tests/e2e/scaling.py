#!/usr/bin/env python3
"""Four times as much takes about four times as long, not sixteen: entries, layers, layers upside down, names of one file,
whiteouts, rules.

SCALE=N: N times the sizes of CI (default 1; 10 has 10,000 layers); what each took is printed.
Measured is the processor's time, which other programs do not change by much.
"""
import functools
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import tarmake  # noqa: E402

SCALE = int(os.environ.get("SCALE", "1"))


def header_of(kind, target=b"", mode=0o644):
    """A function from a name of at most 99 bytes to its header."""
    block = tarmake.header(b"", tarmake.TYPES[kind], {"kind": kind, "mode": mode}, 0, tarmake.USTAR_MAGIC, target=target)
    rest, base = block[100:148] + b"%s" + block[156:], sum(block) - sum(block[148:156]) + 8 * 0x20

    def header(name):
        return name.ljust(100, b"\0") + rest.replace(b"%s", b"%06o\0 " % (base + sum(name)), 1)
    return header


def write(folder, layers, how="none"):
    oci.write_layout(folder, [(b"".join(headers) + b"\0" * 1024, how, 1) for headers in layers])


def plan(folder, rules, stack=({"name": "rest", "from": "rest"}, {"name": "b"})):
    with open(os.path.join(folder, "plan.json"), "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "layers": stack, "assign": rules}, f)


def entries(folder, count):
    """Files, a hundred in a directory."""
    header = header_of("file")
    write(folder, [[header(b"d%d/f%d" % (n // 100, n)) for n in range(count)]])
    plan(folder, [{"path": "/d1", "to": "b"}])


def layers(folder, count):
    header = header_of("file")
    write(folder, [[header(b"d%d/f" % (n % 50)), header(b"g%d" % n)] for n in range(count)])
    plan(folder, [{"glob": "/d*", "to": "b"}])


def backwards(folder, count):
    """Upside down each layer hides what is in all those below it."""
    header = header_of("file")
    write(folder, [[header(b"d/.wh..wh..opq"), header(b"d/f%d" % n), header(b"g%d" % n)] for n in range(count)])
    plan(folder, [], [{"name": "l%d" % n, "from": [n]} for n in reversed(range(count))])


def links(folder, count):
    first, header = header_of("file"), header_of("link", b"a")
    write(folder, [[first(b"a")] + [header(b"d%d/l%d" % (n // 1000, n)) for n in range(count)]])
    plan(folder, [{"path": "/d0", "to": "b"}])


def whiteouts(folder, count):
    header = header_of("file")
    write(folder, [[header(b"d%d/f%d" % (n // 100, n)) for n in range(count)],
                   [header(b"d%d/.wh.f%d" % (n // 100, n)) for n in range(count)] + [header(b"x")]])
    plan(folder, [{"path": "/x", "to": "b"}])


def rules(folder, count):
    """Half of them paths, half globs."""
    header = header_of("file")
    write(folder, [[header(b"d%d/f%d" % (n // 100, n)) for n in range(count)]])
    plan(folder, [{"path": "/d%d/f%d" % (n // 100, n), "to": "b"} if n % 2 else
                  {"glob": "/d%d/f%d*" % (n // 100, n), "to": "b"} for n in range(count)])


CASES = {entries: 25000, layers: 250, backwards: 250, links: 5000, whiteouts: 25000, rules: 2500}


def took(words):
    """Seconds of the processor that a run takes."""
    with open(os.devnull, "w", encoding="ascii") as nothing:
        pid = os.posix_spawn(lamina.PROGRAM, [lamina.PROGRAM, *words], {**os.environ, "XDG_CACHE_HOME": "", "HOME": ""},
                             file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), fd) for fd in (1, 2)])
        _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise lamina.Failure("%r: status %#x" % (words, status))
    return used.ru_utime + used.ru_stime


def grows(case, scratch):
    sizes = [CASES[case] * SCALE, 4 * CASES[case] * SCALE]
    folders = [os.path.join(scratch, str(size)) for size in sizes]
    for size, folder in zip(sizes, folders):
        os.mkdir(folder)
        case(folder, size)

    def ls(folder):
        return took(["ls", "-lR", "--dead", "oci:%s:t" % folder])

    def apply(folder):
        with tempfile.TemporaryDirectory(dir=scratch) as out:
            return took(["apply", "--progress=none", os.path.join(folder, "plan.json"), "oci:%s:t" % folder, "oci:%s/out" % out])

    for command in (ls, apply):
        seconds = lamina.grows(*(functools.partial(command, folder) for folder in folders))
        print("scaling: %-9s %8d -> %8d  %-5s %7.2f s -> %7.2f s" % (case.__name__, *sizes, command.__name__, *seconds), flush=True)


def main():
    failures = []
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="lamina-scaling.") as scratch:
            try:
                grows(case, scratch)
            except (lamina.Failure, OSError) as failure:
                failures.append((case.__name__, str(failure)))
    return lamina.conclude("scaling", len(CASES) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
