"""docker save of several ages: hybrids of an OCI layout and manifest.json."""
from lib import *

t = [d(b"./") + BASE + END, f(b"opt/b", b"b") + END]


def hybrid(
    file,
    null_layers=False,
    sources=True,
    by_id=False,
    gz=False,
    extra_entry=False,
    dot=False,
    name="docker.io/library/app:1",
    tags=("app:1",),
):
    l = Layout("tmp")
    ls = [l.layer(x, "gzip" if gz else "none") for x in t]
    c = config(t)
    cd = l.desc(c, OC)
    m = {
        "schemaVersion": 2,
        "mediaType": OM,
        "config": cd,
        "layers": None if null_layers is True else [] if null_layers == "empty" else [x[0] for x in ls],
    }
    md = l.desc(m, OM)
    l.tag(md, None if by_id else "1", **({} if by_id else {"annotations": {"io.containerd.image.name": name}}))
    if extra_entry:
        l.tag(l.desc({"schemaVersion": 2, "mediaType": OM, "config": cd, "layers": [ls[0][0]]}, OM), "other")
    l.done()
    P = lambda dg: "blobs/sha256/" + dg[7:]
    man = [{"Config": P(cd["digest"]), "RepoTags": None if by_id else list(tags), "Layers": [P(x[0]["digest"]) for x in ls]}]
    if sources:
        man[0]["LayerSources"] = {x[1]: x[0] for x in ls}
    l.archive(file, [("manifest.json", json.dumps(man).encode()), ("repositories", b"{}")], dot=dot)
    shutil.rmtree("tmp")


hybrid("v25-0-0-no-layers.tar", True)  # moby 47065
hybrid("v25-0-0-layers-empty.tar", "empty")
hybrid("v25.tar")
hybrid("by-id.tar", by_id=True)
hybrid("v29.tar", sources=False, gz=True)
hybrid("dot.tar", dot=True)
hybrid("two-tags.tar", tags=("app:1", "registry.example.com:5000/team/app:1"))
# before 25: layers as links to another image's, VERSION and json beside them; v1.10 names
c = json.dumps(config(t)).encode()


def legacy(file, second):
    with tarfile.open(file, "w") as o:

        def put(n, b):
            ti = tarfile.TarInfo(n)
            ti.size = len(b)
            o.addfile(ti, io.BytesIO(b))

        def di(n):
            ti = tarfile.TarInfo(n)
            ti.type = tarfile.DIRTYPE
            ti.mode = 0o755
            o.addfile(ti)

        ids = ["%064x" % 10, "%064x" % 11, "%064x" % 12]
        for i, x in zip(ids, [t[0], t[1], None]):
            di(i)
            put(i + "/VERSION", b"1.0")
            put(i + "/json", b'{"id":"%s"}' % i.encode())
            if x is not None:
                put(i + "/layer.tar", x)
            else:
                ti = tarfile.TarInfo(i + "/layer.tar")
                ti.type = second
                ti.linkname = "../%s/layer.tar" % ids[1] if second == tarfile.SYMTYPE else ids[1] + "/layer.tar"
                o.addfile(ti)
        c = json.dumps(config(t + [t[1]])).encode()
        n = hashlib.sha256(c).hexdigest() + ".json"
        put(n, c)
        put(
            "manifest.json",
            json.dumps([{"Config": n, "RepoTags": ["app:1"], "Layers": [i + "/layer.tar" for i in ids]}]).encode(),
        )


legacy("v20-links.tar", tarfile.SYMTYPE)
legacy("hardlinks.tar", tarfile.LNKTYPE)
for z, e in (("gzip -c", "gz"), ("zstd -qc", "zst"), ("xz -c", "xz"), ("bzip2 -c", "bz2"), ("lz4 -qc", "lz4")):
    if shutil.which(z.split()[0]):
        subprocess.run("%s v25.tar > v25.tar.%s" % (z, e), shell=True, check=True)
# a user packed the folder itself: dir/index.json
subprocess.run("mkdir -p x && tar -C x -xf v25.tar && tar cf in-folder.tar x && rm -rf x", shell=True, check=True)
# appended: tar -r adds a newer index.json behind the old one
shutil.copy("v25.tar", "appended.tar")
subprocess.run("mkdir -p y && tar -C y -xf v25.tar && tar -C y -rf appended.tar index.json && rm -rf y", shell=True, check=True)
shutil.copy("v25.tar", "truncated.tar")
os.truncate("truncated.tar", os.path.getsize("v25.tar") - 12000)
open("empty.tar", "wb").write(b"\0" * 10240)
open("zero.tar", "wb").close()
