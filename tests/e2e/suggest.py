#!/usr/bin/env python3
"""Plans from what changed: a made history, of which it is known what changes how often; and what they really save.

    suggest.py
"""
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import generate  # noqa: E402
import lamina  # noqa: E402
import oci  # noqa: E402
from versions import EPOCH, OLD, OTHERS, PACKAGES, VERSIONS, build, file, layer, noise, system  # noqa: E402

CLAMP = {"SOURCE_DATE_EPOCH": str(EPOCH)}


def need(what, *about):
    if not what:
        raise lamina.Failure("; ".join(repr(a) for a in about) or "not so")


def suggest(versions, *options, env=CLAMP, clamp=("--clamp-times",), **more):
    """The plan for the last of some versions."""
    olds = [word for old in versions[:-1] for word in ("--since", old)]
    done = lamina.must("suggest", versions[-1], *olds, *clamp, "--json", *options, env=env, **more)
    lamina.fits_schema("suggest", done.stdout)
    return json.loads(done.stdout)


def apply(plan, image, out):
    return json.loads(lamina.must("apply", "-", image, out, "--json", stdin=json.dumps(plan).encode()).stdout)


def fetched(plan, older, newer, folder):
    """Layers and bytes that a client really fetches under a plan."""
    apply(plan, older, "oci:%s/cut:older" % folder)
    apply(plan, newer, "oci:%s/cut:newer" % folder)
    done = json.loads(lamina.must("inspect", "oci:%s/cut:newer" % folder, "--against", "oci:%s/cut:older" % folder, "--json").stdout)
    return done["fetch"]["layers"], done["fetch"]["bytes"]


def close(a, b):
    return abs(a - b) <= max(a, b) / 20


def knows_what_changes(folder, versions):
    """What changes always is apart from what never does; what changed together is together."""
    made = suggest(versions)
    parts = {part["name"]: (layer["name"], part["changes"]) for layer in made["layers"] for part in layer["parts"]}
    pulls = {part["name"]: part["pulls"] for layer in made["layers"] for part in layer["parts"]}
    for name, (_, changes) in PACKAGES.items():
        need(parts["dpkg:" + name][1] == len([v for v in changes if v]), name, parts["dpkg:" + name])
        need(pulls["dpkg:" + name] == [v - 1 for v in changes if v], name, pulls["dpkg:" + name])
    need(parts["/opt/app/model"][1] == 0, parts)
    need(parts["dpkg:pair-a"][0] == parts["dpkg:pair-b"][0], parts)
    often = {layer["name"] for layer in made["layers"] if layer["changes"] == VERSIONS - 1}
    size = sum(layer["bytes"] for layer in made["layers"] if layer["name"] in often)
    need(size < 130000, size, often)
    rare = {part for part, (layer, _) in parts.items() if layer not in often}
    need({"dpkg:large", "/opt/app/model", "dpkg:pair-a"} <= rare, rare)
    need(parts["dpkg:busy"][0] == parts[""][0] == made["layers"][-1]["name"], parts)
    need(made["least"] <= made["expected"] < 300000 and made["pulls"] == VERSIONS - 1, made["expected"])
    need(made == suggest(versions), "two runs differ")


def measures(folder, versions):
    """What is told of the newest version is what is fetched of it, planned without having seen it."""
    made = suggest(versions)
    told = {cut["cut"]: cut for cut in made["compared"]}
    need(list(told) == ["today", "one", "folders", "packages", "suggested", "least"], told)
    fetch = json.loads(lamina.must("inspect", versions[-1], "--against", versions[-2], "--json").stdout)["fetch"]
    need((told["today"]["fetched"], told["today"]["bytes"]) == (fetch["layers"], fetch["bytes"]), told, fetch)
    flat = {"lamina": 1, "layers": [{"name": "rest", "from": "rest"}], "times": made["plan"]["times"]}
    tops = ("etc", "opt", "usr", "var")
    folders = {**flat, "layers": flat["layers"] + [{"name": name} for name in tops],
               "assign": [{"path": "/" + name, "to": name} for name in tops]}
    for cut, plan in (("one", flat), ("folders", folders), ("suggested", suggest(versions[:-1])["plan"])):
        layers, size = fetched(plan, *versions[-2:], folder)
        need(told[cut]["fetched"] == layers and close(told[cut]["bytes"], size), cut, told[cut], layers, size)
    best = min(told[cut]["bytes"] for cut in ("today", "one", "folders", "packages"))
    need(told["suggested"]["bytes"] < 0.5 * best, told)
    need(told["least"]["bytes"] <= told["suggested"]["bytes"], told)


def is_exact(folder, _):
    """Of odd images, one grown out of the other, as many layers are fetched as is told."""
    for seed in range(8):
        tars, more = (generate.Generator(number).image("%s/odd%d" % (folder, number)) for number in (seed, seed + 1000))
        for name, layers in (("a", tars), ("b", tars[:len(tars) - seed % 2] + more[:1])):
            oci.write_layout("%s/%s%d" % (folder, name, seed), [(layer, "gzip", 1) for layer in layers])
        pair = ["oci:%s/%s%d:t" % (folder, name, seed) for name in "ab"]
        told = {cut["cut"]: cut["fetched"] for cut in suggest(pair, clamp=())["compared"]}
        layers, _ = fetched(suggest(pair[:1], clamp=())["plan"], *pair, folder)
        need(told["suggested"] == layers, seed, told, layers)


def replays(folder, versions):
    """A plan fits the versions after it: rules match, and what did not change keeps its layer."""
    made = suggest(versions[:3])
    plan, before = made["plan"], None
    truth = {**{"dpkg:" + name: changes for name, (_, changes) in PACKAGES.items()},
             **{"/" + name: changes for name, (_, changes) in OTHERS.items()}}
    still = [layer["name"] for layer in made["layers"]
             if not any(change > 2 for part in layer["parts"] for change in truth.get(part["name"], [VERSIONS]))]
    need(len(still) >= 2, made["layers"])
    for number, version in enumerate(versions[2:], 2):
        done = apply(plan, version, "oci:%s/replay:%d" % (folder, number))
        need(not done["remarks"], done["remarks"])
        digests = {layer["name"]: layer.get("digest") for layer in done["layers"]}
        need(all(before is None or before[name] == digests[name] for name in still), still, before, digests)
        before = digests
    lamina.must("diff", versions[-1], "oci:%s/replay:%d" % (folder, VERSIONS - 1), "--clamp-times", env=CLAMP)


def stays(folder, versions):
    """From yesterday's plan nothing moves that need not, and its layers keep their names."""
    first = suggest(versions[:-1])["plan"]
    with open(folder + "/first.json", "w", encoding="utf-8") as out:
        json.dump(first, out)
    for image in (versions[:-1], versions):
        again = suggest(image, "--from-plan", folder + "/first.json", clamp=())["plan"]
        need(again["times"] == first["times"], again)
        need({layer["name"] for layer in first["layers"]} == {layer["name"] for layer in again["layers"]}, first, again)
        need({json.dumps(rule) for rule in first["assign"]} == {json.dumps(rule) for rule in again["assign"]}, first, again)
    lamina.must("suggest", versions[0], "-o", folder + "/flat.json")


def takes_over(folder, versions):
    """What yesterday's plan says beside its cut stays said; a layer that must stay above others cannot."""
    name = folder + "/said.json"
    plan = {"lamina": 1, "note": "ours", "config": {"user": "5", "labels": {"a": None}}, "compression": "gzip:2",
            "layers": [{"name": "low", "from": [0, 1], "compression": "zstd:1", "note": "base"},
                       {"name": "all", "from": "rest", "compression": "none"}], "assign": []}
    with open(name, "w", encoding="utf-8") as out:
        json.dump(plan, out)
    made = suggest(versions, "--from-plan", name, clamp=())["plan"]
    low = next(layer for layer in made["layers"] if layer["name"] == "low")
    need(all(made[member] == plan[member] for member in ("note", "config", "compression")), made)
    need(low["note"] == "base" and low["compression"] == "zstd:1", made)
    plan["layers"] = [{"name": "low", "from": [0]}, {"name": "mid", "from": [1], "keep": True}, {"name": "all", "from": "rest"}]
    with open(name, "w", encoding="utf-8") as out:
        json.dump(plan, out)
    done = lamina.run("suggest", versions[-1], "--from-plan", name)
    need(done.returncode == 4 and b'"mid"' in done.stderr and b"keep" in done.stderr, done)


def names(folder, versions):
    """A layer keeps yesterday's name and cap, unless that name is of a part which has left it; of several that were one, one does."""
    name = folder + "/named.json"
    plan = {"lamina": 1, "layers": [{"name": "all", "from": "rest"}, {"name": "gone", "max_size": "5M"}, {"name": "ours"}],
            "assign": [{"package": "dpkg:large", "to": "gone"}, {"path": "/opt/app/model", "to": "ours"}]}
    for rules, want in ([], "gone"), ([{"package": "dpkg:gone", "to": "gone"}], "large"):
        with open(name, "w", encoding="utf-8") as out:
            json.dump({**plan, "assign": rules + plan["assign"]}, out)
        made = suggest(versions, "--from-plan", name)["plan"]
        to = {rule.get("package") or rule["path"]: rule["to"] for rule in made["assign"]}
        need(to["dpkg:large"] == want and to["/opt/app/model"] == "ours", want, made)
        need([layer.get("max_size") for layer in made["layers"] if layer["name"] == want] == ["5M"], made)
        need(not any(layer["name"].startswith("all-") for layer in made["layers"]), made)


def limits(folder, versions):
    """So many layers, none larger; what is larger by itself is named."""
    for most in (1, 2, 5):
        made = suggest(versions, "--layers", str(most))
        need(len(made["layers"]) <= most and len(made["plan"]["layers"]) <= most, most, made["plan"]["layers"])
    made = suggest(versions, "--max-layer-size", "300K")
    over = [part["name"] for layer in made["layers"] for part in layer["parts"] if part["too_large"]]
    need(sorted(over) == ["/opt/app/model", "dpkg:large"], over)
    caps = {layer["name"]: layer["max_size"] for layer in made["plan"]["layers"] if "max_size" in layer}
    need(list(caps) == ["large"], "a file cannot be split, a package can", caps)
    written = apply(made["plan"], versions[-1], "oci:%s/limited:t" % folder)["layers"]
    need(all(layer["blob_size"] <= 300 << 10 or layer["files"] == 1 for layer in written if layer["name"] in ("model", "large")), written)
    need(all(layer["bytes"] <= 300 << 10 or len(layer["parts"]) == 1 for layer in made["layers"]), made["layers"])
    for words, code, why in ((("--layers", "2", "--max-layer-size", "300K"), 4, b"layers of at most 300K: no cut into fewer than "),
                             (("--layers", "none"), 2, b"--layers is a number"), (("--max-layer-size", "0"), 2, b"--max-layer-size is"),
                             (("--layers", "1", "--keep-base", folder + "/base"), 2, b"the plan may have 1 layer, and 1 stays: one more"),
                             (("--keep-base", "oci:%s/other:t" % folder), 2, b"its lowest layer is not that of"),
                             (("--since", "oci:%s/none" % folder), 3, b"none"), (("--from-plan", folder + "/none.json"), 4, b"none.json")):
        done = lamina.run("suggest", versions[-1], *words)
        need(done.returncode == code and why in done.stderr and done.stderr.count(b"\n") == 1, words, done)


def splits(folder, versions):
    """No plan fails for what cannot be split; as many layers as are told are written; the notes are true, and few."""
    for most, names in (("300k", ("large",)), ("1k", ("large", "once", "busy", "rest"))):
        words = ("--layers", "17", "--max-layer-size", most)
        made = suggest(versions[3:], *words)
        caps = {layer["name"]: layer["max_size"] for layer in made["plan"]["layers"] if "max_size" in layer}
        need(set(names) <= set(caps) and "model" not in caps, most, caps)
        done = lamina.must("apply", "--strict", "-", versions[-1], "oci:%s/split%s:t" % (folder, most), "--json", stdin=json.dumps(made["plan"]).encode())
        written = [layer["name"] for layer in json.loads(done.stdout)["layers"] if "digest" in layer]
        told = {layer["name"]: layer["written"] for layer in made["layers"]}
        need(told == {name: written.count(name) for name in told}, told, written)
        olds = [word for old in versions[3:-1] for word in ("--since", old)]
        notes = lamina.must("suggest", versions[-1], *olds, "--clamp-times", *words, env=CLAMP).stderr.decode().splitlines()
        need(any("%d layers, and %d are written" % (len(told), len(written)) in note for note in notes), notes)
        need(len(notes) <= 6 and all("split" not in note or "model" not in note or "cannot" in note for note in notes), notes)
    alone = lamina.must("suggest", versions[-1], "--layers", "17", "--max-layer-size", "400k").stderr
    need(b"/opt/app/model is 583K by itself, more than the 400K of a layer: it cannot be split" in alone and b"written" not in alone, alone)
    plan = {"lamina": 1, "layers": [{"name": "model", "max_size": "1k"}, {"name": "all", "from": "rest"}], "assign": [{"path": "/opt/app/model", "to": "model"}]}
    with open(folder + "/grown.json", "w", encoding="utf-8") as out:
        json.dump(plan, out)
    done = lamina.must("suggest", versions[-1], "--from-plan", folder + "/grown.json")
    need(b'"model" has what cannot be split, and is more than its max_size was: that is gone now' in done.stderr, done)
    done = lamina.must("suggest", versions[-1], "--keep-base", folder + "/base", "--max-layer-size", "300k")
    need(b" stays as it is, with " in done.stderr and b", more than the 300K of a layer" in done.stderr, done)


def text(key, size):
    """What packs to about a third."""
    return b" ".join(b"%06d" % (int.from_bytes(noise("%s %d" % (key, n), 2), "big")) for n in range(size // 7))


def packs(folder, versions):
    """A cap is one on blobs: well-packed layers have no more parts than it takes, what is packed less well is in none that is larger; and
    tomorrow they have the same."""
    files = [file("usr/lib/texts/%02d" % n, text("t%d" % n, 40000), OLD) for n in range(40)]
    files += [file("usr/lib/mixed/%02d" % n, (noise if n < 20 else text)("m%d" % n, 40000), OLD) for n in range(40)]
    files += [file("var/lib/dpkg/info/%s.list" % name, "".join("/usr/lib/%s/%02d\n" % (name, n) for n in range(40)).encode(), OLD) for name in ("texts", "mixed")]
    files += [file("var/lib/dpkg/status", b"".join(b"Package: %s\nStatus: install ok installed\nVersion: 1\n\n" % name for name in (b"texts", b"mixed")), OLD)]
    oci.write_layout(folder + "/packs", [(layer(files, OLD), "gzip", 6)])
    image, cap = "oci:%s/packs:t" % folder, 200 << 10
    made = suggest([image], "--max-layer-size", "200k", clamp=())
    written = apply(made["plan"], image, "oci:%s/packed:t" % folder)["layers"]
    blobs = {name: [one["blob_size"] for one in written if one["name"] == name] for name in ("texts", "mixed")}
    need(all(size < 1.15 * cap for sizes in blobs.values() for size in sizes), blobs)
    need(all(len(sizes) < 40 * 40000 // cap for sizes in blobs.values()), "no more parts than by their tars", blobs)
    caps = {one["name"]: one.get("max_size") for one in made["plan"]["layers"]}
    with open(folder + "/packs.json", "w", encoding="utf-8") as out:
        json.dump(made["plan"], out)
    for more, same in (("200k", True), ("250k", True), ("50k", False)):
        again = suggest([image], "--max-layer-size", more, "--from-plan", folder + "/packs.json", clamp=())["plan"]
        need(({one["name"]: one.get("max_size") for one in again["layers"]} == caps) == same, more, caps, again)
    del versions


def tells_some(folder, versions):
    """What is said of very many parts is said of some, and how many more there are; as JSON it is said of all."""
    plan = {"lamina": 1, "layers": [{"name": "all", "from": "rest", "max_size": "1k"}]}
    words = ("apply", "--dry-run", "-", versions[-1], "oci:%s/some:t" % folder)
    done = json.loads(lamina.must(*words, "--json", stdin=json.dumps(plan).encode()).stdout)
    count = sum("cannot be split" in remark for remark in done["remarks"])
    need(count > 20 and any(layer["reason"] == "a part of what its max_size splits" for layer in done["layers"]), done)
    for strict in ((), ("--strict",)):
        told = lamina.run(*words, *strict, stdin=json.dumps(plan).encode())
        lines = [line for line in told.stderr.decode().splitlines() if "cannot be split" in line]
        need(told.returncode == (4 if strict else 0) and len(lines) == 10, told)
        need(b"note: and %d more like the last: --json has all" % (count - 10) in told.stderr, told.stderr)


def keeps_base(folder, versions):
    """The base's layers stay, blob for blob, and nothing of them moves; the rest is cut as ever."""
    base = "oci:%s/other:t" % folder
    plan = suggest(versions[-1:], "--keep-base", folder + "/base", clamp=())["plan"]
    need([layer.get("keep", False) for layer in plan["layers"]][:2] == [True, False], plan)
    apply(plan, versions[-1], "oci:%s/kept:t" % folder)
    images = [oci.Image(folder + name).manifest["layers"][0]["digest"] for name in ("/v%d" % VERSIONS, "/kept")]
    need(images[0] == images[1], base, images)
    done = lamina.run("suggest", versions[-1], "--keep-base", folder + "/base", "--clamp-times", env=CLAMP)
    need(done.returncode == 4 and b"layer 0 is to stay as it is, and " in done.stderr and b"later than 2026-01-01" in done.stderr, done)


def as_in_readme(folder, versions):
    """What the README shows is what comes out."""
    done = lamina.must("suggest", "v6", *(word for n in range(1, 6) for word in ("--since", "v%d" % n)), "--clamp-times",
                       env=CLAMP, cwd=folder)
    with open(os.path.join(HERE, "..", "..", "README.md"), "rb") as readme:
        need(done.stdout in readme.read(), done)
    del versions


def tells_many(folder, versions):
    """More layers than Docker takes are told."""
    files = [file("usr/lib/p%d" % n, noise(n, 20000), OLD) for n in range(130)]
    files += [file("var/lib/dpkg/info/p%d.list" % n, b"/usr/lib/p%d\n" % n, OLD) for n in range(130)]
    files += [file("var/lib/dpkg/status", b"".join(b"Package: p%d\nStatus: install ok installed\nVersion: %d\n\n" % (n, n) for n in range(130)), OLD)]
    oci.write_layout(folder + "/many", [(layer(files, OLD), "gzip", 1)])
    done = lamina.must("suggest", "oci:%s/many:t" % folder, "--layers", "200", "--max-layer-size", "30k")
    need(b"layers: Docker takes no more than 125" in done.stderr, done)
    made = suggest(["oci:%s/many:t" % folder] * 3, "--layers", "1")
    need(made["expected"] > 0.8 * made["layers"][0]["bytes"], "two pulls do not say that of 130 packages none changes", made["expected"])
    del versions


def more_packages_than_layers(folder, versions):
    """A layer for each of them is no plan, so nobody is compared with it."""
    names, images = ["p%d" % n for n in range(17000)], []
    for version in (b"1", b"2"):
        records = b"".join(b"P:%s\nV:%s\nF:opt\nR:%s\n\n" % (name.encode(), version, name.encode()) for name in names)
        files = [file("lib/apk/db/installed", records, OLD)] + [file("opt/" + name, b"", OLD) for name in names]
        oci.write_layout(folder + "/packages%d" % len(images), [(layer(files, OLD), "gzip", 1)])
        images.append("oci:%s/packages%d:t" % (folder, len(images)))
    done = lamina.must("suggest", images[1], "--since", images[0], "-o", folder + "/packages.json")
    need(b"a layer for each top folder" in done.stdout and b"a layer for each package" not in done.stdout, done)
    del versions


def without_history(folder, versions):
    """One version is cut by its layers, kinds and ages; and times are told of where they alone differ."""
    done = lamina.must("suggest", versions[-1], "-o", folder + "/alone.json")
    need(b"model" in done.stdout and b"a client with" not in done.stdout and not done.stderr, done)
    with open(folder + "/alone.json", encoding="utf-8") as plan:
        apply(json.load(plan), versions[-1], "oci:%s/alone:t" % folder)
    done = lamina.must("suggest", versions[-1], "--since", versions[-2])
    need(b"differ in their time alone" in done.stderr and b"a client with " in done.stdout, done)
    done = lamina.must("suggest", versions[-1], "-o", "-")
    need(json.loads(done.stdout)["lamina"] == 1 and b"layer" in done.stderr, done)


def main():
    folder = tempfile.mkdtemp(prefix="lamina-suggest.")
    versions = [build(folder, version) for version in range(VERSIONS)]
    when = EPOCH + 86400 * VERSIONS
    oci.write_layout(folder + "/base", [(layer(system(VERSIONS - 1, when), when), "gzip", 1)])
    oci.write_layout(folder + "/other", [(layer([file("else", b"x", OLD)], OLD), "gzip", 1)])
    try:
        return lamina.run_checks("suggest", (knows_what_changes, measures, is_exact, replays, stays, takes_over, names, limits, splits, packs, tells_some, keeps_base, as_in_readme, tells_many, more_packages_than_layers, without_history), folder, versions)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
