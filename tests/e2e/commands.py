#!/usr/bin/env python3
"""Every command as its user calls it: results, exit codes, and one clear line for what is wrong."""
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import sample  # noqa: E402
from tarmake import plain, tar  # noqa: E402

COMMANDS = ("apply", "cat", "check", "diff", "explain", "export", "inspect", "log", "ls", "plan", "suggest")
EVIL = "\x1b]0;x\x07\n\u202e".encode()
# C0, DEL, C1, and what is invisible or turns text around.
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]")
PASSED, FAILURES = [], []


# What is damaged is found where it is read.
UNCACHED = {"XDG_CACHE_HOME": "", "HOME": ""}


def expect(what, *args, exits=0, out=None, err=None, lines=None, stdin=b"", env=None):
    """Runs lamina; out and err are patterns, lines is how many standard error has."""
    try:
        done = lamina.run(*args, stdin=stdin, env=env)
    except lamina.Failure as failure:
        FAILURES.append((what, str(failure)))
        return b""
    errors = done.stderr.decode("utf-8", "replace")
    why = ""
    if done.returncode != exits:
        why = "exit %d, not %d: %s" % (done.returncode, exits, errors)
    elif out is not None and not re.search(out, done.stdout.decode("utf-8", "replace"), re.M):
        why = "standard output has no %r: %r" % (out, done.stdout[:600])
    elif err is not None and not re.search(err, errors, re.M):
        why = "standard error has no %r: %r" % (err, errors[:600])
    elif lines is not None and errors.count("\n") != lines:
        why = "standard error has not %d lines: %r" % (lines, errors[:900])
    elif CONTROL.search(done.stdout if args[:1] not in (("cat",), ("export",)) else b"") or CONTROL.search(done.stderr):
        why = "control bytes"
    (FAILURES.append((what, why)) if why else PASSED.append(what))
    return done.stdout


def broken(what, image, damage, err, checked=1):
    """The image, damaged by a function that gets its folder, ends so; `check` says 3 where there is nothing to check."""
    folder = image + "-broken"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(image, folder)
    damage(folder)
    expect(what, "inspect", "oci:" + folder, exits=3, err=err, lines=1, env=UNCACHED)
    expect(what + ": check", "check", "oci:" + folder, exits=checked)


def manifest_of(folder):
    index = json.load(open(os.path.join(folder, "index.json"), encoding="utf-8"))
    return index["manifests"][0]


def blob_path(folder, digest):
    return os.path.join(folder, "blobs", *digest.split(":"))


def layer_of(folder, n=0):
    manifest = json.load(open(blob_path(folder, manifest_of(folder)["digest"]), "rb"))
    return blob_path(folder, manifest["layers"][n]["digest"])


def edit_manifest(change):
    def damage(folder):
        manifest = json.load(open(blob_path(folder, manifest_of(folder)["digest"]), "rb"))
        change(manifest)
        blob = json.dumps(manifest).encode()
        with open(blob_path(folder, oci.digest(blob)), "wb") as f:
            f.write(blob)
        index = json.load(open(os.path.join(folder, "index.json"), encoding="utf-8"))
        index["manifests"][0].update(digest=oci.digest(blob), size=len(blob))
        json.dump(index, open(os.path.join(folder, "index.json"), "w", encoding="utf-8"))
    return damage


def cut(path_of, size):
    def damage(folder):
        os.truncate(path_of(folder), size)
    return damage


def flip(path_of):
    def damage(folder):
        with open(path_of(folder), "r+b") as f:
            f.seek(30)
            byte = f.read(1)
            f.seek(30)
            f.write(bytes([byte[0] ^ 1]))
    return damage


def bad_images(image):
    layer = "application/vnd.oci.image.layer.v1.tar"
    broken("a blob is missing", image, lambda f: os.remove(layer_of(f)), r"blob sha256:\w{64} is missing")
    broken("a blob is cut", image, cut(layer_of, 100), r"has 100 bytes, its descriptor says")
    broken("a blob is damaged", image, flip(layer_of), r"layer 0 \(sha256:\w{64}\): its content is damaged")
    broken("a blob is a folder", image, lambda f: (os.remove(layer_of(f)), os.mkdir(layer_of(f))), "no regular file")
    broken("a blob is a FIFO", image, lambda f: (os.remove(layer_of(f)), os.mkfifo(layer_of(f))), "no regular file")
    broken("a blob is a link", image, lambda f: (os.rename(layer_of(f), f + "/x"), os.symlink(f + "/x", layer_of(f))),
           "no regular file")
    broken("no index.json", image, lambda f: os.remove(f + "/index.json"), "has no index.json", 3)
    broken("no oci-layout", image, lambda f: os.remove(f + "/oci-layout"), "has no oci-layout", 3)
    broken("index.json is cut", image, cut(lambda f: f + "/index.json", 60), r"index.json:1:\d+: ")
    broken("index.json is empty", image, cut(lambda f: f + "/index.json", 0), r"index.json:1:1: ends too early")
    broken("an unknown media type", image, edit_manifest(lambda m: m["layers"][0].update(mediaType="text/plain")),
           "media type text/plain")
    broken("an encrypted layer", image, edit_manifest(lambda m: m["layers"][0].update(mediaType=layer + "+encrypted")),
           "is encrypted")
    broken("a layer that is not there", image, lambda f: os.remove(layer_of(f)), "is missing: the image is incomplete: copy it again")
    broken("no layers", image, edit_manifest(lambda m: m.update(layers=[])), "0 layers")
    broken("a manifest that is an index", image, edit_manifest(lambda m: m.update(manifests=[])), "at once")
    broken("an unknown config", image, edit_manifest(lambda m: m["config"].update(mediaType="text/x")), "text/x")
    expect("an index of nothing", "inspect", "oci:" + image + ":nope", exits=3, err='no tag "nope"; there is: latest')
    expect("no such folder", "inspect", "oci:/nowhere/at/all", exits=3, err="no such folder", lines=1)
    expect("a file of text", "inspect", "oci-archive:" + __file__, exits=3, lines=1)
    expect("standard input of text", "inspect", "-", exits=3, stdin=b"hello\n", lines=1)
    expect("standard input of nothing", "inspect", "-", exits=3, lines=1)


def bad_plans(image):
    source = "oci:%s:latest" % image

    def plan(what, text, err, exits=4, lines=None):
        text = text if isinstance(text, bytes) else json.dumps(text).encode()
        expect("plan: " + what, "apply", "-", source, "oci:%s-never:t" % image, stdin=text, exits=exits, err=err,
               lines=lines)

    rest = [{"name": "a", "from": "rest"}]
    plan("no JSON", b"{", r"standard input:1:2: ", lines=1)
    plan("not an object", b"[]", "standard input")
    plan("no version", {"layers": rest}, "lamina")
    plan("a newer version", {"lamina": 2, "layers": rest}, "newer")
    plan("no layers", {"lamina": 1}, "layers")
    plan("a layer without a name", {"lamina": 1, "layers": [{"from": "rest"}]}, r"layers\[0\]")
    plan("a name twice", {"lamina": 1, "layers": rest + rest}, r"layers\[1\]")
    plan("an unknown field", {"lamina": 1, "layers": rest, "asign": []}, r'asign.*did you mean "assign"')
    plan("an unknown layer", {"lamina": 1, "layers": [{"name": "assets", "from": "rest"}],
                              "assign": [{"path": "/x", "to": "asset"}]},
         r'assign\[0\]\.to: no layer "asset"; did you mean "assets"')
    plan("a relative path", {"lamina": 1, "layers": rest, "assign": [{"path": "x", "to": "a"}]}, r"assign\[0\]")
    plan("a bad glob", {"lamina": 1, "layers": rest, "assign": [{"glob": "/[a", "to": "a"}]}, r"assign\[0\]")
    plan("path and glob", {"lamina": 1, "layers": rest, "assign": [{"glob": "/a", "path": "/a", "to": "a"}]},
         r"assign\[0\]")
    plan("no to", {"lamina": 1, "layers": rest, "assign": [{"path": "/a"}]}, r"assign\[0\]")
    plan("a compression", {"lamina": 1, "layers": rest, "compression": "xz"}, "compression")
    plan("all at once", {"lamina": 1, "layers": [{"name": "a", "from": "all"}, {"name": ""}],
                         "assign": [{"path": "/x", "to": "b"}, 7]}, r"assign\[1\]", lines=4)
    plan("an original in none", {"lamina": 1, "layers": [{"name": "a", "from": [0]}]}, "layers 1-4 of the image are in no layer")
    plan("an original in two", {"lamina": 1, "layers": [{"name": "a", "from": [0]}, {"name": "b", "from": ["0-4"]}]},
         "two|twice|already|both")
    plan("more originals than there are", {"lamina": 1, "layers": [{"name": "a", "from": ["0-40"]}]}, "the image has 5 layers")
    plan("a kept layer that something moves out of",
         {"lamina": 1, "layers": [{"name": "base", "from": [0], "keep": True}, *rest], "assign": [{"path": "/etc", "to": "a"}]},
         r'"base" \(keep: true\) cannot stay as it is: /etc/\S+ moved to a', lines=1)
    expect("plan: no such file", "apply", "/nowhere.json", source, "oci:%s-never:t" % image, exits=4, lines=1)
    if os.path.exists(image + "-never"):
        FAILURES.append(("plan", "an output was made"))


def good(image, scratch):
    source = "oci:%s:latest" % image
    flat, file = "oci:%s-flat:t" % image, os.path.join(scratch, "plan.json")
    expect("plan", "plan", source, "--flatten", "--split", "/opt", "-o", file)
    expect("plan: saved as it is printed", "plan", source, "--flatten", "--split=/opt", out=re.escape(open(file).read()))
    nested = expect("plan: below what is split", "plan", source, "--split", "/usr/bin=bin", "--drop", "/", "--split", "/usr")
    if [r["path"] for r in json.loads(nested or b"{}").get("assign", [])] != ["/", "/usr", "/usr/bin"]:
        FAILURES.append(("plan: below what is split", nested.decode()))
    expect("plan: a path twice", "plan", source, "--split", "/opt=a", "--split", "/opt=b", exits=4, lines=1, err="/opt: is asked for twice")
    never = os.path.join(scratch, "never.json")
    for what in (("--split", "/usr"), ("--drop", "/usr/bin")):
        expect("plan: what lies in a layer that is to stay", "plan", source, "--keep", "1", "--flatten", *what, "-o", never, exits=4, lines=1,
               err=r'^lamina: layer "base" \(keep: true\) cannot stay as it is: /usr/bin')
    if os.path.exists(never):
        FAILURES.append(("plan: what lies in a layer that is to stay", "a plan was written"))
    expect("apply --dry-run", "apply", "--dry-run", file, source, flat, out=r"^1\s+opt\s+new")
    if os.path.exists(image + "-flat"):
        FAILURES.append(("apply --dry-run", "wrote"))
    expect("apply", "apply", file, source, flat, out=r"^sha256:\w{64} oci:")
    made = expect("apply --json", "apply", "--json", file, source, flat)
    if json.loads(made or b"{}").get("verified") is not True:
        FAILURES.append(("apply --json", made.decode()))
    expect("apply --pinned", "apply", "--pinned", file, source, flat)
    expect("apply --pinned, another image", "apply", "--pinned", file, flat, "oci:%s-flat:u" % image, exits=4, lines=1,
           err="the plan was made for")
    expect("diff, none", "diff", source, flat, out=r"\A\Z")
    for command in (("plan", "--flatten", "--split", "/usr"), ("suggest",)):
        expect("%s over another plan" % command[0], command[0], source, *command[1:], "-o", file, exits=5, lines=1,
               err=r"^lamina: \S+/plan\.json: holds something else, and stays as it is: another name, or --force$")
    expect("plan over the same", "plan", source, "--flatten", "--split", "/opt", "-o", file, lines=0)
    for odd in ("mine \0", ""):
        with open(never, "w", encoding="utf-8") as f:
            f.write(odd)
        expect("plan over %r" % odd, "plan", source, "-o", never, exits=5 if odd else 0, lines=1 if odd else 0)
    expect("plan --drop", "plan", source, "--flatten", "--drop", "/opt", "-o", file, "--force")
    expect("apply, dropped", "apply", file, source, "oci:%s-flat:dropped" % image, err="LEFT OUT")
    expect("diff, some", "diff", source, "oci:%s-flat:dropped" % image, exits=1, out=r"^- /opt$")
    expect("diff --json", "diff", "--json", source, "oci:%s-flat:dropped" % image, exits=1, out='"removed","path":"/opt"')
    expect("apply, drift", "apply", file, "oci:%s-flat:dropped" % image, "oci:%s-flat:again" % image,
           err=r"assign\[0\]: path /opt matches nothing")
    expect("apply --strict, drift", "apply", "--strict", file, "oci:%s-flat:dropped" % image, "oci:%s-flat:never" % image,
           exits=4)
    apart = json.dumps({"lamina": 1, "layers": [{"name": "a", "from": "rest"}, {"name": "b"}],
                        "assign": [{"path": "/usr/bin/perl", "to": "b"}]}).encode()
    expect("explain, a hard link", "explain", "-", source, "/usr/bin/perl5.36.0", stdin=apart,
           out=r'with   /usr/bin/perl, the first(.|\n)*rule   assign\[0\](.|\n)*layer "b"')
    expect("explain", "explain", file, source, "/opt/app", "/etc", out=r"LEFT OUT(.|\n)*/etc(.|\n)*layer \"rest\"")
    gone = re.search(rb"^(/\S+) \[deleted in \d+\]$", lamina.run("ls", "-R", "--dead", source).stdout, re.M).group(1)
    expect("explain, a deleted path", "explain", "-", source, gone.decode(), stdin=apart,
           out=r"^  rule   none\n  to     nothing: it was deleted$")
    expect("ls -l", "ls", "-l", source, "/usr/share/doc/apt", out=r"-> \S+ \[dangling\]$")
    expect("ls -lR", "ls", "-lR", source, out=r"^d\S+ 0:0 .* /usr/share$")
    expect("ls --dead", "ls", "-R", "--dead", source, out=r"\[deleted in \d\]$")
    expect("ls --layer", "ls", "-R", "--layer", "0", source, out="/etc")
    expect("ls, no such layer", "ls", "--layer", "9", source, exits=3, lines=1)
    expect("ls, no such path", "ls", source, "/nope", exits=3, err="/nope: no such path", lines=1)
    expect("ls, a deleted path", "ls", source, "/var/cache/apt/pkgcache.bin", exits=3, err="was deleted")
    expect("log", "log", source, "/var/cache/apt/pkgcache.bin", out=r"^layer \d\s+added(.|\n)*deleted")
    expect("inspect", "inspect", source, out="created by")
    expect("inspect --json", "inspect", "--json", source, out='"layers":')
    expect("check", "check", source, out="all 5 layers are what their digests say")
    expect("cat, a dangling symlink", "cat", source, "/usr/share/doc/apt/NEWS.Debian.gz", exits=3, lines=1, err="leads to no file .dangling")
    expect("cat, a loop", "cat", source, "/usr/share/doc/loop", exits=3, lines=1, err="leads to no file .loop")
    expect("cat, a folder", "cat", source, "/etc", exits=3, lines=1)
    archive = expect("export", "export", source, "/opt", "-")
    listed = subprocess.run(["tar", "-tf", "-"], input=archive, stdout=subprocess.PIPE, check=True).stdout.split()
    if not listed or listed[0] != b"opt/":
        FAILURES.append(("export", repr(listed[:3])))
    for where in ("-", "a.tar"):
        expect("export: " + where, "export", source, "/opt", where if where == "-" else os.path.join(scratch, where))
    pipe = os.path.join(scratch, "pipe")
    os.mkfifo(pipe)
    expect("export to a pipe's name", "export", source, "/opt", pipe, exits=5, lines=1, err="no regular file")
    expect("plan to a pipe's name", "plan", source, "-o", pipe, exits=5, lines=1, err="no regular file")
    expect("plan to a descriptor", "plan", source, "-o", "/proc/self/fd/1", exits=5, lines=1, err="no regular file")
    if not stat.S_ISFIFO(os.stat(pipe).st_mode):
        FAILURES.append(("a pipe", "is one no more"))


def read_index(folder):
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
        return json.load(f)


def write_index(folder, manifests):
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as f:
        json.dump({"schemaVersion": 2, "manifests": manifests}, f)


def add_blob(folder, document, **fields):
    """A descriptor of the document, which is a blob of the layout then."""
    blob = json.dumps(document).encode()
    with open(blob_path(folder, oci.digest(blob)), "wb") as f:
        f.write(blob)
    return {"mediaType": document["mediaType"], "digest": oci.digest(blob), "size": len(blob), **fields}


def tagged(tag):
    return {"annotations": {"org.opencontainers.image.ref.name": tag, "k": "v"}}


INDEX = "application/vnd.oci.image.index.v1+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
AMD64, ARM64, UNKNOWN = ({"os": system, "architecture": machine} for system, machine in (
    ("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown")))


class InPlace:
    """A layout that is source and output, and what becomes of its index.json."""

    def __init__(self, image):
        self.image, self.folder = image, image + "-in-place"
        self.plan = lamina.must("plan", "oci:%s:latest" % image, "--split", "/opt").stdout

    def fresh(self):
        """A copy of the image; returns its descriptor, bare."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.image, self.folder)
        return {k: manifest_of(self.folder)[k] for k in ("mediaType", "digest", "size")}

    def index(self, media_type, manifests):
        return add_blob(self.folder, {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}, **tagged("multi"))

    def replaces(self, what, manifests, reference=None, **fields):
        """The one image is replaced, and its descriptor has these fields then; others stay."""
        write_index(self.folder, manifests)
        reference = reference or self.folder
        expect(what, "apply", "-", reference, reference, stdin=self.plan)
        new, *others = read_index(self.folder)["manifests"]
        if new["digest"] == manifests[0]["digest"] or others != manifests[1:] or new.get("platform") != (AMD64 if "platform" in manifests[0] else None) \
                or {k: new.get(k) for k in fields} != fields:
            FAILURES.append((what, "%s, %s" % (new, others)))
        expect(what + ": read", "inspect", reference, out=new["digest"])
        expect(what + ": the same", "diff", "oci:%s:latest" % self.image, reference)

    def replaces_in(self, what, index, others, reference, *options):
        """The image is replaced in the index, or comes to it: its other images and its own name and fields stay."""
        write_index(self.folder, [index])
        expect(what, "apply", "-", "oci:%s:latest" % self.image, reference, *options, stdin=self.plan)
        (new,) = read_index(self.folder)["manifests"]
        inner = json.load(open(blob_path(self.folder, new["digest"]), "rb"))
        own = [m for m in inner["manifests"] if m not in others]
        # a list of Docker's holds no manifest of OCI's
        if {**new, "digest": 0, "size": 0} != {**index, "digest": 0, "size": 0, "mediaType": INDEX} or inner["mediaType"] != INDEX \
                or [m for m in inner["manifests"] if m in others] != others or [m["platform"] for m in own] != [AMD64]:
            FAILURES.append((what, "%s: %s" % (new, inner)))
        expect(what + ": read", "inspect", reference, "--platform", "linux/amd64", out=own[0]["digest"])
        expect(what + ": the same", "diff", "--platform", "linux/amd64", "oci:%s:latest" % self.image, reference)

    def refuses(self, what, manifests, err, reference=None):
        write_index(self.folder, manifests)
        before = sorted(os.walk(self.folder))
        expect(what, "apply", "-", "oci:%s:latest" % self.image, reference or self.folder, stdin=self.plan, exits=5,
               err=r"^lamina: %s[:/].*%s.*\n\Z" % (re.escape(self.folder), err))
        if read_index(self.folder)["manifests"] != manifests or sorted(os.walk(self.folder)) != before:
            FAILURES.append((what, "changed the layout"))


def in_place(image):
    place = InPlace(image)
    one = place.fresh()
    other = add_blob(place.folder, {**json.load(open(blob_path(place.folder, one["digest"]), "rb")), "annotations": {}})
    several = "holds several images: name the one to be replaced"
    place.replaces("no tag: the image has none", [one], annotations=None)
    place.refuses("no tag: the image has one", [{**one, **tagged("t")}], 'holds the image "t": name it')
    place.replaces("no tag: beside what is no image", [one, {**other, "mediaType": "text/x"}])
    place.replaces("a tag: its platform is another's", [{**one, **tagged("t"), "platform": ARM64}, other],
                   "oci:%s:t" % place.folder, **tagged("t"))
    place.refuses("no tag: several images", [one, {**other, **tagged("t")}], several)
    place.refuses("no tag: one image of two names", [{**one, **tagged("a")}, {**one, **tagged("b")}], several)
    multi = "oci:%s:multi" % place.folder
    attestation = {**other, "platform": UNKNOWN}
    pair = [{**one, "platform": AMD64}, {**other, "platform": ARM64}]
    for kind in (INDEX, LIST):
        place.replaces_in("an index of several", place.index(kind, pair), pair[1:], multi)
        place.replaces_in("an index of one", place.index(kind, pair[:1]), [], multi)
        place.replaces_in("an index of another platform", place.index(kind, pair[1:]), pair[1:], multi)
    nested = [place.index(INDEX, pair[:1])]
    place.refuses("an index of an index", [place.index(INDEX, nested)], "an image that would be lost, sha256:.*: choose another tag", multi)
    bare = place.index(INDEX, pair)
    bare.pop("annotations")
    place.replaces_in("no tag: an index of several", bare, pair[1:], place.folder)
    attested = place.index(INDEX, [pair[0], attestation])
    place.refuses("an index of one and its attestation", [attested], "attestation sha256:.* would be lost: --drop-attestations", multi)
    place.replaces_in("the same, said so", attested, [], multi, "--drop-attestations")
    third = add_blob(place.folder, {**json.load(open(blob_path(place.folder, one["digest"]), "rb")), "annotations": {"third": "image"}})
    twice = place.index(INDEX, [{**image, "platform": AMD64} for image in (other, third)])
    place.refuses("an index of two of a platform", [twice], "an image that would be lost, sha256:", multi)
    gone = place.index(INDEX, pair)
    os.remove(blob_path(place.folder, gone["digest"]))
    place.refuses("an index that is missing", [gone], gone["digest"][7:], multi)
    write_index(place.folder, [])
    expect("no tag: no image yet", "apply", "-", "oci:%s:latest" % image, place.folder, stdin=place.plan)
    if [m.get("annotations") for m in read_index(place.folder)["manifests"]] != [None]:
        FAILURES.append(("no tag: no image yet", str(read_index(place.folder))))


def words(image):
    source = "oci:%s:latest" % image
    for command in COMMANDS:
        expect(command + " --help", command, "--help", out=r"usage: lamina " + command)
    expect("--help", "--help", out="usage: lamina IMAGE[^\n]*\n *lamina COMMAND")
    expect("--version", "--version", out=r"^lamina \d+\.\d+")
    expect("nothing", exits=2)
    expect("an unknown command", "inspct", exits=2, err="did you mean inspect")
    expect("an image alone, without a terminal", source, exits=2, lines=1, err="lamina ls")
    expect("an unknown option", "ls", "--recursiv", source, exits=2, err="did you mean --recursive")
    expect("an option without its value", "plan", source, "--split", exits=2)
    expect("too few", "apply", exits=2, lines=1)
    expect("too many", "check", source, "x", exits=2, lines=1)
    expect("behind --", "ls", "--", source, "/opt", out="/opt/app")
    expect("options in front", "--threads", "1", "ls", source, "/opt", out="/opt/app")
    expect("threads", "--threads=0", "ls", source, exits=2)
    expect("no image of a registry", "inspect", "docker://X", exits=2, err="is no image of a registry")
    for option in ("--drop=", "--drop=.", "--split=", "--split==x"):
        expect("no path: " + option, "plan", source, option, exits=2, lines=1, err="/ is the whole image")
    for size in ("0x10", "1e3", "5.k", "1.2.3", ".5"):
        expect("no size: " + size, "inspect", source, "--against", source, "--max-pull", size, exits=2, lines=1, err="is a size")
    expect("no share", "inspect", source, "--max-waste", "0x5%", exits=2, lines=1, err="or a share")
    packed = b'{"lamina": 1, "layers": [{"name": "a", "from": "rest"}], "compression": "zstd"}'
    expect("what a place cannot hold", "apply", "--dry-run", "-", source, "docker-archive:%s-none.tar" % image, exits=5, lines=1,
           err="compressed with zstd", stdin=packed)
    expect("no file, as JSON", "cat", source, "/usr", "--json", exits=3, out=r"\A\Z", lines=1)
    expect("an output that is not named", "apply", "-", source, "x.tar", exits=2, err="say what it is to be", stdin=b"")
    flat = b'{"lamina": 1, "layers": [{"name": "a", "from": "rest"}]}'
    expect("both to standard output", "apply", "--json", "-", source, "-", exits=2, out=r"\A\Z", err="--json and an archive",
           lines=1, stdin=flat)
    expect("what would be, as JSON", "apply", "--json", "--dry-run", "-", source, "-", out='"lamina":1', stdin=flat)
    places = image + "-places"
    os.makedirs(places + "/taken")
    with open(places + "/taken/theirs", "w", encoding="ascii") as f:
        f.write("not an image")
    for kind in ("oci:%s:t", "oci-archive:%s", "docker-archive:%s", "dir:%s"):
        for where, says in (("/none/out", "none: there is no such folder: make it first"), ("/taken/theirs/out", "Not a directory|is no folder"),
                            ("/taken", "is a folder with other things in it|is there, and no regular file")):
            place = kind % (places + where)
            for dry in ((), ("--dry-run",)):
                expect("no place: %s%s" % (place, dry), "apply", *dry, "--progress=none", "-", source, place, exits=5, err=says, stdin=flat)
    expect("both from standard input", "apply", "-", "-", "oci:x", exits=2)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([lamina.PROGRAM, "ls", "-R", source], stdout=full, stderr=subprocess.PIPE, check=False)
    (PASSED.append("full") if done.returncode == 5 and b"lamina: " in done.stderr else
     FAILURES.append(("/dev/full", "exit %d: %r" % (done.returncode, done.stderr))))


def platforms(image, scratch):
    """An image index whose parts are one image, said to be for several platforms."""
    folder = os.path.join(scratch, "platforms")

    def index_of(*texts):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(image, folder)
        one, parts = manifest_of(folder), []
        for text in texts:
            words_of = dict(zip(("os", "architecture", "variant"), text.split("/")))
            parts.append({k: one[k] for k in ("mediaType", "digest", "size")} | {"platform": words_of})
        blob = json.dumps({"schemaVersion": 2, "manifests": parts}).encode()
        with open(blob_path(folder, oci.digest(blob)), "wb") as f:
            f.write(blob)
        top = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": oci.digest(blob), "size": len(blob)}
        with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as f:
            json.dump({"schemaVersion": 2, "manifests": [top]}, f)

    def ask(platform, exits=0, err=None):
        expect("platform " + platform, "inspect", folder, "--platform", platform, exits=exits, err=err,
               lines=1 if exits else None)

    index_of("linux/amd64", "linux/arm64/v8", "linux/arm/v6")
    for right in ("linux/amd64", "linux/amd64/v1", "linux/x86_64", "linux/arm64", "linux/arm64/v8", "linux/aarch64/8",
                  "linux/arm/v6", "linux/arm/6", "linux/arm"):
        ask(right)
    for wrong in ("linux/arm64/v7", "linux/amd64/foo", "linux/arm/v7", "linux/s390x"):
        ask(wrong, 3, "has no image for %s; --platform takes one of: linux/amd64, linux/arm64/v8, linux/arm/v6" % wrong)
    index_of("linux/arm64", "linux/arm")
    for right in ("linux/arm64/v8", "linux/arm/v7", "linux/arm"):
        ask(right)
    ask("linux/arm/v6", 3, "has no image for linux/arm/v6")


def colons(image, scratch):
    """Where a reference's path ends and its tag begins."""
    here = os.path.join(scratch, "colons")
    os.mkdir(here)
    many, flat = here + "/mi", json.dumps({"lamina": 1, "layers": [{"name": "a", "from": "rest"}]}).encode()
    shutil.copytree(image, many)
    for tag in ("foo:bar", "example.com/library/x:1.0", "a/b"):
        expect("a tag made: " + tag, "apply", "-", "oci:%s:latest" % many, "oci:%s:%s" % (many, tag), stdin=flat)
        for transport in ("oci:", ""):
            expect("a tag: %s%s" % (transport, tag), "ls", "%s%s:%s" % (transport, many, tag), out="^/etc$")
    expect("no such tag", "ls", "oci:%s:foo:baz" % many, exits=3, lines=1,
           err='has no tag "foo:baz"; there is: latest, foo:bar, example.com/library/x:1.0, a/b')
    expect("a bad tag", "ls", "oci:%s:foo bar" % many, exits=2, lines=1, err="is no tag")
    archive = here + "/f.tar"
    tagged = archive + ":q.io/x:1"
    open(archive, "wb").close()  # an empty file may become an archive
    expect("an archive's tag with a colon made", "apply", "-", "oci:%s:a/b" % many, "oci-archive:" + tagged, stdin=flat)
    for text in ("oci-archive:" + tagged, tagged, "oci-archive:" + archive):
        expect("an archive's tag with a colon: " + text[:12], "ls", text, out="^/etc$")
    for folder in ("mi:foo", "x:y/mi", "mi:z:1"):
        shutil.copytree(image, os.path.join(here, folder))
        for text in ("oci:%s/%s", "oci:%s/%s:latest", "%s/%s", "%s/%s:latest"):
            expect("a folder with a colon: " + text % ("", folder), "ls", text % (here, folder), out="^/etc$")
    for name, output in (("new", "oci:%s/new:example.test/app:v9"), ("new.tar", "oci-archive:%s/new.tar:example.test/app:v9")):
        expect("a new place ends at the first colon: " + name, "apply", "-", "oci:%s:latest" % many, output % here, stdin=flat)
        expect("and is read: " + name, "ls", output % here, out="^/etc$")
        if not os.path.exists(os.path.join(here, name)):
            FAILURES.append(("a new place with a colon: " + name, repr(os.listdir(here))))
    expect("no image before a colon", "ls", "oci:%s/nope:foo:bar" % here, exits=3, lines=1, err="no such folder")


def image_names(image, scratch):
    """The names that a docker-archive may be given: those that docker and skopeo load."""
    archive, plan = os.path.join(scratch, "names.tar"), b'{"lamina": 1, "layers": [{"name": "a", "from": "rest"}]}'
    for name in ("UPPER:t", "-x:t", "a//b:t", "a:", "", ":t", "a/b@c:t", "a/:t", "/a:t", "a.:t", "a..b:t", "a___b:t", "a/B:t",
                 "a:-t", "a:b:c", "a b:t", "-h.io/a:t", "h.io:x/a:t", "h.io:5000/A:t", "a:" + 129 * "t", "a:t/", "\u00e9:t"):
        expect("no name: " + name[:20], "apply", "-", image, "docker-archive:%s:%s" % (archive, name), stdin=plan, exits=2,
               lines=1, err="is no name that docker loads")
        if os.path.exists(archive):
            FAILURES.append(("no name: " + name, "an output was made"))
    for name in ("a", "a:t", "a/b/c:T_1.x-", "localhost/a:t", "localhost:5000/a", "H.io/a-b--c:t", "H:5000/a__b.c_d:t",
                 "a-b.io:80/x", "a_b.c/d:t", "a:" + 128 * "t"):
        output = "docker-archive:%s:%s" % (archive, name)
        expect("a name: " + name[:20], "apply", "-", image, output, stdin=plan)
        expect("a name, read: " + name[:20], "ls", output, out="^/etc$")
        if shutil.which("skopeo"):
            done = subprocess.run(["skopeo", "inspect", "docker-archive:" + archive], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
            (PASSED if done.returncode == 0 else FAILURES).append((name, done.stderr))
        if os.path.exists(archive):
            os.remove(archive)
    expect("an input's name is not judged", "ls", "docker-archive:%s:UPPER:t" % archive, exits=3, lines=1)


def layers_own(scratch):
    """--layer N --dead: what that layer holds, as it holds it."""
    folder = os.path.join(scratch, "own")
    layers = ([plain("dir", b"d"), plain("file", b"d/a", b"one"), plain("file", b"d/b", b"bb"), plain("file", b"d/c", b"c"),
               plain("link", b"d/b2", target=b"d/b")],
              [plain("file", b"d/a", b"three", mode=0o600), plain("symlink", b"d/c", target=b"nowhere")],
              [plain("file", b"d/.wh.a", b""), plain("file", b"d/.wh.b", b"")],
              [plain("file", b"d/a", b"last one"), plain("file", b"d/b", b"b again")])
    oci.write_layout(folder, [(tar(members), "gzip", 1) for members in layers])
    image = "oci:%s:t" % folder

    def own(layer, dead, *rows):
        args = ("ls", "-R", "--layer", str(layer), *(["--dead"] if dead else []), image)
        expect("layer %d's own" % layer, *args, out=r"\A%s\Z" % "".join(re.escape(row) + "\n" for row in rows))
        listed = json.loads(expect("layer %d's own, as JSON" % layer, *args, "--json"))["entries"]
        if {entry["layer"] for entry in listed} - {layer}:
            FAILURES.append(("layer %d's own" % layer, repr(listed)))
        return {entry["path"]: entry for entry in listed}

    first = own(0, True, "/", "/d", "/d/a [replaced in 1]", "/d/b [deleted in 2]", "/d/b2", "/d/c [replaced in 1]")
    second = own(1, True, "/d/a [deleted in 2]", "/d/c")
    own(2, True)
    own(3, True, "/d/a", "/d/b")
    own(0, False, "/", "/d", "/d/b2")
    own(1, False, "/d/c")
    got = [(first["/d/a"][k], second["/d/a"][k]) for k in ("size", "mode")]
    ends = first["/d/a"]["replaced_in"], second["/d/a"]["deleted_in"], first["/d/c"]["kind"], second["/d/c"]["kind"]
    if got != [(3, 5), ("0644", "0600")] or ends != (1, 2, "file", "symlink"):
        FAILURES.append(("versions as layers hold them", repr((got, ends))))
    expect("what is dead, of all layers", "ls", "-R", "--dead", image, out=r"\A/\n/d\n/d/a\n/d/b\n/d/b2\n/d/c\n\Z")


def pulls(scratch):
    """What a client with an older image fetches: by digests, and by chains as Docker's own store does; a limit is a gate."""
    def image(name, *names):
        folder = os.path.join(scratch, name)
        oci.write_layout(folder, [(tar([plain("file", n.encode(), n.encode() * 50000)]), "none", 1) for n in names])
        return "oci:%s:t" % folder

    old, new, far = image("old", "a", "b", "c"), image("new", "a", "x", "c", "x"), image("far", "q")
    done = json.loads(expect("a pull", "inspect", new, "--against", old, "--json"))
    sizes = [layer["blob_size"] for layer in done["layers"]]
    if done["fetch"] != {"layers": 1, "bytes": sizes[1], "docker_layers": 3, "docker_bytes": sum(sizes[1:])} or \
            [layer["had"] for layer in done["layers"]] != [True, False, True, False]:
        FAILURES.append(("a pull", repr(done)))
    expect("a pull, as text", "inspect", new, "--against", old,
           out=r"^a client with the old image fetches 1 of 4 layers, 50.5K$\n^Docker's own store fetches 3, 152K: ")
    expect("a pull of what is there", "inspect", new, "--against", far, "--against", new, out=r"fetches 0 of 4 layers, 0$")
    expect("a pull of nothing known", "inspect", new, "--max-pull", "150k", exits=1, err=r"new:t: a client fetches 15\dK, and at most 150K")
    expect("a pull under the limit", "inspect", new, "--against", old, "--max-pull", "51k", "--max-waste", "30%")
    expect("too much waste", "inspect", new, "--max-waste", "20%", exits=1, err=r"dead entries hold 48.8K, and at most ")
    expect("too much waste", "inspect", new, "--max-waste", "40K", exits=1, err=r"and at most 40.0K is wanted")
    expect("no limit", "inspect", new, "--max-waste", "101%", exits=2, err=r"--max-waste is a size as 50M or a share as 5%: 101%")
    expect("no limit", "inspect", new, "--max-pull", "5%", exits=2, err=r"--max-pull is a size as 50M: 5%")
    expect("no old image", "inspect", new, "--against", "oci:%s/none" % scratch, exits=3, lines=1)
    planned_pulls(scratch, old, new)


def planned_pulls(scratch, old, new):
    """The same of what a plan would write: a layer that was written before is known without a cache, and a new one is estimated."""
    plan, out = os.path.join(scratch, "fetch.json"), "oci:%s/fetch:t" % scratch
    with open(plan, "w", encoding="ascii") as f:
        json.dump({"lamina": 1, "layers": [{"name": "a", "from": [0]}, {"name": "x", "from": "rest", "compression": "gzip"},
                                           {"name": "c", "compression": "none"}], "assign": [{"path": "/c", "to": "c"}]}, f)
    expect("a plan of a pull", "apply", plan, new, out)
    os.mkdir(os.path.join(scratch, "empty"))
    dry, bare = ("apply", plan, new, "oci:%s/not:t" % scratch, "--dry-run"), {"XDG_CACHE_HOME": os.path.join(scratch, "empty")}
    done = json.loads(expect("a plan's pull", *dry, "--against", old, "--json"))
    a, x, c = done["layers"]
    if [layer["had"] for layer in (a, x, c)] != [True, False, True] or done["fetch"]["layers"] != 1 or \
            not done["fetch"]["estimated"] or not 0 < done["fetch"]["bytes"] < x["tar_size"]:
        FAILURES.append(("a plan's pull", repr(done)))
    expect("a plan's pull, as text", *dry, "--against", old, out=r"^a client with the old image fetches 1 of 3 layers, about \d")
    expect("a plan's pull, of what it wrote", *dry, "--against", out, env=bare,
           out=r"(?s)kept.*; the client has it\n.*; the client has it\n.*; the client has it\na client .* fetches 0 of 3 layers, 0$")
    expect("a pull of what is written", "apply", plan, new, out, "--against", old, exits=2, err="--against goes with --dry-run")
    if os.path.exists(os.path.join(scratch, "not")):
        FAILURES.append(("a plan's pull", "something was written"))


def keeps_base(scratch):
    """How many layers are the base's is counted, by digests or by those of the tars; of an older base as many as are there."""
    def image(name, *layers):
        folder = os.path.join(scratch, name)
        oci.write_layout(folder, [(tar([plain("file", n.encode(), n.encode())]), how, 1) for n, how in layers])
        return "oci:%s:t" % folder

    a, b, c = ("a", "gzip"), ("b", "gzip"), ("c", "gzip")
    app = image("built", a, b, c)
    for name, layers, keep, note in (("whole", (a, ("b", "none")), 2, r"\A\Z"), ("part", (a, c), 1, r"note: 1 of the 2 layers of \S+ are in "),
                                     ("itself", (a, b, c), 3, r"\A\Z")):
        plan = json.loads(expect("the base, " + name, "plan", app, "--flatten", "--keep-base", image(name, *layers), err=note))
        if [layer.get("keep", False) for layer in plan["layers"]] != [True] * keep + [False] * (keep < 3):
            FAILURES.append(("the base, " + name, repr(plan)))
    expect("another base", "plan", app, "--keep-base", image("another", b), exits=2, err="its lowest layer is not that of")
    expect("no base", "plan", app, "--keep-base", "oci:%s/none" % scratch, exits=3, lines=1)
    expect("a base counted twice", "plan", app, "--keep-base", app, "--keep", "1", exits=2, err="--keep is not for it")


def hostile_names(scratch):
    folder = os.path.join(scratch, "evil")
    name = b"a" + EVIL
    oci.write_layout(folder, [(tar([plain("file", name, b"x"), plain("symlink", b"l" + EVIL, target=EVIL)]), "gzip", 1)],
                     {"history": [{"created_by": "RUN " + EVIL.decode()}]})
    image = "oci:%s:t" % folder
    text = r"/a\\x1b]0;x\\x07\\n\\u{202e}"
    for args in (("ls", "-l", image), ("ls", "--json", image), ("inspect", image), ("inspect", "--json", image),
                 ("log", image, r"/a\x1b]0;x\x07\n\u{202e}")):
        expect("a hostile name: " + args[0], *args)
    expect("a hostile name as it is written", "ls", image, out=text.replace("{", r"\{").replace("]", r"\]"))
    expect("a hostile path asked for", "ls", image, "/\x1b[2J", exits=3)


def hostile_documents(image, scratch):
    """Escapes in what the image's documents, a plan and the command line say; JSON stays JSON."""
    evil = EVIL.decode() + "\x9b5m\x7f"
    folder = os.path.join(scratch, "evil-documents")
    calls = (("inspect",), ("inspect", "--json"), ("ls", "-lR"), ("check",), ("plan",))

    def blob(digest):
        return os.path.join(folder, "blobs", "sha256", digest[7:])

    def put(descriptor, document):
        data = json.dumps(document).encode()
        descriptor.update(digest=oci.digest(data), size=len(data))
        with open(blob(descriptor["digest"]), "wb") as out:
            out.write(data)

    def rewritten(change, layout=None):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(image, folder)
        index = json.load(open(os.path.join(folder, "index.json")))
        manifest = json.load(open(blob(index["manifests"][0]["digest"])))
        config = json.load(open(blob(manifest["config"]["digest"])))
        change(index, manifest, config)
        put(manifest["config"], config)
        put(index["manifests"][0], manifest)
        with open(os.path.join(folder, "index.json"), "w") as out:
            json.dump(index, out)
        if layout:
            with open(os.path.join(folder, "oci-layout"), "w") as out:
                json.dump(layout, out)

    def tried(what, change, layout=None):
        rewritten(change, layout)
        for words in calls:
            done = lamina.run(*words, "oci:" + folder, env=UNCACHED)
            expect("%s with escapes: %s" % (what, " ".join(words)), *words, "oci:" + folder, exits=done.returncode, env=UNCACHED)
            if words[-1] == "--json" and done.returncode == 0:
                json.loads(done.stdout)

    for key in ("os", "architecture", "variant", "os.version", "author", "created"):
        tried("config's " + key, lambda index, manifest, config: config.update({key: evil}))
    for key in ("os", "architecture", "variant"):
        tried("platform's " + key, lambda index, manifest, config: index["manifests"][0].update(platform=dict(
            {"os": "linux", "architecture": "amd64"}, **{key: evil})))
    tried("a manifest's media type", lambda index, manifest, config: index["manifests"][0].update(mediaType=evil))
    tried("a layer's media type", lambda index, manifest, config: manifest["layers"][0].update(mediaType=evil))
    tried("a digest", lambda index, manifest, config: manifest["layers"][0].update(digest=evil))
    tried("a tag", lambda index, manifest, config: index["manifests"][0].update(
        annotations={"org.opencontainers.image.ref.name": evil}))
    tried("an unknown key", lambda index, manifest, config: manifest.update({evil: {evil: 1}}))
    tried("the layout's version", lambda index, manifest, config: None, {"imageLayoutVersion": evil})
    plan = {"lamina": 1, "source": {"reference": evil, "manifest": evil}, "layers": [{"name": "a", "from": "rest"}]}
    expect("a plan's manifest with escapes", "apply", "--pinned", "-", "oci:" + image, "oci:%s/none" % scratch, exits=4,
           stdin=json.dumps(plan).encode())
    expect("escapes in the plan's name", "apply", evil, "oci:" + image, "oci:%s/none" % scratch, exits=4)
    expect("escapes in an output", "apply", "-", "oci:" + image, "oci:%s/no/%s/x" % (scratch, evil), exits=5,
           stdin=b'{"lamina":1,"layers":[{"name":"a","from":"rest"}]}')
    for words in (("--" + evil,), ("ls", "--" + evil), ("help", evil), ("ls", "oci:" + image, "/", evil),
                  ("inspect", "--threads", evil, "oci:" + image), ("inspect", "--platform", evil, "oci:" + image),
                  ("inspect", "oci:" + evil), ("inspect", "docker-archive:" + evil), ("plan", "oci:" + image, "--split", evil)):
        done = lamina.run(*words)
        expect("escapes on the command line: " + words[0], *words, exits=done.returncode)
    expect("a year of five digits", "apply", "-", "oci:" + image, "oci:%s/none" % scratch, exits=2, err="before the year 10000",
           env={"SOURCE_DATE_EPOCH": "253402300800"}, stdin=b"{}")
    expect("a plan on standard output stays JSON", "plan", "oci:" + image, out='"lamina": *1')


def standard_output_closed(image):
    """What cannot be said is no success."""
    done = subprocess.run([lamina.PROGRAM, "inspect", "oci:" + image], stdout=None, stderr=subprocess.PIPE,
                          preexec_fn=lambda: os.close(1))
    if done.returncode != 5 or b"standard output: " not in done.stderr:
        FAILURES.append(("standard output closed", "exit %d: %r" % (done.returncode, done.stderr)))
    PASSED.append("standard output closed")


def libraries(image, scratch):
    """What brings dozens of libraries with it is loaded where it is needed, as the dynamic linker tells."""
    archive = os.path.join(scratch, "libraries.tar")
    subprocess.run(["tar", "-C", image, "-cf", archive, "."], check=True)
    for what, reference, wanted in (("a layout", "oci:" + image, set()), ("an archive", "oci-archive:" + archive, {"archive"}),
                                    ("a registry", "docker://127.0.0.1:1/a", {"curl"})):
        told = lamina.run("inspect", reference, env={"LD_DEBUG": "files"}).stderr
        loaded = {name for name in ("archive", "curl") if b"file=lib%s.so" % name.encode() in told}
        right = loaded == wanted and b"file=libzstd.so" in told
        PASSED.append(what) if right else FAILURES.append((what, "loads %s, not %s" % (loaded, wanted)))


def as_in_readme(scratch):
    """What the README shows of the image that `make demo` makes is what comes out, and its plan fits that."""
    folder = os.path.join(scratch, "readme")
    os.makedirs(folder)
    sample.make(os.path.join(folder, "app"))
    os.symlink(os.path.realpath(lamina.PROGRAM), os.path.join(folder, "lamina"))
    with open(os.path.join(lamina.REPOSITORY, "README.md"), encoding="utf-8") as f:
        readme = f.read()
    shown = re.search(r"## On the command line\n.*?```\n(.*?)```", readme, re.S)[1]
    for part in shown.removeprefix("$ ").split("\n$ "):
        command, _, out = part.partition("\n")
        done = subprocess.run(["sh", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "PATH": folder + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        got = done.stdout.decode("utf-8", "replace")
        (PASSED.append(command) if got.rstrip() == out.rstrip() else
         FAILURES.append(("README: " + command, "%s, and shown is %s" % (got, out))))
    plan = re.search(r'```json\n(\{\n  "lamina": 1.*?)```', readme, re.S)[1].encode()
    expect("the README's plan", "apply", "--dry-run", "-", "oci:%s/app" % folder, "oci:%s/new:t" % folder, stdin=plan,
           out=r"^0 +debian +kept .*\n1 +system +new .*\n2 +app +new ")


def main():
    with tempfile.TemporaryDirectory(prefix="lamina-commands.") as scratch:
        image = os.path.join(scratch, "sample")
        sample.make(image)
        good(image, scratch)
        as_in_readme(scratch)
        in_place(image)
        words(image)
        bad_images(image)
        bad_plans(image)
        platforms(image, scratch)
        colons(image, scratch)
        image_names(image, scratch)
        layers_own(scratch)
        pulls(scratch)
        keeps_base(scratch)
        hostile_names(scratch)
        hostile_documents(image, scratch)
        standard_output_closed(image)
        libraries(image, scratch)
    return lamina.conclude("commands", len(PASSED), FAILURES)


if __name__ == "__main__":
    sys.exit(main())
