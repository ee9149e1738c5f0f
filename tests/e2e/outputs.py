#!/usr/bin/env python3
"""Outputs under attack: other runs into the same place, what stands there already and is damaged or no layout, modes,
file systems that lack something."""
import fcntl
import json
import os
import resource
import shutil
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

FAULT = os.path.join(lamina.REPOSITORY, "build", "tests", "fault.so")
FLAT = {"lamina": 1, "layers": [{"name": "all", "from": "rest"}]}
SAME = {"lamina": 1, "layers": [{"name": "a", "from": [0]}, {"name": "b", "from": [1]}]}


class Place:
    """An image, two plans for it, and a folder for outputs."""

    def __init__(self, folder):
        self.folder = folder
        self.image = "oci:%s:t" % self.at("image")
        oci.write_layout(self.at("image"), [(tar([plain("file", b"a", b"a" * 300000)]), "gzip", 1),
                                            (tar([plain("file", b"b", b"b" * 5000)]), "none", 1)])
        for name, plan in (("flat", FLAT), ("same", SAME)):
            with open(self.at(name), "w", encoding="ascii") as f:
                json.dump(plan, f)

    def at(self, name):
        return os.path.join(self.folder, name)

    def apply(self, plan, output, exits=(0,), **options):
        return lamina.must("apply", self.at(plan), self.image, output.replace("@", self.folder + "/"), exits=exits, **options)

    def begin(self, plan, output):
        return subprocess.Popen([lamina.PROGRAM, "apply", "--progress=none", self.at(plan), self.image,
                                 output.replace("@", self.folder + "/")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, "XDG_CACHE_HOME": lamina.CACHE})

    def check(self, image):
        lamina.must("check", image.replace("@", self.folder + "/"))

    def blobs(self, name):
        return os.path.join(self.at(name), "blobs", "sha256")

    def largest(self, name):
        return max((os.path.join(self.blobs(name), b) for b in os.listdir(self.blobs(name))), key=os.path.getsize)


def want(condition, why):
    if not condition:
        raise lamina.Failure(str(why))


def tags(folder):
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
        return [m["annotations"]["org.opencontainers.image.ref.name"] for m in json.load(f)["manifests"]]


def wait_for(path, run):
    while not os.path.exists(path) and run.poll() is None:
        pass


def stopped(place, output):
    """A run that has made the folder, and holds no lock of it while it stands still."""
    for _ in range(20):
        run = place.begin("flat", output)
        wait_for(place.at("new"), run)
        run.send_signal(signal.SIGSTOP)
        folder = os.open(place.at("new"), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.exists(place.at("new/index.json")):
                return run
        except BlockingIOError:
            pass
        finally:
            os.close(folder)
        run.kill()
        run.wait()
        shutil.rmtree(place.at("new"))
    raise lamina.Failure("it is always too late")


def gives_up(place, how):
    """The run that made the folder is stopped while another one publishes there, and then ends badly."""
    first = stopped(place, "oci:@new:one")
    try:
        place.apply("same", "oci:@new:two")
        place.check("oci:@new:two")
    finally:
        if how:
            first.send_signal(how)
        first.send_signal(signal.SIGCONT)
        first.wait()
    place.check("oci:@new:two")
    want(not [n for n in os.listdir(place.at("new")) if n.startswith(".lamina")] or how == signal.SIGKILL, "strays are left")


def made_by_who_is_stopped(place):
    gives_up(place, signal.SIGTERM)


def made_by_who_is_killed(place):
    gives_up(place, signal.SIGKILL)


def made_without_a_tag(place):
    """The first finds another image than there was, and fails."""
    first = stopped(place, "oci:@new")
    done = place.apply("same", "oci:@new", exits=(0, 5))
    first.send_signal(signal.SIGCONT)
    first.wait()
    want(done.returncode == 0 or first.returncode == 0, "none of two published")
    place.check("oci:@new")


def made_and_given_up(place):
    """Whoever fails alone leaves nothing."""
    failed = 0
    for at in range(10, 160, 4):
        done = place.apply("flat", "oci:@new:x", exits=(0, 3, 4, 5), env={
            "LD_PRELOAD": FAULT, "FAULT_IN": "io", "FAULT_AT": str(at), "FAULT_IS": "ENOSPC"})
        failed += done.returncode == 5
        want(done.returncode == 0 or not os.path.exists(place.at("new")), "%d: %s" % (at, done.stderr))
        shutil.rmtree(place.at("new"), ignore_errors=True)
    want(failed > 3, "no call failed")


def many_writers(place):
    runs = [place.begin("flat" if i % 2 else "same", "oci:@new:t%d" % i) for i in range(6)]
    want([r.wait() for r in runs] == [0] * 6, [r.returncode for r in runs])
    want(sorted(tags(place.at("new"))) == ["t%d" % i for i in range(6)], tags(place.at("new")))
    for i in range(6):
        place.check("oci:@new:t%d" % i)


def damaged(place, plan, blob):
    """What stands there under a blob's name is not the blob: running again repairs."""
    place.apply(plan, "oci:@out:one")
    blob = blob(place)
    with open(blob, "r+b") as f:
        f.write(bytes(os.path.getsize(blob)))
    lamina.must("check", "oci:%s:one" % place.at("out"), exits=(1, 3))
    place.apply(plan, "oci:@out:two")
    place.check("oci:@out:two")
    place.check("oci:@out:one")


def damaged_layer(place):
    damaged(place, "flat", lambda place: place.largest("out"))


def damaged_kept_layer(place):
    damaged(place, "same", lambda place: place.largest("out"))


def damaged_manifest(place):
    def manifest(place):
        with open(os.path.join(place.at("out"), "index.json"), encoding="utf-8") as f:
            return os.path.join(place.blobs("out"), json.load(f)["manifests"][0]["digest"][7:])
    damaged(place, "flat", manifest)


def symlinked_blob(place):
    """A blob of the output that is a symlink is replaced, not written through."""
    place.apply("flat", "oci:@out:one")
    blob = place.largest("out")
    os.rename(blob, place.at("elsewhere"))
    os.symlink(place.at("elsewhere"), blob)
    place.apply("flat", "oci:@out:two")
    place.check("oci:@out:two")


def refused(place, break_it, says):
    """A place that the reader would refuse is not written to, and stays as it is."""
    shutil.copytree(place.at("image"), place.at("out"))
    break_it(place.at("out"))
    before = sorted((folder, sorted(folders + files)) for folder, folders, files in os.walk(place.folder))
    done = place.apply("flat", "oci:@out:new", exits=(5,))
    want(says in done.stderr.decode(), done.stderr)
    after = sorted((folder, sorted(folders + files)) for folder, folders, files in os.walk(place.folder))
    want(before == after, "something was changed")


def write(name, text):
    def break_it(folder):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    return break_it


def instead(name, make):
    def break_it(folder):
        os.rename(os.path.join(folder, name), os.path.join(os.path.dirname(folder), "moved"))
        make(os.path.join(folder, name))
    return break_it


def linked(name):
    return instead(name, lambda path: os.symlink(os.path.join(os.path.dirname(os.path.dirname(path) if "blobs/" in name
                                                                              else path), "..", "moved"), path))


def rename_key(old, new):
    def break_it(folder):
        path = os.path.join(folder, "index.json")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace('"%s"' % old, '"%s"' % new))
    return break_it


REFUSED = {
    "an empty oci-layout": (write("oci-layout", ""), "oci-layout"),
    "an oci-layout that is none": (write("oci-layout", "garbage"), "oci-layout"),
    "another version": (write("oci-layout", '{"imageLayoutVersion":"9.9.9"}'), "layout version 9.9.9 is not known"),
    "oci-layout is a folder": (instead("oci-layout", os.mkdir), "oci-layout: is no regular file"),
    "oci-layout is a FIFO": (instead("oci-layout", os.mkfifo), "oci-layout: is no regular file"),
    "an empty index": (write("index.json", ""), "index.json"),
    "an index of two texts": (write("index.json", "{}{}"), "index.json"),
    "index.json is a folder": (instead("index.json", os.mkdir), "index.json: is no regular file"),
    "blobs is a symlink": (linked("blobs"), "cp -rL"),
    "blobs/sha256 is a symlink": (linked("blobs/sha256"), "cp -rL"),
    "blobs is a file": (instead("blobs", lambda path: open(path, "wb").close()), "is no folder"),
    "index.json is a symlink": (linked("index.json"), "cp -rL"),
    "Annotations": (rename_key("annotations", "Annotations"), "Annotations"),
}


def modes(place):
    for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        old = os.umask(mask)
        try:
            place.apply("flat", "oci:@layout-%o:t" % mask)
            place.apply("same", "oci:@kept-%o:t" % mask)
            place.apply("flat", "oci-archive:@%o.tar:t" % mask)
        finally:
            os.umask(old)
        names = [place.at("%o.tar" % mask)]
        for layout in ("layout-%o" % mask, "kept-%o" % mask):
            names += [os.path.join(place.at(layout), n) for n in ("index.json", "oci-layout")]
            names += [os.path.join(place.blobs(layout), n) for n in os.listdir(place.blobs(layout))]
        for name in names:
            want(os.stat(name).st_mode & 0o777 == mode, "%s: %o under %o" % (name, os.stat(name).st_mode, mask))


def mode_of_what_is_replaced(place):
    for mode in (0o600, 0o664, 0o755):
        place.apply("flat", "oci-archive:@a.tar:t")
        os.chmod(place.at("a.tar"), mode)
        if os.geteuid() == 0:
            os.chown(place.at("a.tar"), 12, 34)
        place.apply("same", "oci-archive:@a.tar:t")
        now = os.stat(place.at("a.tar"))
        want(now.st_mode & 0o777 == mode, "%o became %o" % (mode, now.st_mode))
        want(os.geteuid() != 0 or (now.st_uid, now.st_gid) == (12, 34), "the owner is another")


def zstd_for_docker(place):
    """Docker reads no zstd layer of an archive, written or kept."""
    with open(place.at("zstd"), "w", encoding="ascii") as f:
        json.dump({**FLAT, "compression": "zstd"}, f)
    done = place.apply("zstd", "docker-archive:@d.tar:a:t", exits=(5,))
    want(b"compress it with gzip, or write an OCI archive" in done.stderr, done.stderr)
    want(not os.path.exists(place.at("d.tar")), "it is there")
    place.apply("zstd", "oci:@z:t")
    with open(place.at("keep"), "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "layers": [{"name": "a", "from": [0]}]}, f)
    lamina.must("apply", place.at("keep"), "oci:%s:t" % place.at("z"), "docker-archive:%s:a:t" % place.at("d.tar"), exits=(5,))
    with open(place.at("gzip"), "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "layers": [{"name": "a", "from": [0], "compression": "gzip"}]}, f)
    done = lamina.must("apply", place.at("gzip"), "oci:%s:t" % place.at("z"), "docker-archive:%s:a:t" % place.at("d.tar"))
    want(b"its compression is zstd, and gzip is asked for" in done.stderr, done.stderr)
    lamina.must("diff", "oci:%s:t" % place.at("z"), "docker-archive:" + place.at("d.tar"))


def kept_as_it_is_asked_for(place):
    """A layer's own compression is of the layer, kept or not: another level of the same kind leaves it, another kind does not."""
    plan = {"lamina": 1, "layers": [{"name": "a", "from": [0], "compression": "gzip:9"},
                                    {"name": "b", "from": [1], "compression": "none", "keep": True}], "compression": "zstd"}
    done = lamina.must("apply", "-", place.image, "oci:%s:t" % place.at("stays"), stdin=json.dumps(plan).encode())
    want(oci.Image(place.at("stays")).manifest_digest == oci.Image(place.at("image")).manifest_digest, done.stdout)
    plan["layers"][1]["compression"] = "gzip"
    done = lamina.must("apply", "-", place.image, "oci:%s:t" % place.at("moves"), stdin=json.dumps(plan).encode(), exits=(4,))
    want(b"cannot stay as it is: its compression is none, and gzip is asked for" in done.stderr, done.stderr)


def platforms(place, tag, nested, saved):
    """A layout of two images that differ in their platforms, and its archive."""
    shutil.rmtree(place.at("both"), ignore_errors=True)
    entries = []
    for architecture in ("amd64", "arm64"):
        oci.write_layout(place.at("both"), [(tar([plain("file", b"a", architecture.encode())]), "none", 1)],
                         {"architecture": architecture})
        with open(place.at("both/index.json"), encoding="utf-8") as f:
            entries.append({**json.load(f)["manifests"][0], "annotations": {},
                            "platform": {"os": "linux", "architecture": architecture}})
    with open(os.path.join(place.blobs("both"), entries[0]["digest"][7:]), encoding="utf-8") as f:
        manifest = json.load(f)
    if nested:
        index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                            "manifests": entries}).encode()
        with open(os.path.join(place.blobs("both"), oci.digest(index)[7:]), "wb") as f:
            f.write(index)
        entries = [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": oci.digest(index), "size": len(index)}]
    for entry in entries if tag else []:
        entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    write("index.json", json.dumps({"schemaVersion": 2, "manifests": entries}))(place.at("both"))
    if saved:
        path = "blobs/sha256/%s"
        write("manifest.json", json.dumps([{"Config": path % manifest["config"]["digest"][7:], "RepoTags": None,
                                            "Layers": [path % manifest["layers"][0]["digest"][7:]]}]))(place.at("both"))
    subprocess.run(["tar", "-C", place.at("both"), "-cf", place.at("both.tar"), "."], check=True)


def several_platforms_in_an_archive(place):
    """The image of another platform would be lost, whether or not both have the name that is written."""
    for tag in (None, "t"):
        for nested in (False, True):
            for saved in (False, True):
                platforms(place, tag, nested, saved)
                with open(place.at("both.tar"), "rb") as f:
                    before = f.read()
                output = ("docker-archive:@both.tar" if saved else "oci-archive:@both.tar" + (":t" if tag else ""))
                done = place.apply("flat", output, exits=(5,))
                want(b"holds several images, which would be lost" in done.stderr, done.stderr)
                with open(place.at("both.tar"), "rb") as f:
                    want(f.read() == before, "it is another")


def several_platforms_in_a_layout(place):
    """Ours is replaced where one name has all of them; without a name none is."""
    for tag in (None, "t"):
        for nested in (False, True):
            platforms(place, tag, nested, False)
            named = bool(tag) or nested
            done = place.apply("flat", "oci:@both" + (":t" if tag else ""), exits=(0 if named else 5,))
            want(named or b"several images" in done.stderr, done.stderr)
            lamina.must("ls", "--platform=linux/arm64", "oci:%s" % place.at("both"))
            layers = json.loads(lamina.must("inspect", "--json", "--platform=linux/amd64", "oci:%s" % place.at("both")).stdout)["layers"]
            want((layers[0]["tar_size"] > 100000) == named, layers)


def cloned_of_an_archive(place):
    """Members with holes stand written out, one behind the other, in a file that is not to be cloned for the first."""
    hole = [plain("file", name, bytes(1 << 20)) for name in (b"a", b"b")]
    oci.write_layout(place.at("holes"), [(tar(hole[:n]), "none", 1) for n in (1, 2)])
    for blob in os.listdir(place.blobs("holes")):
        path = os.path.join(place.blobs("holes"), blob)
        subprocess.run(["cp", "--sparse=always", path, path + ".new"], check=True)
        os.rename(path + ".new", path)
    subprocess.run(["tar", "-C", place.at("holes"), "-Scf", place.at("holes.tar"), "."], check=True)
    lamina.must("apply", place.at("same"), "oci-archive:%s" % place.at("holes.tar"), "oci:%s:t" % place.at("out"),
                env={"LD_PRELOAD": FAULT, "FAULT_CLONES": "1"})
    place.check("oci:@out:t")


def waiting_can_be_stopped(place):
    place.apply("same", "oci:@out:one")
    folder = os.open(place.at("out"), os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)

    def stop():
        run = place.begin("flat", "oci:@out:two")
        time.sleep(1.5)
        want(run.poll() is None, "it did not wait for the lock")
        begun = time.monotonic()
        run.send_signal(signal.SIGINT)
        want(run.wait(5) == 130, run.returncode)
        want(time.monotonic() - begun < 0.5, "stopping took %.2f s" % (time.monotonic() - begun))
    lamina.persist(stop)
    os.close(folder)
    want(tags(place.at("out")) == ["one"], tags(place.at("out")))
    want(not [n for n in os.listdir(place.at("out")) if n.startswith(".lamina")], os.listdir(place.at("out")))


def poor_file_system(lacks):
    def run(place):
        env = {"LD_PRELOAD": FAULT, "FAULT_LACKS": lacks}
        for output in ("oci:@out:t", "oci-archive:@a.tar:t", "docker-archive:@d.tar:n:t"):
            for plan in ("flat", "same"):
                place.apply(plan, output, env=env)
                place.check(output)
        left = [n for n in os.listdir(place.folder) + os.listdir(place.at("out")) if n.startswith(".lamina")]
        want(not left, "%d files are left" % len(left))
    return run


def more_layers_than_open_files(place):
    """As many as are given at first, where more may be had; each has to be spooled, and is written."""
    count, first = 200, 128
    layers = [(tar([plain("file", b"%s%d" % (name, n), os.urandom(5000)) for name in (b"z", b"a")]), "none", 1) for n in range(count)]
    oci.write_layout(place.at("image"), layers)
    with open(place.at("each"), "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "layers": [{"name": "l%d" % n, "from": [n], "rewrite": True} for n in range(count)]}, f)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first, before[1]))
    try:
        for output in ("oci:@out:t", "oci-archive:@a.tar:t"):
            place.apply("each", output)
            place.check(output)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


CASES = {f.__name__.replace("_", " "): f for f in (
    made_by_who_is_stopped, made_by_who_is_killed, made_without_a_tag, made_and_given_up, many_writers, damaged_layer,
    damaged_kept_layer, damaged_manifest, symlinked_blob, modes, mode_of_what_is_replaced, zstd_for_docker,
    kept_as_it_is_asked_for,
    several_platforms_in_an_archive, several_platforms_in_a_layout, cloned_of_an_archive,
    waiting_can_be_stopped, more_layers_than_open_files)}
CASES.update({name: lambda place, case=case: refused(place, *case) for name, case in REFUSED.items()})
CASES.update({"without " + lacks: poor_file_system(lacks) for lacks in ("flock", "dirsync", "fchmod")})


def main():
    failures = []
    for name, case in CASES.items():
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="lamina-outputs.") as scratch:
            try:
                case(Place(scratch))
            except (lamina.Failure, OSError, subprocess.TimeoutExpired) as failure:
                failures.append((name, "%s" % failure))
    return lamina.conclude("outputs", len(CASES) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
