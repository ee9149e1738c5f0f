#!/usr/bin/env python3
"""Plans with rules about packages, on a real database of dpkg: this machine's, of a few packages, with their files."""
import json
import os
import shutil
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402

PACKAGES = ("base-files", "bash", "dash", "grep", "gzip", "hostname", "libc-bin", "sed", "tar")
INFO = "/var/lib/dpkg/info"
MERGED = [path for path in ("/bin", "/lib", "/lib64", "/sbin") if os.path.islink(path)]  # listed by some as directories


def database():
    """{package: paths of its list}, of those that are installed."""
    out = {}
    for package in PACKAGES:
        if os.path.exists("%s/%s.list" % (INFO, package)):
            with open("%s/%s.list" % (INFO, package), encoding="utf-8") as lines:
                out[package] = lines.read().splitlines()
    return out


def real(path):
    """Where a listed path is: its folder's links followed, not its own."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def owners(lists):
    """{path: package}, as dpkg -S has it: files and links, of the first that lists them, and of diversions the one that diverts."""
    diverted = {}
    with open("/var/lib/dpkg/diversions", encoding="utf-8") as lines:
        rows = lines.read().splitlines()
        for path, to, by in zip(rows[::3], rows[1::3], rows[2::3]):
            diverted[path] = (to, by)
    out, folders = {}, {os.path.dirname(path) for paths in lists.values() for path in paths}
    for package, paths in sorted(lists.items()):
        for path in paths:
            if path in diverted and diverted[path][1] != package:
                path = diverted[path][0]
            at = real(path)
            if path not in folders and path not in MERGED and os.path.lexists(at) and (os.path.islink(at) or not os.path.isdir(at)):
                out.setdefault(at, package)
    return out


def make_image(folder, lists, owned):
    """Folders, links and files of the packages, and the database."""
    name = os.path.join(folder, "tar")
    with tarfile.open(name, "w") as tar:
        info = ["%s/%s.list" % (INFO, package) for package in lists]
        for path in sorted(set(MERGED + info + list(owned) + ["/var/lib/dpkg/status", "/var/lib/dpkg/diversions"])):
            tar.add(path, path[1:], recursive=False)
    with open(name, "rb") as tar:
        oci.write_layout(os.path.join(folder, "image"), [(tar.read(), "none", 1)])
    return "oci:%s:t" % os.path.join(folder, "image")


def write_plan(folder, rules):
    name = os.path.join(folder, "plan")
    layers = [{"name": "rest", "from": "rest"}] + [{"name": to} for to in dict.fromkeys(r["to"] for r in rules if r["to"])]
    with open(name, "w", encoding="utf-8") as out:
        json.dump({"lamina": 1, "layers": layers, "assign": rules}, out)
    return name


def each_is_its_packages(folder, image, lists, owned):
    """Every path goes to its own package's layer, and links of the filesystem to nobody's."""
    plan = write_plan(folder, [{"package": "dpkg:" + package, "to": package} for package in lists])
    args = ["explain", plan, image, "--json", "--", *owned, *MERGED]
    told = {path["path"]: path for path in json.loads(lamina.must(*args).stdout)["paths"]}
    wrong = [path for path, package in owned.items()
             if told[path]["to"]["name"] != package or not told[path]["package"].startswith("dpkg:%s " % package)]
    wrong += [link for link in MERGED if told[link]["rule"]]
    if wrong or len(owned) < 50:
        raise lamina.Failure("%d of %d wrong: %s" % (len(wrong), len(owned), [told[path] for path in wrong[:3]]))


def apply_keeps_the_tree(folder, image, lists, owned):
    """Written by rules about packages: the same filesystem; what is left out is that package's, and no more."""
    out = "oci:%s:t" % os.path.join(folder, "out")
    lamina.must("apply", write_plan(folder, [{"package": "dpkg:*", "to": "system"}, {"package": "dpkg:d*", "to": "d"}]), image, out)
    lamina.must("diff", image, out)
    lamina.must("apply", write_plan(folder, [{"package": "dpkg:sed", "to": None}]), image, out)
    gone = json.loads(lamina.must("diff", image, out, "--json", exits=(1,)).stdout)
    told = {change["path"] for change in gone["differences"]}
    files = {path for path, package in owned.items() if package == "sed"}
    others = [path for path in told - files if not any(file.startswith(path + "/") for file in files)]
    if files - told or others:
        raise lamina.Failure("not left out: %s; left out: %s" % (sorted(files - told)[:3], others[:3]))


def drift(folder, image, lists, owned):
    """A rule that no package fits is told, and an error where nothing may differ."""
    plan = write_plan(folder, [{"package": "dpkg:no-such-*", "to": "a"}])
    done = lamina.must("apply", plan, image, "oci:nowhere:t", "--dry-run")
    said = done.stdout + done.stderr
    if b"package dpkg:no-such-* matches nothing in this image" not in said:
        raise lamina.Failure(said.decode())
    lamina.must("apply", plan, image, "oci:nowhere:t", "--dry-run", "--strict", exits=(4,))


def made(folder, image, lists, owned):
    """What lamina plan makes of packages replays."""
    plan = lamina.must("plan", image, "--flatten", "--split", "dpkg:{bash,dash}=shells", "--drop", "dpkg:hostname").stdout
    rules = json.loads(plan)["assign"]
    if rules != [{"package": "dpkg:{bash,dash}", "to": "shells"}, {"package": "dpkg:hostname", "to": None}]:
        raise lamina.Failure("%r" % rules)
    lamina.must("apply", "-", image, "oci:nowhere:t", "--dry-run", "--strict", stdin=plan)
    if b"no such package" not in lamina.must("plan", image, "--split", "dpkg:nosuch", exits=(4,)).stderr:
        raise lamina.Failure("a package that is not there")


def main():
    if not os.path.isdir(INFO):
        print("skipped: this machine has no packages of dpkg")
        return 0
    folder = tempfile.mkdtemp(prefix="lamina-packages.")
    try:
        lists = database()
        owned = owners(lists)
        image = make_image(folder, lists, owned)
        return lamina.run_checks("packages", (each_is_its_packages, apply_keeps_the_tree, drift, made), folder, image, lists, owned)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
