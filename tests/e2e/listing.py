#!/usr/bin/env python3
"""Many names of one file: four times as many take about four times the time of a core to list and to export, and both stop at once when they are
asked to, leaving nothing behind."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "prop")]
import lamina  # noqa: E402
import oci  # noqa: E402
from plans import SOON, Run  # noqa: E402
from tarmake import plain, tar  # noqa: E402


def links(folder, count):
    entries = [plain("file", b"first", b"x")] + [plain("link", b"d/%d" % i, target=b"first") for i in range(count)]
    oci.write_layout(folder, [(tar(entries, "ustar"), "gzip", 1)])
    return "oci:%s:t" % folder


def stops(words, after):
    stopped = Run(*words, stop_after=after, exits=130)
    if stopped.seconds > SOON or "lamina: stopped" not in stopped.said:
        raise lamina.Failure("%.2f s until it stopped: %s" % (stopped.seconds, stopped.said[-200:]))


def main():
    passed, failures = 0, []
    with tempfile.TemporaryDirectory(prefix="lamina-listing.") as scratch:
        few, many = (links(os.path.join(scratch, str(n)), n) for n in (15000, 60000))
        place = os.path.join(scratch, "out")
        os.mkdir(place)
        for image in (few, many):
            lamina.must("inspect", image)
        for what, words in (("ls", lambda image: ("ls", "-lR", image)),
                            ("ls --json", lambda image: ("ls", "--json", "-R", image)),
                            ("export", lambda image: ("export", image, "/", os.path.join(place, "out.tar")))):
            try:
                _, seconds = lamina.grows(lambda: Run(*words(few)).seconds, lambda: Run(*words(many)).seconds)
                lamina.persist(lambda: stops(words(many), seconds / 2))
                if any(name.startswith(".") for name in os.listdir(place)):
                    raise lamina.Failure("left behind: %s" % os.listdir(place))
                passed += 1
            except lamina.Failure as failure:
                failures.append((what, str(failure)))
    return lamina.conclude("listing", passed, failures)


if __name__ == "__main__":
    sys.exit(main())
