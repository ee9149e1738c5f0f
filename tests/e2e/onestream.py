#!/usr/bin/env python3
"""Layers that are written are one gzip member or one zstd frame: readers that stop at the first have everything, the
tools of the field take them, and any number of threads writes the same."""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402

THREADS = ("1", "2", "8")


def source(folder):
    """Ten MB of text and of what does not compress."""
    r = random.Random(5)
    words = [b"%x" % r.getrandbits(24) for _ in range(3000)]
    text = b" ".join(r.choice(words) for _ in range(900000))
    entries = [plain("dir", b"opt"), plain("file", b"opt/text", text), plain("file", b"opt/random", r.randbytes(3000000)),
               plain("file", b"opt/zeros", bytes(1000000)), plain("file", b"opt/small", b"x")]
    oci.write_layout(folder, [(tar(entries), "gzip", 1), (tar([plain("file", b"late", b"y")]), "gzip", 1)])
    return "oci:%s:t" % folder


def blob_of(layout):
    """The file of the only layer of the only image, and its diff_id."""
    def blob(digest):
        return os.path.join(layout, "blobs", *digest.split(":"))

    def document(digest):
        with open(blob(digest), encoding="utf-8") as f:
            return json.load(f)

    with open(os.path.join(layout, "index.json"), encoding="utf-8") as f:
        manifest = document(json.load(f)["manifests"][0]["digest"])
    return blob(manifest["layers"][0]["digest"]), document(manifest["config"]["digest"])["rootfs"]["diff_ids"][0]


def must_run(*words):
    done = subprocess.run(words, capture_output=True, check=False, timeout=120)
    if done.returncode != 0:
        raise lamina.Failure("%r: exit %d: %s" % (words, done.returncode, done.stderr.decode("utf-8", "replace")))
    return done.stdout


def check_gzip(path, diff_id):
    with open(path, "rb") as f:
        blob = f.read()
    inflate = zlib.decompressobj(31)
    plain_tar = inflate.decompress(blob)
    if not inflate.eof or inflate.unused_data:
        raise lamina.Failure("%d bytes stand behind the first gzip member" % len(inflate.unused_data))
    if blob[:10] != bytes((0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)):
        raise lamina.Failure("the gzip header is %r" % blob[:10])
    if "sha256:" + hashlib.sha256(plain_tar).hexdigest() != diff_id:
        raise lamina.Failure("the first gzip member is not the tar")
    if subprocess.run(["gzip", "-t"], input=blob, check=False, timeout=120).returncode != 0:
        raise lamina.Failure("gzip does not take it")


def check_zstd(path, diff_id):
    listed = must_run("zstd", "-lv", path).decode()
    if "Zstandard Frames: 1" not in listed or "Decompressed Size" not in listed or "XXH64" not in listed:
        raise lamina.Failure("not one frame with size and checksum: " + listed)
    if "sha256:" + hashlib.sha256(must_run("zstd", "-dqc", path)).hexdigest() != diff_id:
        raise lamina.Failure("the frame is not the tar")


def check_peers(layout, path, diff_id, gzipped, scratch):
    """Other programs unpack it, each that is here."""
    with open(path, "rb") as f:
        command = ["tar", "-tzf", "-"] if gzipped else ["zstd", "-qtc"]
        subprocess.run(command, stdin=f, stdout=subprocess.DEVNULL, check=True, timeout=120)
    if shutil.which("skopeo"):
        must_run("skopeo", "copy", "-q", "--dest-decompress", "oci:%s:t" % layout, "dir:%s/copied" % scratch)
        if not os.path.exists("%s/copied/%s" % (scratch, diff_id.split(":")[1])):
            raise lamina.Failure("skopeo does not find the tar in it")
        shutil.rmtree(scratch + "/copied")
    if gzipped and shutil.which("umoci"):
        must_run("umoci", "raw", "unpack", "--rootless", "--image", layout + ":t", scratch + "/root")
        with open(scratch + "/root/opt/small", "rb") as f:
            if f.read() != b"x":
                raise lamina.Failure("umoci unpacked something else")
        shutil.rmtree(scratch + "/root")


def check(compression, image, scratch):
    plan = json.loads(lamina.must("plan", image, "--flatten").stdout)
    plan["compression"] = compression
    blobs = set()
    for threads in THREADS:
        layout = "%s/%s-%s" % (scratch, compression.replace(":", "-"), threads)
        lamina.must("apply", "--threads", threads, "-", image, "oci:%s:t" % layout, stdin=json.dumps(plan).encode())
        path, diff_id = blob_of(layout)
        blobs.add(os.path.basename(path))
    if len(blobs) != 1:
        raise lamina.Failure("threads make a difference: %s" % sorted(blobs))
    gzipped = compression.startswith("gzip")
    (check_gzip if gzipped else check_zstd)(path, diff_id)
    check_peers(layout, path, diff_id, gzipped, scratch)
    content = lamina.must("cat", "oci:%s:t" % layout, "/opt/small").stdout
    if content != b"x":
        raise lamina.Failure("cat gives %r" % content)


def main():
    failed = 0
    compressions = ("gzip:1", "gzip:6", "gzip:12", "zstd:1", "zstd:3")
    with tempfile.TemporaryDirectory() as scratch:
        image = source(scratch + "/source")
        for compression in compressions:
            try:
                check(compression, image, scratch)
            except lamina.Failure as failure:
                failed += 1
                print("%s: %s" % (compression, failure))
    print("%d passed, %d failed" % (len(compressions) - failed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
