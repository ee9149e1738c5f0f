"""Builds of an image as a CI makes them: what a step changed in a tree becomes a layer, layers a tag of an OCI layout."""
import datetime
import hashlib
import json
import os
import random
import shutil
import stat
import tarfile
import zlib

MEDIA = "application/vnd.oci.image."


def stamp(day):
    """Seconds of a day that is given as YYYY-MM-DD."""
    return int(datetime.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp())


def look(root):
    """What each path below root looks like from outside. The kernel's folders are left out."""
    seen = {}

    def walk(folder):
        for entry in os.scandir(os.path.join(root, folder)):
            path = os.path.join(folder, entry.name)
            s = entry.stat(follow_symlinks=False)
            kind = stat.S_IFMT(s.st_mode)
            seen[path] = (s.st_mode, s.st_uid, s.st_gid, s.st_mtime_ns, 0 if kind == stat.S_IFDIR else s.st_size)
            if kind == stat.S_IFDIR and path not in ("dev", "proc", "sys"):
                walk(path)

    walk("")
    return seen


class _Sink:
    """Takes a tar, writes it as one gzip member, and knows both digests."""

    def __init__(self, file):
        self.file, self.packer = file, zlib.compressobj(6, zlib.DEFLATED, 31)
        self.tar, self.blob, self.size = hashlib.sha256(), hashlib.sha256(), 0

    def _store(self, data):
        self.blob.update(data)
        self.file.write(data)
        self.size += len(data)

    def write(self, data):
        self.tar.update(data)
        self._store(self.packer.compress(data))
        return len(data)

    def end(self):
        self._store(self.packer.flush())


def _changed(before, after):
    """Paths of a layer, sorted, and those of its whiteouts: what is new, changed or gone, and the folders above."""
    new = {path for path, seen in after.items() if before.get(path) != seen}
    folders = {path for path, seen in after.items() if stat.S_ISDIR(seen[0])} | {""}
    gone = {path for path in before if path not in after and os.path.dirname(path) in folders}
    above = set()
    for path in new | gone:
        while (path := os.path.dirname(path)) and path not in above:
            above.add(path)
    return sorted(new | above | gone, key=lambda path: path.split("/")), gone


class Layout:
    """An OCI layout of several tags."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs", "sha256"), exist_ok=True)
        self.index = {"schemaVersion": 2, "manifests": []}
        if os.path.exists(os.path.join(folder, "index.json")):
            with open(os.path.join(folder, "index.json"), "rb") as f:
                self.index = json.load(f)

    def _blob(self, digest):
        return os.path.join(self.folder, "blobs", "sha256", digest)

    def tags(self):
        return [m["annotations"]["org.opencontainers.image.ref.name"] for m in self.index["manifests"]]

    def layer(self, root, before, after, day, words):
        """What is different in root: a layer. No time in it is later than the day, as with SOURCE_DATE_EPOCH."""
        part, latest = os.path.join(self.folder, "part"), stamp(day)
        paths, gone = _changed(before, after)
        with open(part, "wb") as out:
            sink = _Sink(out)
            with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for path in paths:
                    if path in gone:
                        info = tarfile.TarInfo(os.path.join(os.path.dirname(path), ".wh." + os.path.basename(path)))
                        info.mtime = latest
                        tar.addfile(info)
                        continue
                    info = tar.gettarinfo(os.path.join(root, path), path)
                    if info is None:  # a socket
                        continue
                    info.mtime, info.uname, info.gname = min(int(info.mtime), latest), "", ""
                    if info.isreg():
                        with open(os.path.join(root, path), "rb") as content:
                            tar.addfile(info, content)
                    else:
                        tar.addfile(info)
            sink.end()
        os.rename(part, self._blob(sink.blob.hexdigest()))
        return {"digest": "sha256:" + sink.blob.hexdigest(), "size": sink.size, "diff_id": "sha256:" + sink.tar.hexdigest(),
                "words": words, "day": day}

    def _document(self, document):
        data = json.dumps(document).encode()
        digest = hashlib.sha256(data).hexdigest()
        with open(self._blob(digest), "wb") as out:
            out.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    def tag(self, name, layers, day, config):
        """The tag is there once the index is replaced."""
        history = [{"created": l["day"] + "T00:00:00Z", "created_by": l["words"]} for l in layers]
        history.append({"created": day + "T00:00:00Z", "created_by": "CMD " + json.dumps(config["Cmd"]), "empty_layer": True})
        document = self._document({
            "created": day + "T00:00:00Z", "architecture": "amd64", "os": "linux", "config": config, "history": history,
            "rootfs": {"type": "layers", "diff_ids": [l["diff_id"] for l in layers]}})
        manifest = self._document({
            "schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json",
            "config": {"mediaType": MEDIA + "config.v1+json", **document},
            "layers": [{"mediaType": MEDIA + "layer.v1.tar+gzip", "digest": l["digest"], "size": l["size"]} for l in layers]})
        self.index["manifests"].append({"mediaType": MEDIA + "manifest.v1+json", **manifest,
                                        "annotations": {"org.opencontainers.image.ref.name": name}})
        with open(os.path.join(self.folder, "oci-layout"), "w", encoding="ascii") as out:
            out.write('{"imageLayoutVersion":"1.0.0"}')
        with open(os.path.join(self.folder, "index.json.part"), "w", encoding="ascii") as out:
            json.dump(self.index, out, indent=1)
        os.rename(out.name, os.path.join(self.folder, "index.json"))


class Work:
    """A tree that steps change, and the layers that came of it."""

    def __init__(self, layout, root, day):
        self.layout, self.root, self.day = layout, root, day
        self.layers, self.seen = [], {}

    def have(self, layers, root):
        """These layers hold another tree, which this one began with."""
        self.layers, self.seen = list(layers), look(root)

    def step(self, words):
        after = look(self.root)
        self.layers.append(self.layout.layer(self.root, self.seen, after, self.day, words))
        self.seen = after

    def tag(self, number, config):
        self.layout.tag("v%d" % number, self.layers, self.day, config)
        print("%s:v%d  %s  %.1f MB" % (os.path.basename(self.layout.folder), number, self.day,
                                       sum(layer["size"] for layer in self.layers) / 1e6), flush=True)

    def put(self, path, text, mode=0o644):
        name = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as out:
            out.write(text)
        os.chmod(name, mode)


WORDS = b"layer image entry digest request answer user order basket price name value error index cache token".split()


def application(work, folder, ending, build, modules=160):
    """The app's own code, which is made: modules of 1 to 20 KiB. Each build, from 1 on, changes 8 of 24 that are worked
    on and 3 of all."""
    rng, edition = random.Random("app"), [0] * modules
    for n in range(2, build + 1):
        for module in rng.sample(range(24), 8) + rng.sample(range(modules), 3):
            edition[module] = n
    for module in range(modules):
        text = random.Random("%d" % module)
        size = text.randrange(200, 4000)
        lines = [text.choice(WORDS) + b"_%04x" % text.getrandbits(16) for _ in range(size)]
        text = random.Random("%d %d" % (module, edition[module]))
        for _ in range(min(edition[module], 1) * size // 20):
            lines[text.randrange(size)] = text.choice(WORDS) + b"_%04x" % text.getrandbits(16)
        rows = [b" ".join(lines[i:i + 6]) for i in range(0, size, 6)]
        work.put("%s/part%02d/module%03d.%s" % (folder, module // 20, module, ending), b"\n".join(rows) + b"\n")
    work.put(folder + "/VERSION", b"%d\n" % build)
