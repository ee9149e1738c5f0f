"""OCI layouts, read and written with nothing but the standard library, and the text form of paths."""
import gzip
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import zlib

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

OCI_TYPES = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
DOCKER_TYPES = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "none": "application/vnd.docker.image.rootfs.diff.tar",
    "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def digest(blob):
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def zstd_raw_frame(data):
    """A zstd frame that stores the data as it is: needs no compressor."""
    out = ZSTD_MAGIC + b"\xe0" + struct.pack("<Q", len(data))  # single segment, size in 8 bytes
    pieces = [data[i:i + 100000] for i in range(0, len(data), 100000)] or [b""]
    for n, piece in enumerate(pieces):
        out += struct.pack("<I", len(piece) << 3 | (n == len(pieces) - 1))[:3] + piece
    return out


def zstd_skippable(data):
    return b"\x50\x2a\x4d\x18" + struct.pack("<I", len(data)) + data


def compress(tar, how, pieces=1):
    """how: none, gzip, zstd. pieces: members or frames, one after another."""
    if how == "none":
        return tar
    step = len(tar) // pieces + 1
    parts = [tar[i * step:(i + 1) * step] for i in range(pieces)]
    if how == "gzip":
        return b"".join(gzip.compress(part, 6, mtime=0) for part in parts)
    if pieces == 1 and shutil.which("zstd"):
        return subprocess.run(["zstd", "-q", "-c"], input=tar, stdout=subprocess.PIPE, check=True).stdout
    return b"".join(zstd_raw_frame(part) + zstd_skippable(b"note") for part in parts)


def decompress(blob):
    if blob.startswith(ZSTD_MAGIC) or blob[1:4] == b"\x2a\x4d\x18":
        return subprocess.run(["zstd", "-q", "-d", "-c"], input=blob, stdout=subprocess.PIPE, check=True).stdout
    if not blob.startswith(GZIP_MAGIC):
        return blob
    out = b""
    while blob:
        member = zlib.decompressobj(31)
        out += member.decompress(blob) + member.flush()
        blob = member.unused_data
    return out


def _put(folder, blob):
    name = os.path.join(folder, "blobs", "sha256", digest(blob)[7:])
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as f:
        f.write(blob)
    return {"digest": digest(blob), "size": len(blob)}


def write_layout(folder, layers, config=None, types=None, tag="t"):
    """layers: (tar, compression, pieces). config: fields to add to the least that a config must have."""
    types = types or OCI_TYPES
    document = {"architecture": "amd64", "os": "linux"}
    document.update(config or {})
    document["rootfs"] = {"type": "layers", "diff_ids": [digest(tar) for tar, _, _ in layers]}
    config_blob = json.dumps(document, ensure_ascii=False).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": types["manifest"],
        "config": {"mediaType": types["config"], **_put(folder, config_blob)},
        "layers": [{"mediaType": types[how], **_put(folder, compress(tar, how, pieces))}
                   for tar, how, pieces in layers],
    }
    manifest_blob = json.dumps(manifest, indent=1).encode()
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": types["manifest"], **_put(folder, manifest_blob),
        "annotations": {"org.opencontainers.image.ref.name": tag}}]}
    with open(os.path.join(folder, "index.json"), "w") as f:
        json.dump(index, f)
    with open(os.path.join(folder, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')


class Image:
    """What an OCI layout of one image holds; every digest and size is checked."""

    def __init__(self, folder):
        with open(os.path.join(folder, "index.json"), "rb") as f:
            descriptor, = json.load(f)["manifests"]
        self.folder = folder
        self.manifest_digest = descriptor["digest"]
        self.manifest = json.loads(self.blob(descriptor))
        self.config = json.loads(self.blob(self.manifest["config"]))
        self.layers = []
        for layer, diff_id in zip(self.manifest["layers"], self.config["rootfs"]["diff_ids"], strict=True):
            tar = decompress(self.blob(layer))
            assert digest(tar) == diff_id, "diff_id"
            self.layers.append(tar)

    def blob(self, descriptor):
        name = descriptor["digest"].replace(":", "/")
        with open(os.path.join(self.folder, "blobs", name), "rb") as f:
            blob = f.read()
        assert len(blob) == descriptor["size"], "size of " + name
        assert digest(blob) == descriptor["digest"], "digest of " + name
        return blob


def escape(path):
    """Bytes to a text form that every reader of plans takes: all that is not plain ASCII as \\xHH."""
    return "".join("\\\\" if c == 0x5c else chr(c) if 0x20 <= c < 0x7f else "\\x%02x" % c for c in path)


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\}|(.))", re.S)
_SHORT = {"n": b"\n", "t": b"\t", "r": b"\r"}


def unescape(text):
    out, at = b"", 0
    for match in _ESCAPE.finditer(text):
        out += text[at:match.start()].encode()
        at = match.end()
        if match[1]:
            out += bytes([int(match[1], 16)])
        elif match[2]:
            out += chr(int(match[2], 16)).encode()
        else:
            out += _SHORT.get(match[3], match[3].encode())
    return out + text[at:].encode()
