"""Images that the benchmark makes itself: many entries, one huge file, a small one of everything."""
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import zlib

BLOCK = 512
DIGEST = "sha256:%s"


def header(name, size=0, kind=b"0", mode=0o644):
    """A ustar header; name has at most 100 bytes."""
    h = bytearray(BLOCK)
    h[0:len(name)] = name
    h[100:108] = b"%07o\0" % mode
    h[108:124] = b"0000000\0" * 2
    h[124:136] = b"%011o\0" % size if size < 8 << 30 else b"\x80" + size.to_bytes(11, "big")
    h[136:148] = b"14371573000\0"
    h[148:156] = b" " * 8
    h[156:157] = kind
    h[257:265] = b"ustar\00000"
    h[148:155] = b"%06o\0" % sum(h)
    return bytes(h)


class Layer:
    """A gzip layer that is written as it comes."""

    def __init__(self, folder):
        self.folder, self.path = folder, os.path.join(folder, "blobs", "sha256", "new")
        self.file = open(self.path, "wb")  # pylint: disable=consider-using-with
        self.tar, self.blob, self.size = hashlib.sha256(), hashlib.sha256(), 0

    def store(self, tar, blob):
        """The same bytes, as they are and compressed."""
        self.tar.update(tar)
        self.blob.update(blob)
        self.file.write(blob)
        self.size += len(blob)

    def add(self, tar, level=1):
        packer = zlib.compressobj(level, zlib.DEFLATED, 31)
        self.store(tar, packer.compress(tar) + packer.flush())

    def close(self):
        self.add(bytes(2 * BLOCK))
        self.file.close()
        os.rename(self.path, os.path.join(self.folder, "blobs", "sha256", self.blob.hexdigest()))


def _put(folder, document):
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs", "sha256", digest), "wb") as out:
        out.write(data)
    return {"digest": DIGEST % digest, "size": len(data)}


def image(folder, fills):
    """An OCI layout, tag latest, of one layer for each of fills, which are called with a Layer."""
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    layers = []
    for fill in fills:
        layer = Layer(folder)
        fill(layer)
        layer.close()
        layers.append(layer)
    config = _put(folder, {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                           "rootfs": {"type": "layers", "diff_ids": [DIGEST % l.tar.hexdigest() for l in layers]}})
    front = "application/vnd.oci.image."
    _publish(folder, {
        "schemaVersion": 2, "mediaType": front + "manifest.v1+json",
        "config": {"mediaType": front + "config.v1+json", **config},
        "layers": [{"mediaType": front + "layer.v1.tar+gzip", "digest": DIGEST % l.blob.hexdigest(), "size": l.size}
                   for l in layers]})


def _documents(image):
    """Manifest and config of a layout's first image."""
    def read(digest):
        with open(os.path.join(image, "blobs", *digest.split(":")), "rb") as f:
            return f.read()

    with open(os.path.join(image, "index.json"), "rb") as f:
        manifest = json.loads(read(json.load(f)["manifests"][0]["digest"]))
    return manifest, json.loads(read(manifest["config"]["digest"]))


def _retimed(tar, mtime):
    """The pieces of a tar, with this time for folders and for what is below etc and var."""
    records = b""  # of a PAX header that is about the next one
    while len(head := tar.read(BLOCK)) == BLOCK and any(head):
        size, kind = int(head[124:136].strip(b"\0 "), 8) if head[124] < 128 else int.from_bytes(head[125:136], "big"), head[156:157]
        content = tar.read(-(-size // BLOCK) * BLOCK)
        if kind in b"xLK":
            records += head + content
            continue
        if kind == b"5" or head[:4] in (b"etc/", b"var/"):
            head = head[:136] + b"%011o\0" % mtime + b" " * 8 + head[156:]
            head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
            records = re.sub(rb"mtime=\d{10}", b"mtime=%010d" % mtime, records)
        yield records + head + content
        records = b""


def rebuilt(image, folder, mtime):
    """The image as a build without a cache makes it: other times of folders, and of what is below etc and var."""
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    manifest, config = _documents(image)
    for number, described in enumerate(manifest["layers"]):
        layer, waiting = Layer(folder), []
        with gzip.open(os.path.join(image, "blobs", *described["digest"].split(":"))) as tar:
            for piece in _retimed(tar, mtime):
                waiting.append(piece)
                if sum(map(len, waiting[-100:])) > 4 << 20 or len(waiting) > 2000:
                    layer.add(b"".join(waiting))
                    waiting = []
        layer.add(b"".join(waiting))
        layer.close()
        config["rootfs"]["diff_ids"][number] = DIGEST % layer.tar.hexdigest()
        described.update({"digest": DIGEST % layer.blob.hexdigest(), "size": layer.size})
    manifest["config"].update(_put(folder, config))
    _publish(folder, manifest)


def next_build(image, folder, files):
    """The image with one more layer, of files (path, size, mode) with other contents; blobs are linked."""
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    manifest, config = _documents(image)
    for layer in manifest["layers"]:
        name = os.path.join("blobs", *layer["digest"].split(":"))
        try:
            os.link(os.path.join(image, name), os.path.join(folder, name))
        except OSError:
            shutil.copyfile(os.path.join(image, name), os.path.join(folder, name))
    layer, rng = Layer(folder), random.Random(len(files))
    for path, size, mode in sorted(files):
        text = rng.randbytes(4096)
        content = b"".join(text[n % 4000:] for n in range(size // 64 + 1))[:size]
        layer.add(header(path.lstrip(b"/"), size, mode=mode) + content + bytes(-size % BLOCK))
    layer.close()
    config["rootfs"]["diff_ids"].append(DIGEST % layer.tar.hexdigest())
    if config.get("history"):
        config["history"].append({"created_by": "next build"})
    manifest["config"].update(_put(folder, config))
    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                               "digest": DIGEST % layer.blob.hexdigest(), "size": layer.size})
    _publish(folder, manifest)


def _publish(folder, manifest):
    with open(os.path.join(folder, "index.json"), "w", encoding="ascii") as out:
        json.dump({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", **_put(folder, manifest),
            "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}, out)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="ascii") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')


def many(folder, entries, layers=4):
    """So many entries, 100 to a folder, shared out over the layers; the last one changes some of the first's."""
    def fill_with(numbers):
        def fill(layer):
            tar, last = [], None
            for n in numbers:
                where = b"data/%03d/%05d/" % (n // 100000, n // 100)
                if where != last:
                    tar.append(header(where, kind=b"5", mode=0o755))
                    last = where
                tar.append(header(where + b"file-%07d.txt" % n))
                if len(tar) > 20000:
                    layer.add(b"".join(tar))
                    tar = []
            layer.add(b"".join(tar))
        return fill

    files = entries * 100 // 101  # with a folder for each hundred
    share = files // layers
    parts = [range(i * share, (i + 1) * share) for i in range(layers)]
    image(folder, [fill_with(part) for part in parts] + [fill_with(range(0, share, 500))])


def huge(folder, size):
    """One file of so many bytes, whose content is half text, half noise; a small file after it."""
    chunk = min(size, 16 << 20)
    noise = random.Random(1)
    block = b"".join(noise.randbytes(2048) + b"%016d" % i * 128 for i in range(chunk // 4096))
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    packed = packer.compress(block) + packer.flush()

    def fill(layer):
        count = size // len(block)
        layer.add(header(b"huge.bin", len(block) * count))
        for _ in range(count):
            layer.store(block, packed)
        layer.add(header(b"small.txt", 5) + b"hello".ljust(BLOCK, b"\0"))

    image(folder, [fill])


def sampler(folder):
    """A few megabytes in four layers, with what benchmarks look for: /opt, files that change hands, a small layer."""
    words = random.Random(2)

    def files(front, count, size):
        def fill(layer):
            for n in range(count):
                text = b" ".join(words.choice((b"layer", b"image", b"entry", b"digest", b"%x" % words.getrandbits(32)))
                                 for _ in range(size // 7))
                layer.add(header(b"%s/file-%d" % (front, n), len(text)) + text + bytes(-len(text) % BLOCK), 6)
        return fill

    image(folder, [files(b"usr/lib", 60, 40000), files(b"opt/app", 40, 30000), files(b"usr/share", 30, 20000),
                   files(b"etc/app", 3, 500)])
