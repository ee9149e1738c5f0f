#!/usr/bin/env python3
"""Plans of many rules and images of many paths: four times the size takes about four times the time of a core, one rule takes little memory,
and a layout stops at once when it is asked to."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

SOON = 0.2  # seconds of a core between the signal and the end


class Run:
    """One command and what it took of one core, and of memory."""

    def __init__(self, *args, stop_after=None, exits=0):
        env = {**os.environ, "XDG_CACHE_HOME": lamina.CACHE}
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen([lamina.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=env)
            before = 0.0
            if stop_after:
                while self.seconds_of(child.pid) < stop_after:
                    time.sleep(0.01)
                before = self.seconds_of(child.pid)
                child.send_signal(signal.SIGINT)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            self.said = errors.read().decode("utf-8", "replace")
        if child.returncode != exits:
            raise lamina.Failure("%r: exit %d: %s" % (args, child.returncode, self.said[-500:]))
        self.seconds = usage.ru_utime + usage.ru_stime - before
        self.megabytes = usage.ru_maxrss / 1024

    @staticmethod
    def seconds_of(pid):
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        if fields[0] == "Z":
            raise lamina.Failure("ended before it was stopped")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def image(folder, names):
    files = tar([plain("file", name.encode(), b"") for name in names], "ustar")
    oci.write_layout(folder, [(files, "none", 1), (tar([plain("file", b"zz/new", b"")]), "none", 1)])
    return "oci:%s:t" % folder


def write_plan(name, rules):
    with open(name, "w", encoding="ascii") as out:
        json.dump({"lamina": 1, "layers": [{"name": "a", "from": "rest"}, {"name": "b"}],
                   "assign": [{"glob": glob, "to": "b"} for glob in rules]}, out)
    return name


def dry_run(plan, source, **options):
    return Run("apply", plan, source, "oci:nowhere:t", "--dry-run", **options)


def many_globs(folder):
    """As many globs as paths, in directories and with stars on both sides."""
    def run(count):
        source = image(os.path.join(folder, "%d" % count), ["d%03d/f%06d.c" % (i % 700, i) for i in range(count)])
        plan = write_plan(os.path.join(folder, "plan"), ["/%s/f%06d.*" % (("d%03d" if i % 2 else "**/*%d") % (i % 700), i)
                                                         for i in range(count)])
        return dry_run(plan, source).seconds
    lamina.grows(lambda: run(10000), lambda: run(40000))


def many_at_the_top(folder):
    """Paths at the top, all recorded in the plan."""
    def run(count):
        source = image(os.path.join(folder, "%d" % count), ["f%06d" % i for i in range(count)])
        plan = os.path.join(folder, "plan")
        Run("plan", source, "--flatten", "--force", "-o", plan)
        return dry_run(plan, source).seconds
    lamina.grows(lambda: run(25000), lambda: run(100000))


def long_glob(folder):
    """A glob of 64 KB whose braces would be 512 of these."""
    source = image(os.path.join(folder, "image"), ["f"])
    plan = write_plan(os.path.join(folder, "plan"), ["/" + "{a,b}" * 9 + "x" * 65000])
    run = dry_run(plan, source, exits=4)
    if "is too long" not in run.said or run.megabytes > 64:
        raise lamina.Failure("%.0f MB: %s" % (run.megabytes, run.said[-300:]))


def stops(folder):
    """In the middle of a layout that takes minutes: long names, and a glob with a star before each letter."""
    source = image(os.path.join(folder, "image"), ["%05d" % i + "a" * 95 for i in range(20000)])
    plan = write_plan(os.path.join(folder, "plan"), ["/*%d" % (i % 10) + "*a" * 3000 + "b%d" % i for i in range(100)])

    def stop():
        run = dry_run(plan, source, stop_after=0.7, exits=130)
        if run.seconds > SOON:
            raise lamina.Failure("%.2f s of a core after the signal" % run.seconds)
    lamina.persist(stop)


def main():
    # what a child takes counts from its fork on, with what this program has by then
    return lamina.run_checks("plans", (long_glob, many_globs, many_at_the_top, stops))


if __name__ == "__main__":
    sys.exit(main())
