#!/usr/bin/env python3
"""Writes what the corpus began with: seeds.py [FOLDER (tests/fuzz/corpus)]. What fuzzing adds is kept beside it.

seeds.py --check: whether the corpus holds that. Some of it comes from the generators of other tests: who changes one
writes the seeds anew.
"""
import filecmp
import glob
import gzip
import json
import os
import random
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
CORPUS = os.path.join(HERE, "corpus")
sys.path.insert(0, os.path.join(TESTS, "prop"))
import generate  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

MOST = 6000  # bytes of one seed
EDGE = sorted(glob.glob(os.path.join(TESTS, "corpus", "edge", "*", "oci")))
SEEDS = {}  # "target/name": its bytes


def put(target, name, data):
    if len(data) <= MOST:
        SEEDS[os.path.join(target, name)] = data


def short(archive):
    """Less the zeros at the end, but for one block."""
    return archive.rstrip(b"\0").ljust(512, b"\0") + b"\0" * 512


def edge():
    """The layers and documents of images that were made to be odd."""
    for number, folder in enumerate(EDGE):
        name = os.path.basename(os.path.dirname(folder))
        image = oci.Image(folder)
        for n, layer in enumerate(image.layers):
            if n:  # the base is the same in all
                put("tar", "edge-%s-%d" % (name, n), b"\1" + short(layer))
        if number % 12 == 0:
            put("documents", "manifest-" + name, b"\1" + json.dumps(image.manifest).encode())
            put("documents", "config-" + name, b"\2" + json.dumps(image.config).encode())
            with open(os.path.join(folder, "index.json"), "rb") as f:
                put("documents", "index-" + name, b"\0" + f.read())


def odd(scratch):
    """Tars and streams that readers take for different things."""
    subprocess.run([os.path.join(TESTS, "corpus", "odd", "tars.py"), scratch], check=True, stdout=subprocess.DEVNULL)
    for number, file in enumerate(sorted(glob.glob(os.path.join(scratch, "*")))):
        with open(file, "rb") as f:
            data = f.read()
        if number % 3 == 0:
            put("tar", "odd-" + os.path.basename(file), b"\0" + short(data))
        for n, record in enumerate(re.findall(rb"(?:\d+ [A-Za-z.]+=[^\n\0]*\n)+", data)):
            if number % 4 == 0:
                put("pax", "odd-%s-%d" % (os.path.basename(file), n), record)
    sample = os.path.join(scratch, "sample.tar")
    with open(sample, "wb") as f:
        f.write(tar([plain("file", b"f%d" % n, b"%d" % n * 300) for n in range(4)]))
    streams = os.path.join(scratch, "streams")
    subprocess.run([os.path.join(TESTS, "corpus", "odd", "streams.py"), streams, sample], check=True,
                   stdout=subprocess.DEVNULL)
    for file in sorted(glob.glob(os.path.join(streams, "*"))):
        with open(file, "rb") as f:
            data = f.read()
        codec = 2 if os.path.basename(file).startswith("z") else 1
        put("codec", os.path.basename(file), bytes([codec + 3 * 7]) + data)
    put("codec", "encode-gzip", b"\xa9" + b"some text, some text " * 40)  # 0xa9 % 3 == 1
    put("codec", "encode-zstd", b"\xaa" + b"some text, some text " * 40)


def texts():
    chance = random.Random(3)
    paths = [b"/usr/lib/x.so.1", b"/a/b", b"/with space/\xff", b"/opt/[x]/{a,b}"]
    for n in range(12):
        globs = "\n".join(generate.random_glob(chance, paths) for _ in range(3))
        put("text", "globs-%d" % n, globs.encode() + b"\n" + paths[n % 4])
    put("text", "forms", b"\\x41\\u{202e}\\n\\\\\xff\xe2\x80\xae\x1b\x9b\xc2\x85 \xf0\x9f\x98\x80\xed\xa0\x80")
    for n in range(10):
        with tempfile.TemporaryDirectory() as scratch:
            generate.generate(100 + n, scratch)
            with open(os.path.join(scratch, "plan.json"), "rb") as f:
                put("plan", "random-%d" % n, f.read())
    put("plan", "all", json.dumps({
        "lamina": 1, "note": "n", "compression": "gzip:6",
        "source": {"reference": "r", "manifest": "sha256:" + "0" * 64, "paths": ["a", "etc"], "note": "n"},
        "layers": [{"name": "a", "from": "rest", "note": "n", "compression": "zstd:3"},
                   {"name": "b", "from": [0], "keep": True}, {"name": "c"}],
        "assign": [{"path": "/etc", "to": "c", "note": "x"}, {"glob": "/{opt,var}/**", "to": "a"},
                   {"path": "/a", "to": None}]}).encode())
    base = b"FROM x AS base\nFROM scratch\nCOPY --from=base --exclude=/etc / /\n"
    put("dockerfile", "began", base + b"COPY --from=base /etc /etc\n")
    put("dockerfile", "all", b"# escape=`\nARG A=/etc\n" + base + b"ARG A\nENV B=${A:-x} C=1\nWORKDIR $B/..\nCOPY --parents `\n # no\n"
        b"  --link --from=0 --exclude=**/*.[^a-c]? '/e'tc/./p* [\"x\"] ${A}\nCOPY --from=base [\"/etc/passwd\", \"/etc\"]\n"
        b"COPY <<E <<-'F' /\nx\nE\n\tF\nRUN x\n")
    put("plan", "config", b'{"lamina":1,"layers":[{"name":"a","from":"rest"}],"config":{"labels":{"a":"b","c":null},"annotations":{"k":"v"},'
        b'"env":{"PATH":"/x","E":null},"entrypoint":["a","b"],"cmd":null,"user":"1","workdir":"/","note":"n"}}')
    put("plan", "ranges", b'{"lamina":1,"layers":[{"name":"x","from":["0-1"]}],"assign":[]}')


def caches():
    """Which index, and one byte of it."""
    for n in range(3):
        for at in (400, 700, 1000, 1300):
            put("cache", "index-%d-%d" % (n, at), bytes([n]) + at.to_bytes(2, "big") + b"\1")
        put("cache", "index-%d" % n, bytes([n]))


def members(*pairs):
    return b"".join(b"\n--%s\n%s" % pair for pair in pairs)


def archives():
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:@0"]}}'
    manifest = (b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":'
                b'"application/vnd.oci.image.config.v1+json","digest":"sha256:@1","size":#1},"layers":[{"mediaType":'
                b'"application/vnd.oci.image.layer.v1.tar","digest":"sha256:@0","size":#0}]}')
    index = (b'{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",'
             b'"digest":"sha256:@2","size":#2,"annotations":{"org.opencontainers.image.ref.name":"t"}}]}')
    layout = (b"oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    # A name is expanded before its content is known: members are blobs under a first name, and links to them.
    parts = [(b"a", b"\0" * 1024), (b"b", config), (b"c", manifest), (b"blobs/sha256/@0 -> ../../a", b""),
             (b"blobs/sha256/@1 -> ../../b", b""), (b"blobs/sha256/@2 -> ../../c", b""), (b"index.json", index), layout]
    put("archive", "oci", b"\0" + members(*parts))
    saved = b'[{"Config":"b","RepoTags":["x:1"],"Layers":["a"]}]'
    put("archive", "docker", b"\1" + members((b"a", b"\0" * 1024), (b"b", config), (b"manifest.json", saved)))
    put("archive", "both", b"\2" + members(*parts, (b"manifest.json", saved)))
    put("archive", "docker-links", b"\1" + members((b"a", b"\0" * 1024), (b"b", config), (b"x/layer.tar -> ../a", b""),
                                                   (b"manifest.json", saved.replace(b'"a"', b'"x/layer.tar"'))))
    put("archive", "raw-gzip", b"\4" + gzip.compress(tar([plain("file", b"oci-layout", layout[1])]), mtime=0))
    put("archive", "raw", b"\4" + short(tar([plain("file", b"oci-layout", layout[1]), plain("file", b"manifest.json", saved)])))


def rpm_header(name):
    """A package of /usr/bin/NAME, a directory, a link, and a file that is another's."""
    index, data = b"", b""
    for tag, kind, count, value in (
            (1000, 6, 1, name + b"\0"), (1001, 6, 1, b"1.0\0"), (1002, 6, 1, b"2\0"), (1003, 4, 1, b"\0\0\0\7"),
            (1022, 6, 1, b"noarch\0"), (1118, 8, 3, b"/usr/bin/\0/usr/share/\0/\0"), (1117, 8, 4, name + b"\0both\0lib\0old\0"),
            (1116, 4, 4, struct.pack(">4I", 0, 1, 2, 0)), (1030, 3, 4, struct.pack(">4H", 0o100755, 0o40755, 0o120777, 0o100644)),
            (1029, 1, 4, b"\0\0\0\1")):
        index += struct.pack(">4I", tag, kind, len(data), count)
        data += value
    return struct.pack(">2I", len(index) // 16, len(data)) + index + data


def rpm_sqlite():
    with tempfile.TemporaryDirectory() as scratch:
        name = os.path.join(scratch, "db")
        db = sqlite3.connect(name)
        db.executescript("PRAGMA page_size = 512; VACUUM; CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        db.executemany("INSERT INTO Packages VALUES (NULL, ?)", [(rpm_header(n),) for n in (b"one", b"two")])
        db.commit()
        db.close()
        with open(name, "rb") as f:
            data = f.read()
        return data[:96] + b"\0\0\0\0" + data[100:]  # which SQLite wrote it


def rpm_ndb():
    blobs = [rpm_header(n) for n in (b"one", b"two")]
    slots, body = b"", b""
    for number, header in enumerate(blobs, 1):
        slots += struct.pack("<4s3I", b"Slot", number, 256 + len(body) // 16, 0)
        body += struct.pack("<4s3I", b"BlbS", number, 0, len(header)) + header
        body += b"\0" * (-len(body) % 16)
    return struct.pack("<4s7I", b"RpmP", 0, 0, 1, 0, 0, 0, 0) + (slots + b"Slot" + b"\0" * 12) + (b"Slot" + b"\0" * 12) * 251 + body


def packages():
    """Of each kind of database a small one, with some of what it lists."""
    info, site, conda = b"var/lib/dpkg/info/", b"opt/lib/python3/site-packages/", b"opt/conda-meta/"
    files = ((b"usr/bin/sh", b"s"), (b"usr/bin/one", b"1"), (b"usr/lib/x.so", b"x"), (b"lib -> usr/lib", b""), (b"usr/share/both/", b""))
    put("packages", "dpkg", members(
        (b"var/lib/dpkg/status", b"Package: dash\nArchitecture: amd64\nVersion: 0.5\nDescription: a\n b\n\nPackage: x\nVersion: 1\n"),
        (b"var/lib/dpkg/diversions", b"/bin/sh\n/bin/sh.distrib\ndash\n"), (info + b"dash.list", b"/.\n/bin\n/bin/sh\n/usr/bin/one\n"),
        (info + b"x:amd64.list", b"/lib\n/lib/x.so\n/usr/share/both\n"), (b"bin -> usr/bin", b""), *files))
    put("packages", "dpkg-status-d", members(
        (b"var/lib/dpkg/status.d/x", b"Package: x\nVersion: 2\nArchitecture: all\n"),
        (b"var/lib/dpkg/status.d/x.md5sums", b"01  usr/lib/x.so\n23 *usr/bin/one\nbroken\n"), *files))
    put("packages", "apk", members(
        (b"lib/apk/db/installed", b"C:Q1=\nP:musl\nV:1.2\nA:x86_64\nF:lib\nM:0:0:755\nR:x.so\n\nP:sh\nV:3\nF:usr/bin\nR:sh\n"),
        (b"usr/lib/x.so", b"x"), (b"lib/x.so -> ../usr/lib/x.so", b""), (b"usr/bin/sh", b"s")))
    put("packages", "alpm", members(
        (b"var/lib/pacman/local/x-1.2-3/files", b"%FILES%\nusr/\nusr/lib/\nusr/lib/x.so\nlib\n\n%BACKUP%\netc/x\tsum\n"), *files))
    put("packages", "rpm-sqlite", members((b"usr/lib/sysimage/rpm/rpmdb.sqlite", rpm_sqlite()),
                                          (b"var/lib/rpm -> ../../usr/lib/sysimage/rpm", b""), *files))
    put("packages", "rpm-ndb", members((b"var/lib/rpm/Packages.db", rpm_ndb()), *files))
    put("packages", "conda-pip", members(
        (conda + b"zlib-1.2-h1_0.json", b'{"files": ["lib/libz.so", "lib/gone"], "name": "zlib"}'), (b"opt/lib/libz.so", b"z"),
        (site + b"A_.b-4.dist-info/RECORD", b'a.py,sha256=x,3\r\n"b,""c"".py",,\n../../../lib/libz.so,,\n/usr/bin/one,,\n'),
        (site + b"a.py", b""), (site + b'b,"c".py', b""), *files))
    put("packages", "npm", members(
        (b"app/node_modules/a/package.json", b'{"version": "1.2.3"}'), (b"app/node_modules/@s/c/package.json", b"{}"),
        (b"app/node_modules/a/node_modules/b/package.json", b"{"), (b"app/node_modules/a/lib/x.js", b"x")))


def images():
    chance = random.Random(5)
    for n in range(24):
        put("image", "random-%d" % n, chance.randbytes(20 + 10 * n))


def keys():
    for name, text in (("assign", b"jjanopt\r"), ("pattern", b"P/usr/**\ry"), ("undo", b"jxuUu"), ("search", b"/lib\rnN"),
                       ("filter", b"f*.so >1k\r"), ("save", b"gsapp.plan.json\r"), ("edit", b"\xff\x03e"),
                       ("write", b"Woci:out:t\ryes\r"), ("sizes", b"\xff\x14\x14\xff\x60\xa0\xff\x04\x01?"),
                       ("mouse", b"\x1b[<0;10;10M\x1b[<64;10;10M"), ("paste", b":\x1b[200~assign opt\x1b[201~\r"),
                       ("arrows", b"\x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b\xff\x00"), ("help", b"?\x1b[6~q"),
                       ("layers", b"2jnr\x15x\rK\x7fJmd"), ("details", b"3whtl\t\t"), ("quit", b"xq\x1bqn"),
                       ("commands", b":suggest\r\r:sort name\r:go /opt\r")):
        put("editor", name, text)


def files():
    put("files", "keys", b'\0{ "assign": ["a", "F5"], "down": "j", "fold": [], "nothing": 1, "up": "Hyper-x" }')
    put("files", "state", b'\1{"panes": 2, "files-width": 60, "commands": ["go /x", "sort size"]}')
    plan = json.dumps({"lamina": 1, "layers": [{"name": "a", "from": "rest"}], "assign": []})
    put("files", "journal", b"\2" + json.dumps({
        "lamina-journal": 2, "reference": "oci:x", "plan-file": "p.json", "folder": "/tmp", "time": 1, "changes": 2,
        "names": ["/opt to x", "more"], "plan": plan}).encode())


def make():
    edge()
    with tempfile.TemporaryDirectory() as scratch:
        odd(scratch)
    texts()
    caches()
    archives()
    packages()
    images()
    keys()
    files()


def write(corpus):
    for name, data in SEEDS.items():
        os.makedirs(os.path.dirname(os.path.join(corpus, name)), exist_ok=True)
        with open(os.path.join(corpus, name), "wb") as f:
            f.write(data)


def check():
    """How many seeds are not in the corpus as they are made."""
    with tempfile.TemporaryDirectory() as made:
        write(made)
        _, *others = filecmp.cmpfiles(made, CORPUS, SEEDS, shallow=False)
    others = sum(others, [])
    for name in others:
        print("seeds: %s is not what is made now: run tests/fuzz/seeds.py" % name)
    print("%d passed, %d failed" % (len(SEEDS) - len(others), len(others)))
    return len(others)


def main():
    make()
    if sys.argv[1:] == ["--check"]:
        return check() > 0
    write(sys.argv[1] if len(sys.argv) > 1 else CORPUS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
