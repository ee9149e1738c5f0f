#!/usr/bin/env python3
"""Makes OCI layouts with broken or ambiguous documents: layouts.py FOLDER TAR. TAR is the one layer of each, tag `latest`.

A row changes the config, the manifest, the index or `oci-layout` of the sound one; bytes stand as they are, anything else
is written as JSON.
"""
import base64
import gzip
import hashlib
import json
import os
import sys


def put(layout, data):
    """A blob and what a descriptor says of it."""
    digest = hashlib.sha256(data).hexdigest()
    folder = os.path.join(layout, "blobs/sha256")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, digest), "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def as_bytes(document):
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def same(document):
    return document


def build(layout, tar, config=same, manifest=same, index=same, version='{"imageLayoutVersion":"1.0.0"}'):
    os.makedirs(layout)
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **put(layout, gzip.compress(tar, mtime=0))}
    image = {"architecture": "amd64", "os": "linux", "config": {},
             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]},
             "history": [{"created_by": "x"}]}
    entry = {"mediaType": "application/vnd.oci.image.config.v1+json", **put(layout, as_bytes(config(image)))}
    whole = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": entry, "layers": [layer]}
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **put(layout, as_bytes(manifest(whole))),
             "annotations": {"org.opencontainers.image.ref.name": "latest"}}
    top = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
    for name, data in (("index.json", as_bytes(index(top))), ("oci-layout", version.encode())):
        with open(os.path.join(layout, name), "wb") as f:
            f.write(data)


def with_fields(**fields):
    return lambda document: {**document, **fields}


def with_text(more):
    """The document with text before its last brace."""
    return lambda document: json.dumps(document)[:-1].encode() + more + b"}"


def layer_with(**fields):
    return lambda m: {**m, "layers": [{**m["layers"][0], **fields}]}


def layer_digest(change):
    return lambda m: layer_with(digest=change(m["layers"][0]["digest"]))(m)


def layer_size(change):
    return lambda m: layer_with(size=change(m["layers"][0]["size"]))(m)


def real_size(m):
    size = m["layers"][0]["size"]
    return json.dumps(m).replace('"size": %d}]' % size, '"size": %d.0}]' % size).encode()


def config_data(text):
    return lambda m: {**m, "config": {**m["config"], "data": text}}


def without_type(m):
    return {key: value for key, value in {**m, "manifests": []}.items() if key != "mediaType"}


LAYER = "application/vnd.oci.image.layer.v1.tar"
ROWS = {
    "ok": {},
    "man_case_layers": {"manifest": with_text(b',"Layers":[]')},
    "man_dup_layers": {"manifest": with_text(b',"layers":[]')},
    "man_dup_layers_kelvin": {"manifest": with_text(',"layer\u017f":[]'.encode())},
    "size_neg": {"manifest": layer_with(size=-1)},
    "size_float": {"manifest": layer_with(size=1.5)},
    "size_str": {"manifest": layer_with(size="12")},
    "size_0": {"manifest": layer_with(size=0)},
    "size_plus1": {"manifest": layer_size(lambda size: size + 1)},
    "size_huge": {"manifest": layer_with(size=2 ** 63)},
    "size_1e3": {"manifest": real_size},
    "dig_upper": {"manifest": layer_digest(lambda digest: "sha256:" + digest[7:].upper())},
    "dig_short": {"manifest": layer_digest(lambda digest: digest[:-1])},
    "dig_trav": {"manifest": layer_with(digest="sha256:../../../../../../etc/passwd")},
    "dig_noalg": {"manifest": layer_digest(lambda digest: digest[7:])},
    "dig_md5": {"manifest": layer_with(digest="md5:" + "0" * 32)},
    "dig_sha512": {"manifest": layer_with(digest="sha512:" + "0" * 128)},
    "dig_empty": {"manifest": layer_with(digest="")},
    "schema1": {"manifest": with_fields(schemaVersion=1)},
    "mt_confuse_index": {"manifest": with_fields(mediaType="application/vnd.oci.image.index.v1+json", manifests=[])},
    "both_no_mt": {"manifest": without_type},
    "diffid_missing": {"config": with_fields(rootfs={"type": "layers", "diff_ids": []})},
    "diffid_wrong": {"config": with_fields(rootfs={"type": "layers", "diff_ids": ["sha256:" + "0" * 64]})},
    "rootfs_type": {"config": lambda c: {**c, "rootfs": {**c["rootfs"], "type": "bogus"}}},
    "hist_short": {"config": with_fields(history=[])},
    "hist_all_empty": {"config": with_fields(history=[{"empty_layer": True}])},
    "hist_null": {"config": with_fields(history=None, config=None)},
    "cfg_deep": {"config": with_text(b',"x":' + b"[" * 100000 + b"]" * 100000)},
    "cfg_bigint": {"config": with_text(b',"x":123456789012345678901234567890')},
    "cfg_nul": {"config": with_fields(author="a\0b")},
    "cfg_badutf8": {"config": with_text(b',"author":"\xff"')},
    "cfg_bom": {"config": lambda c: b"\xef\xbb\xbf" + as_bytes(c)},
    "cfg_trail": {"config": lambda c: as_bytes(c) + b"\n\n{}"},
    "layout_ver9": {"version": '{"imageLayoutVersion":"9.9.9"}'},
    "layout_empty": {"version": ""},
    "layout_arr": {"version": "[]"},
    "idx_null": {"index": with_fields(manifests=None)},
    "idx_empty": {"index": with_fields(manifests=[])},
    "idx_dup_tag": {"index": lambda i: {**i, "manifests": i["manifests"] * 2}},
    "data_mismatch": {"manifest": config_data(base64.b64encode(b"{}").decode())},
    "data_bad64": {"manifest": config_data("!!!!")},
    "layer_mt_unknown": {"manifest": layer_with(mediaType="application/x-foo")},
    "layer_mt_lie_zstd": {"manifest": layer_with(mediaType=LAYER + "+zstd")},
    "layer_mt_lie_none": {"manifest": layer_with(mediaType=LAYER)},
}


def main():
    with open(sys.argv[2], "rb") as f:
        tar = f.read() + bytes(1024)
    for name, changes in ROWS.items():
        build(os.path.join(sys.argv[1], name), tar, **changes)


if __name__ == "__main__":
    main()
