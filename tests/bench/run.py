#!/usr/bin/env python3
"""lamina and what would be used instead, side by side in one run: medians, ratios, bars.

usage: run.py [--json FILE] [--smoke]

Environment:
  BENCH         stages, with commas between them (default: all but large): inspect seed large small threads replay million huge cat
  BENCH_IMAGES  a folder with images 'medium' and 'large' (tests/bench/images makes them); default build/bench/images
  BENCH_VERSIONS  a folder with versions of images (tests/bench/versions makes them), for replay; default build/bench/versions
  BENCH_WORK    a folder for what is made and written, 20 GB; default build/bench/work
  BENCH_RUNS    how often each is run (default 3)
  LAMINA        the program (default build/lamina)
"""
import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys

import made
from measure import Contestant, Failure, empty, in_turn, size_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAMINA = os.path.abspath(os.environ.get("LAMINA") or os.path.join(ROOT, "build", "lamina"))
IMAGES = os.path.abspath(os.environ.get("BENCH_IMAGES") or os.path.join(ROOT, "build", "bench", "images"))
VERSIONS = os.path.abspath(os.environ.get("BENCH_VERSIONS") or os.path.join(ROOT, "build", "bench", "versions"))
WORK = os.path.abspath(os.environ.get("BENCH_WORK") or os.path.join(ROOT, "build", "bench", "work"))
RUNS = int(os.environ.get("BENCH_RUNS") or 3)
MIB = 1 << 20

UMOCI = """umoci raw unpack --image {image}:latest root
tar -C root --xattrs --numeric-owner --exclude=./opt -cf rest.tar .
tar -C root --xattrs --numeric-owner -cf opt.tar ./opt
umoci init --layout out; umoci new --image out:latest
umoci raw add-layer --image out:latest rest.tar
umoci raw add-layer --image out:latest opt.tar"""


def work(*names):
    return os.path.join(WORK, *names)


def ask(*words):
    """What lamina prints, from the cache that all but cold runs use."""
    return subprocess.run([LAMINA, *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, **WARM}).stdout


WARM = {"XDG_CACHE_HOME": work("cache")}
COLD = {"XDG_CACHE_HOME": work("cold")}


class Report:
    def __init__(self):
        self.stages, self.bars, self.stage = [], [], None

    def begin(self, name, title):
        self.stage = {"name": name, "title": title, "rows": []}
        self.stages.append(self.stage)

    def rows(self, contestants):
        for c in contestants:
            self.stage["rows"].append({
                "what": c.name, "wall": round(c.wall, 3), "cpu": round(c.cpu, 3), "peak": c.peak, "size": c.size,
                "runs": [round(cost.wall, 3) for cost in c.costs]})

    def bar(self, what, value, limit, unit="", most=False):
        """most: the value may be no larger than the limit; else no smaller."""
        self.bars.append({"stage": self.stage["name"], "what": what, "value": round(value, 3), "bar": round(limit, 3),
                          "unit": unit, "most": most, "passed": value <= limit if most else value >= limit})

    def print(self):
        for stage in self.stages:
            print("\n%s\n\n| what | median | all cores | peak | output |\n|---|---:|---:|---:|---:|" % stage["title"])
            for r in stage["rows"]:
                print("| %s | %.2f s | %.2f s | %.0f MiB | %s |" % (
                    r["what"], r["wall"], r["cpu"], r["peak"] / MIB, "%.1f MB" % (r["size"] / 1e6) if r["size"] else ""))
        if not self.bars:
            return
        print("\n| stage | must hold | is | bar | |\n|---|---|---:|---:|---|")
        for b in self.bars:
            print("| %s | %s | %.2f%s | %s %.2f%s | %s |" % (
                b["stage"], b["what"], b["value"], b["unit"], "≤" if b["most"] else "≥", b["bar"], b["unit"],
                "pass" if b["passed"] else "**fail**"))


REPORT = Report()


def has(*programs):
    return all(shutil.which(p) for p in programs)


def blobs_of(image):
    return [os.path.join(image, "blobs", "sha256", layer["digest"].split(":")[1])
            for layer in json.loads(ask("inspect", "--json", image))["layers"]]


def entries_of(image):
    return len(json.loads(ask("ls", "-R", "--json", image))["entries"])


def memory_bar(what, peak, entries):
    REPORT.bar("peak memory: " + what, peak / MIB, 64 + entries * 200 / MIB, " MiB", most=True)


def inspect(image):
    REPORT.begin("inspect", "Reading: every digest checked, every layer indexed and merged")
    blobs = " ".join(blobs_of(image))
    peer = Contestant("gzip -dc \\| sha256sum, layer by layer", "for b in %s; do gzip -dc $b | sha256sum; done" % blobs)
    cold = Contestant("lamina inspect, nothing cached", [LAMINA, "inspect", image],
                      before=lambda: empty(work("cold")), env=COLD)
    again = Contestant("lamina inspect, again", [LAMINA, "inspect", image], env=COLD)
    more = []
    if has("pigz"):
        more.append(Contestant("pigz -dc \\| sha256sum", "for b in %s; do pigz -dc $b | sha256sum; done" % blobs))
    if has("skopeo"):
        more.append(Contestant("skopeo copy to a docker-archive",
                               ["skopeo", "copy", "-q", "oci:%s:latest" % image, "docker-archive:" + work("skopeo.tar")],
                               before=lambda: os.path.exists(work("skopeo.tar")) and os.remove(work("skopeo.tar"))))
    in_turn([peer, *more, cold, again], RUNS)
    REPORT.rows([peer, *more, cold, again])
    REPORT.bar("inspect, cold, against gzip and sha256sum", peer.wall / cold.wall, 3, "×")
    REPORT.bar("inspect, again, of cold", 100 * again.wall / cold.wall, 5, " %", most=True)
    memory_bar("inspect, cold", cold.peak, entries_of(image))


def job(image, compression, cold, *extra):
    """The job: all but /opt one layer, /opt another."""
    out = work("out")
    name = "lamina plan \\| apply, %s%s%s" % (compression, " ".join(("",) + extra),
                                            ", nothing cached" if cold else "")
    line = "%s plan %s --flatten --split /opt | sed '1s/^{/{\"compression\":\"%s\",/' | %s apply - %s oci:%s %s" % (
        LAMINA, image, compression, LAMINA, image, out, " ".join(extra))

    def before():
        shutil.rmtree(out, ignore_errors=True)
        if cold:
            empty(work("cold"))

    return Contestant(name, line, before=before, after=lambda: size_of(out), env=COLD if cold else WARM)


def replay(image, compression):
    """The same in one process, from a plan that was saved, as a fresh CI machine does it."""
    plan = work("replay.json")
    text = ask("plan", image, "--flatten", "--split", "/opt").decode()
    with open(plan, "w", encoding="utf-8") as out:
        out.write(text.replace("{", '{"compression":"%s",' % compression, 1))

    def before():
        shutil.rmtree(work("out"), ignore_errors=True)
        empty(work("cold"))

    return Contestant("lamina apply of a saved plan, %s, nothing cached" % compression,
                      [LAMINA, "apply", plan, image, "oci:" + work("out")], before=before,
                      after=lambda: size_of(work("out")), env=COLD)


def umoci(image):
    """What would be used instead, where it is there."""
    place = work("umoci")
    return [Contestant("umoci: unpack, tar, add-layer twice", UMOCI.format(image=image), before=lambda: empty(place),
                       after=lambda: size_of(os.path.join(place, "out")), cwd=place)] if has("umoci") else []


def seed(image, stage="seed"):
    REPORT.begin(stage, "The seed's job on '%s': /opt one layer, the rest another" % os.path.basename(image))
    ask("inspect", image)
    peers = umoci(image)
    ours = {(c, cold): job(image, c, cold) for c in ("gzip:6", "gzip:2", "zstd:3", "zstd:2") for cold in (False, True)}
    again = replay(image, "zstd:3")
    everyone = [*peers, *ours.values(), again]
    in_turn(everyone, RUNS)
    shutil.rmtree(work("umoci"), ignore_errors=True)
    REPORT.rows(everyone)
    entries = entries_of(image)
    for c in ("gzip:6", "zstd:3"):
        memory_bar("the seed's job, " + c, ours[c, False].peak, entries)
    memory_bar("the seed's job, a saved plan, nothing cached", again.peak, entries)
    for peer in peers:
        for (c, cold), contestant in ours.items():
            REPORT.bar("%s against umoci%s" % (c, ", nothing cached" if cold else ""), peer.wall / contestant.wall,
                       4 if c.startswith("gzip") else 7, "×")
        for c in ("gzip:6", "gzip:2", "zstd:3", "zstd:2"):
            REPORT.bar(c + "'s size, of umoci's", 100 * ours[c, False].size / peer.size,
                       100 if c.startswith("gzip") else 95, " %", most=True)


def threads(image):
    REPORT.begin("threads", "One thread and two")
    ask("inspect", image)
    pairs = [(job(image, c, False, "--threads 1"), job(image, c, False, "--threads 2")) for c in ("gzip:6", "zstd:3")]
    in_turn([c for pair in pairs for c in pair], RUNS)
    REPORT.rows([c for pair in pairs for c in pair])
    for name, (one, two) in zip(("gzip", "zstd"), pairs):
        REPORT.bar("one thread to two, " + name, one.wall / two.wall, 1.8, "×")


def builds(image):
    """The next builds of an image: a layer on top of it that changes so many percent of its files' bytes, 25 files, or one
    in /opt alone; and all of it built anew."""
    files = [e for e in json.loads(ask("ls", "-R", "--json", image))["entries"] if e["kind"] == "file" and e["size"]
             and e["links"] == 1]
    random.Random(3).shuffle(files)
    total, made_of = sum(e["size"] for e in files), {}
    for percent in (1, 8, 50):
        chosen, size = [], 0
        for e in files:
            if size < total * percent / 100:
                chosen.append(e)
                size += e["size"]
        made_of["%d %% of the bytes" % percent] = chosen
    made_of["25 files"] = files[:25]
    made_of["one file in /opt"] = [e for e in files if e["path"].startswith("/opt/")][:1]
    for what, chosen in made_of.items():
        place = work("build-%d" % len(chosen))
        if not os.path.isdir(place):
            made.next_build(image, place, [(e["path"].encode("utf-8"), e["size"], int(e["mode"], 8)) for e in chosen
                                           if "\\" not in e["path"] and len(e["path"].encode("utf-8")) < 100])
        yield what, place
    if not os.path.isdir(work("rebuilt")):
        made.rebuilt(image, work("rebuilt"), 1800000000)
    yield "all layers rebuilt", work("rebuilt")


def replay_job(what, image, compression, fill=None, apart="/opt"):
    """The job from a saved plan, into a layout that has what `fill` made; None: an empty one."""
    plan, out = work("replay-plan.json"), work("replayed")
    with open(plan, "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "compression": compression,
                   "layers": [{"name": "rest", "from": "rest"}, {"name": "apart"}],
                   "assign": [{"path": apart, "to": "apart"}]}, f)

    def before():
        shutil.rmtree(out, ignore_errors=True)
        if fill:
            shutil.copytree(fill, out, copy_function=os.link)

    return Contestant("lamina apply, %s: %s" % (compression, what), [LAMINA, "apply", plan, image, "oci:%s:next" % out],
                      before=before, env=WARM)


def written_once(contestant, name):
    """Runs it, and keeps what it wrote: a layout."""
    contestant.once()
    kept = work(name)
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(work("replayed"), kept, copy_function=os.link)
    return kept


def in_turn_again(first, again, peers=()):
    for c in again:
        c.once()  # indexes of what is reused are made once
        c.costs.clear()
    in_turn([first, *again, *peers], RUNS)
    REPORT.rows([first, *again, *peers])


# Of a first run and of umoci, at least; zstd's layers are one frame each.
GZIP_BARS = {"nothing changed": (20, 60), "in /opt": (8, None), "25 files": (3.5, 10), "all layers rebuilt": (2, None)}
ZSTD_BARS = {"nothing changed": (20, None), "in /opt": (8, None)}


def replayed(image):
    REPORT.begin("replay", "A plan that is replayed on the next build of '%s'" % os.path.basename(image))
    ask("inspect", image)
    for compression, bars, peers in (("gzip:6", GZIP_BARS, umoci(image)), ("zstd:3", ZSTD_BARS, [])):
        first = replay_job("first", image, compression)
        kept = written_once(first, "first-" + compression[:4])
        again = [replay_job("nothing changed", image, compression, kept)]
        for what, build in builds(image):
            ask("inspect", build)
            again.append(replay_job(what, build, compression, kept))
        in_turn_again(first, again, peers)
        for c in again:
            of_first, of_umoci = next((limits for part, limits in bars.items() if part in c.name), (None, None))
            if of_first:
                REPORT.bar(c.name + ", against a first run", first.wall / c.wall, of_first, "×")
            for peer in peers if of_umoci else ():
                REPORT.bar(c.name + ", against umoci", peer.wall / c.wall, of_umoci, "×")
    fleet(image)
    for name in ("debian", "node", "made"):
        if os.path.isdir(os.path.join(VERSIONS, name)):
            replayed_version(os.path.join(VERSIONS, name))


def replayed_version(layout):
    """A real image's newest version, where the one before it was written; and where nothing was."""
    name = os.path.basename(layout)
    with open(os.path.join(layout, "index.json"), encoding="ascii") as f:
        count = len(json.load(f)["manifests"])
    before, after = ("oci:%s:v%d" % (layout, n) for n in (count - 1, count))
    ask("inspect", before)
    ask("inspect", after)
    for compression in ("gzip:6", "zstd:3"):
        kept = written_once(replay_job("", before, compression, apart="/srv/app"), "before-" + name)
        in_turn_again(replay_job("%s v%d, first" % (name, count), after, compression, apart="/srv/app"),
                      [replay_job("%s v%d after v%d" % (name, count, count - 1), after, compression, kept, "/srv/app")])


def fleet(image, count=20):
    """Images that share all but their last layer, one after another into one layout."""
    builds_of = []
    for n in range(count):
        place = work("fleet-%d" % n)
        if not os.path.isdir(place):
            made.next_build(image, place, [(b"/opt/fleet/%d" % n, 100000 + n, 0o644)])
        builds_of.append(place)
    replay_job("", image, "gzip:6")
    plan, out = work("replay-plan.json"), work("fleet")
    line = "for n in %s; do %s apply %s $n oci:%s:$(basename $n); done" % (" ".join(builds_of), LAMINA, plan, out)
    c = Contestant("lamina apply, gzip:6: %d images that share a base" % count, line,
                   before=lambda: shutil.rmtree(out, ignore_errors=True), after=lambda: size_of(out), env=WARM)
    in_turn([c], 1)
    REPORT.rows([c])


def write_plan(path, plan):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(plan, out)


def plan_of_one_layer(image):
    """Moves a file of the smallest layer that can give one into a layer of its own, all others kept."""
    layers = json.loads(ask("inspect", "--json", image))["layers"]
    entries = json.loads(ask("ls", "-R", "--json", image))["entries"]
    for number in sorted(range(len(layers)), key=lambda n: layers[n]["tar_size"]):
        for entry in entries:
            if entry["layer"] != number or entry["kind"] != "file" or entry["size"] == 0 or entry["links"] > 1:
                continue
            plan = json.loads(ask("plan", image))
            plan["layers"].append({"name": "moved"})
            plan["assign"] = [{"path": entry["path"], "to": "moved"}]
            write_plan(work("small.json"), plan)
            found = json.loads(ask("apply", work("small.json"), image, "oci:" + work("none"), "--dry-run", "--json"))
            if sum(layer["fate"] == "kept" for layer in found["layers"]) == len(layers) - 1:
                return work("small.json")
            break
    raise Failure("no layer of %s can give a file away alone" % image)


def small(image):
    REPORT.begin("small", "A plan that touches one small layer of many")
    ask("inspect", image)
    plan, layout = plan_of_one_layer(image), work("layout")
    shutil.rmtree(layout, ignore_errors=True)
    try:
        shutil.copytree(image, layout, copy_function=os.link)
    except OSError:
        shutil.rmtree(layout, ignore_errors=True)
        shutil.copytree(image, layout)
    stats = {b: os.stat(os.path.join(layout, b[len(image) + 1:])) for b in blobs_of(image)}

    def untouched():
        for b, was in stats.items():
            now = os.stat(os.path.join(layout, b[len(image) + 1:]))
            if (now.st_ino, now.st_mtime_ns) != (was.st_ino, was.st_mtime_ns):
                raise Failure("%s: was touched" % b)

    full = job(image, "gzip:6", False)
    same = Contestant("lamina apply, one small layer, into the same layout",
                      [LAMINA, "apply", plan, layout + ":latest" if ":" in layout else "oci:%s:latest" % layout,
                       "oci:%s:changed" % layout], after=untouched, env=WARM)
    other = Contestant("lamina apply, one small layer, into another layout",
                       [LAMINA, "apply", plan, image, "oci:" + work("other")],
                       before=lambda: shutil.rmtree(work("other"), ignore_errors=True), env=WARM)
    in_turn([full, same, other], RUNS)
    REPORT.rows([full, same, other])
    REPORT.bar("one small layer, of flattening, same layout", 100 * same.wall / full.wall, 15, " %", most=True)
    REPORT.bar("one small layer, of flattening, another layout", 100 * other.wall / full.wall, 15, " %", most=True)


def million(entries):
    REPORT.begin("million", "An image of {:,} entries".format(entries))
    image = work("many")
    if not os.path.isdir(image):
        made.many(image, entries)
    ask("inspect", image)
    merge = Contestant("lamina inspect, cached", [LAMINA, "inspect", image], env=WARM)
    listing = Contestant("lamina ls -R, cached", [LAMINA, "ls", "-R", image], env=WARM)
    cold = Contestant("lamina inspect, nothing cached", [LAMINA, "inspect", image],
                      before=lambda: empty(work("cold")), env=COLD)
    flatten, trial = job(image, "zstd:3", False), job(image, "zstd:3", False, "--dry-run")
    trial.after = None
    for c in (flatten, trial):
        c.command = c.command.replace(" --split /opt", "")
    in_turn([merge, listing, cold, trial, flatten], RUNS)
    REPORT.rows([merge, listing, cold, trial, flatten])
    REPORT.bar("merged from cached indexes", merge.wall, 1, " s", most=True)
    REPORT.bar("ls -R", listing.wall, 2, " s", most=True)
    for c, what in ((merge, "inspect, cached"), (listing, "ls -R"), (cold, "inspect, cold"),
                    (trial, "apply --dry-run"), (flatten, "apply")):
        memory_bar(what, c.peak, entries)


def huge(size):
    REPORT.begin("huge", "One file of {:,} bytes".format(size))
    image = work("huge")
    if not os.path.isdir(image):
        made.huge(image, size)
    cold = Contestant("lamina inspect, nothing cached", [LAMINA, "inspect", image],
                      before=lambda: empty(work("cold")), env=COLD)
    ours = [job(image, c, False) for c in ("gzip:1", "zstd:3")]
    for c in ours:
        c.command = c.command.replace(" --split /opt", "")
    in_turn([cold, *ours], 1)
    REPORT.rows([cold, *ours])
    for c, what in zip((cold, *ours), ("inspect, cold", "apply, gzip", "apply, zstd")):
        memory_bar(what, c.peak, 3)


def cat(image):
    REPORT.begin("cat", "One file of the largest layer, after a cached open")
    layers = json.loads(ask("inspect", "--json", image))["layers"]
    largest = max(range(len(layers)), key=lambda n: layers[n]["tar_size"])
    files = [e for e in json.loads(ask("ls", "-R", "--json", image))["entries"]
             if e["layer"] == largest and e["kind"] == "file" and 0 < e["size"] < MIB]
    c = Contestant("lamina cat, its last file", [LAMINA, "cat", image, files[-1]["path"]], env=WARM)
    middle = Contestant("lamina cat, one in the middle", [LAMINA, "cat", image, files[len(files) // 2]["path"]], env=WARM)
    in_turn([c, middle], RUNS)
    REPORT.rows([c, middle])
    REPORT.bar("cat of one file", 1000 * max(c.wall, middle.wall), 50, " ms", most=True)


def machine():
    model = ""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = ""
    with open("/etc/os-release", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("PRETTY_NAME="):
                system = line.split("=", 1)[1].strip().strip('"')
    return "%d cores %s %s, %s, %.0f GiB, load %.1f at the start" % (
        os.cpu_count(), platform.machine(), model, system,
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), os.getloadavg()[0])


def stages(smoke):
    medium, large = os.path.join(IMAGES, "medium"), os.path.join(IMAGES, "large")
    if smoke:
        medium = large = work("sampler")
        if not os.path.isdir(medium):
            made.sampler(medium)
        subprocess.run([os.path.join(os.path.dirname(__file__), "versions"), VERSIONS, "made"], check=True,
                       stdout=subprocess.DEVNULL)
    return {
        "inspect": lambda: inspect(medium), "seed": lambda: seed(medium), "large": lambda: seed(large, "large"),
        "small": lambda: small(medium), "threads": lambda: threads(medium), "replay": lambda: replayed(medium),
        "million": lambda: million(5000 if smoke else 1000000),
        "huge": lambda: huge(32 * MIB if smoke else 4 << 30), "cat": lambda: cat(medium),
    }


def main():
    global RUNS, VERSIONS  # pylint: disable=global-statement
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--smoke", action="store_true", help="small images, once, and no bars")
    options = parser.parse_args()
    kind, passed, failed = machine(), 0, 0
    if options.smoke:
        RUNS, VERSIONS = 1, work("versions")
    os.makedirs(WORK, exist_ok=True)
    known = stages(options.smoke)
    wanted = [s for s in (os.environ.get("BENCH") or ",".join(s for s in known if options.smoke or s != "large")).split(",")]
    for name in wanted:
        print("%s:" % name, file=sys.stderr)
        try:
            known[name]()
            passed += 1
        except (Failure, subprocess.CalledProcessError, OSError, KeyError, IndexError) as error:
            print("bench: %s: %s: %s" % (name, type(error).__name__, error), file=sys.stderr)
            failed += 1
    if options.smoke:
        REPORT.bars.clear()  # they are about images of another size
    print("\n%s; medians of %d, in turn" % (kind, RUNS))
    REPORT.print()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"lamina-bench": 1, "machine": kind, "runs": RUNS, "stages": REPORT.stages, "bars": REPORT.bars},
                      out, indent=1)
    if REPORT.bars:
        print("\n%d of %d bars hold" % (sum(b["passed"] for b in REPORT.bars), len(REPORT.bars)))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
