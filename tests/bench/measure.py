"""Runs commands side by side, in turn, and tells what they cost."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time


class Failure(Exception):
    """A command that should have worked."""


class Cost:
    """One run: seconds on the clock, seconds of all cores, the largest process' peak in bytes."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def _serve():
    """Runs what comes in, a line of JSON each. A process of its own, as what a child has used at the most counts from
    the memory of whoever started it, and the benchmark itself holds long lists."""
    for line in sys.stdin:
        job = json.loads(line)
        start = time.monotonic()
        with subprocess.Popen(job["words"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env=job["env"], cwd=job["cwd"]) as process:
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024,
                          "exit": process.returncode, "errors": errors.decode("utf-8", "replace")[-1000:]}), flush=True)


_server = None


def run(command, env=None, cwd=None):
    """command: words, or a line for bash."""
    global _server  # pylint: disable=global-statement
    if not _server:
        _server = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
    words = ["bash", "-ec", "set -o pipefail; " + command] if isinstance(command, str) else command
    _server.stdin.write(json.dumps({"words": words, "env": {**os.environ, **(env or {})}, "cwd": cwd}) + "\n")
    _server.stdin.flush()
    done = json.loads(_server.stdout.readline())
    if done["exit"] != 0:
        raise Failure("%s: exit %d: %s" % (command, done["exit"], done["errors"]))
    return Cost(done["wall"], done["cpu"], done["peak"])


class Contestant:
    """Something to measure: before() makes its place, after() looks at what it made and returns a size or None."""

    def __init__(self, name, command, before=None, after=None, env=None, cwd=None):
        self.name, self.command, self.before, self.after = name, command, before, after
        self.env, self.cwd = env, cwd
        self.costs, self.size = [], None

    def once(self):
        if self.before:
            self.before()
        self.costs.append(run(self.command, self.env, self.cwd))
        if self.after:
            self.size = self.after()

    wall = property(lambda self: statistics.median(c.wall for c in self.costs))
    cpu = property(lambda self: statistics.median(c.cpu for c in self.costs))
    peak = property(lambda self: max(c.peak for c in self.costs))


def in_turn(contestants, times):
    """Each once, then each once more: what disturbs the machine disturbs all of them."""
    for _ in range(times):
        for contestant in contestants:
            print("  %s ..." % contestant.name, end="", file=sys.stderr, flush=True)
            contestant.once()
            print(" %.2f s" % contestant.costs[-1].wall, file=sys.stderr)


def empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


def size_of(folder):
    """Bytes of all files below it."""
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


if __name__ == "__main__":
    _serve()
