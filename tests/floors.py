#!/usr/bin/env python3
"""Holds the house's floors: usage: floors.py BUILD, where BUILD holds the objects of core/ and tui/.

A folder is a floor. A file includes headers of its own floor or of lower ones, and calls the same; the calls are read
from the objects' symbols, so that a declaration by hand hides nothing. No circle of files leaves its folder.
"""
import os
import re
import subprocess
import sys

# Bottom to top.
CORE = "base io codec tar oci registry store layer tree image package plan layout suggest write".split()
# Which floor says what a public header declares.
PUBLIC = {"error": "base", "path": "base", "glob": "base", "progress": "base", "stat": "base", "access": "base", "compression": "codec", "setting": "oci", "note": "layer", "tree": "tree", "estimate": "image", "pull": "image", "suggest": "suggest",
          "image": "image", "packages": "package", "reference": "store", "referrer": "store", "plan": "plan", "edit": "plan", "layout": "layout", "write": "write"}

# The same of tui/; folders of one line stand side by side. A pane's state.h is on the floor of editor/state, which holds them all.
TUI = [line.split() for line in """
    ui term
    editor/list editor/find editor/analysis
    editor/keys
    editor/state
    editor/frame
    editor/dialogs
    editor/files
    editor/details
    editor/plan
    editor/layers
    editor
    shell
    cli
""".strip().splitlines()]

bad = []


def floor_of(path):
    """The rank of a file, or None: core/ is below tui/."""
    part = path.split("/")
    if part[:3] == ["core", "include", "lamina"]:
        return CORE.index(PUBLIC[part[3][:-2]])
    if part[0] == "core":
        return CORE.index(part[1]) if len(part) == 3 else None
    folder = "editor/state" if part[1] == "editor" and part[-1] in ("state.h", "tabs.def") else "/".join(part[1:-1])
    return next((len(CORE) + rank for rank, folders in enumerate(TUI) if folder in folders), None)


def sources(top, ends):
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            if name.endswith(ends):
                yield os.path.join(folder, name)


def included(path):
    with open(path) as text:
        for number, line in enumerate(text, 1):
            found = re.match(r'#include (?:"([^"]+)"|<(lamina/[^>]+)>)', line)
            if found:
                yield number, found[1] or found[2]


def target_of(path, name):
    """The file that an include of `path` names; None where it names none that it may."""
    if name.startswith("lamina/"):
        target = "core/include/" + name
    elif path.startswith("core/") or name.startswith("base/"):
        target = "core/" + name
    else:
        target = "tui/" + name
    return target if os.path.exists(target) else None


def check_includes():
    for path in [path for top in ("core", "tui") for path in sources(top, (".c", ".h"))]:
        if floor_of(path) is None:
            bad.append(f"{path}: its folder is no floor")
            continue
        for number, name in included(path):
            target = target_of(path, name)
            if not target:
                bad.append(f"{path}:{number}: {name} is no header of its half, or (of tui/) of base/ and <lamina/...>")
            elif floor_of(target) > floor_of(path):
                bad.append(f"{path}:{number}: {name} is on a higher floor")


def calls(build):
    """{file: files that define what it uses}, of the objects."""
    defined, used = {}, {path: set() for top in ("core", "tui") for path in sources(top, ".c")}
    made = [os.path.join(build, path[:-2] + ".o") for path in used]
    for line in subprocess.run(["nm", "-A", "-P"] + made, check=True, capture_output=True, text=True).stdout.splitlines():
        path, symbol, kind = line.split()[:3]
        path = os.path.relpath(path[:-3], build) + ".c"
        if kind == "U":
            used[path].add(symbol)
        elif kind.isupper():
            defined[symbol] = path
    return {path: {defined[s] for s in symbols if s in defined} - {path} for path, symbols in used.items()}


def circles(graph):
    """Strongly connected files, by Tarjan without recursion."""
    index, low, on, stack, out = {}, {}, set(), [], []
    for root in graph:
        work = [(root, iter(sorted(graph[root])))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            stack.append(root)
            on.add(root)
        while work:
            node, rest = work[-1]
            below = next(rest, None)
            if below is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    ring = []
                    while not ring or ring[-1] != node:
                        ring.append(stack.pop())
                        on.discard(ring[-1])
                    if len(ring) > 1:
                        out.append(sorted(ring))
            elif below not in index:
                index[below] = low[below] = len(index)
                stack.append(below)
                on.add(below)
                work.append((below, iter(sorted(graph[below]))))
            elif below in on:
                low[node] = min(low[node], index[below])
    return out


def check_calls(build):
    graph = calls(build)
    for path, targets in graph.items():
        for target in sorted(targets):
            if floor_of(target) > floor_of(path):
                bad.append(f"{path}: calls up into {target}")
    for ring in circles(graph):
        if len({os.path.dirname(path) for path in ring}) > 1:
            bad.append("a circle of files over several folders: " + " ".join(ring))


check_includes()
check_calls(sys.argv[1])
for line in bad:
    print(f"lint: floors: {line}", file=sys.stderr)
sys.exit(1 if bad else 0)
