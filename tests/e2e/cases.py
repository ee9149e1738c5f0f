#!/usr/bin/env python3
"""Small images of public bug reports (tests/corpus/cases/NAME/gen.py makes each a folder of them): a row of the table for each
thing that must come out right.

    cases.py [NAME...] [--keep]        the rows of these cases alone
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(os.path.dirname(HERE), "corpus", "cases")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402


# What a row may ask of the layout OUT beyond the command's words and exit status.


def platform(**want):
    """The one entry of OUT's index says so (nothing: it says none); a "_" in a name stands for a "."."""
    def check(out):
        with open(os.path.join(out, "index.json"), encoding="utf-8") as index:
            have = json.load(index)["manifests"][0].get("platform")
        if (have or {}) != {name.replace("_", "."): value for name, value in want.items()}:
            raise lamina.Failure("the index says %r" % have)
    return check


def names(want):
    """The names in OUT, which is an archive for Docker, are as Docker writes them."""
    def check(out):
        with tarfile.open(out) as archive:
            saved, index = (json.load(archive.extractfile(n)) for n in ("manifest.json", "index.json"))
        have = saved[0]["RepoTags"], index["manifests"][0]["annotations"]["io.containerd.image.name"]
        if have != ([want], "docker.io/library/" + want):
            raise lamina.Failure("the archive is called %r" % (have,))
    return check


WINDOWS = {"os": "windows", "architecture": "amd64", "os_version": "10.0.20348.2113", "os_features": ["win32k"]}

# (case, command, exit status, what it says on either stream, what OUT must hold). IN is the folder of the case's images, OUT a
# layout that is not there yet; "plan ... |" makes the plan that `apply -` reads.
ROWS = [
    ("deep-implied", "plan oci:IN/deep:t --flatten | apply - oci:IN/deep:t oci:OUT:t", 3,
     "directories that no entry describes have paths of more than 32 MiB together", None),
    ("deep-implied", "plan oci:IN/deep:t --drop /g | apply - oci:IN/deep:t oci:OUT:t", 0, "a +kept", None),
    ("many-layers", "check oci:IN/l125:t", 0, r"\A(?!.*more than 125)", None),
    ("many-layers", "check oci:IN/l126:t", 0, "more than 125 layers: Docker takes no more; Podman takes 128, containerd some 500", None),
    ("many-layers", "plan oci:IN/l130:t --drop /opt/f129 | apply - oci:IN/l130:t oci:OUT:t", 0,
     "129 layers: Docker takes no more than 125", None),
    ("many-layers", "plan oci:IN/l126:t --drop /opt/f125 | apply - oci:IN/l126:t oci:OUT:t", 0, r"\A(?!.*Docker)", None),
    ("windows-hives", "plan oci:IN/oci:t --flatten | apply - oci:IN/oci:t oci:OUT:t", 4,
     r"would merge layer 1 with others, which has changes of Windows' registry \(/Hives/Software_Delta\)", None),
    ("windows-hives", "plan oci:IN/oci:t --keep 2 --flatten | apply - oci:IN/oci:t oci:OUT:t", 0, None, platform(**WINDOWS)),
    ("windows-hives", "plan oci:IN/oci:t --drop /Files/app/junction", 4,
     r'layer "Hives-2" has changes of Windows\' registry \(/Hives/System_Delta\), and is kept as it is or not at all: '
     "/Files/app/junction is left out", None),
    ("windows-hives", "plan oci:IN/oci:t --drop /Hives/System_Delta", 4, "and is kept as it is", None),
    ("windows-hives", "plan oci:IN/oci:t --drop /Files/Windows | apply - oci:IN/oci:t oci:OUT:t", 0, "rewritten", platform(**WINDOWS)),
    # a foreign layer's blob is elsewhere: the rest is shown, and nothing but a copy is made
    ("windows-hives", "inspect oci:IN/foreign:t", 0, "304761f5b890.*foreign: layer 0: .*with its foreign layers", None),
    ("windows-hives", "ls -R oci:IN/foreign:t /Files", 0, "/Files/app/junction", None),
    ("windows-hives", "check oci:IN/foreign:t", 1, "foreign: layer 0: .*1 of 3 layers are not there", None),
    ("windows-hives", "plan oci:IN/foreign:t | apply - oci:IN/foreign:t oci:OUT:t", 3,
     "layer-0.*its blob is not there: copy the image again, with its foreign layers", None),
    ("windows-hives", "plan oci:IN/foreign-below:t --drop /Files/new", 4,
     "layer 0 is a foreign one, whose blob is not here: no layer can be written", None),
    ("zstd-windows", "check oci:IN/w27:t", 0, r"\A(?!.*window-)", None),
    ("zstd-windows", "check oci:IN/w28:t", 0, "window-256: layer 0: .*needs 256 MiB of memory", None),
    ("zstd-windows", "inspect oci:IN/w29:t", 0, "window-512: layer 0: .*needs 512 MiB of memory", None),
    ("zstd-windows", "inspect oci:IN/w30:t", 3, "needs a window of more than 512 MiB", None),
    # what stands behind the end of streams, and in their headers
    ("stream-tails", "check oci:IN/gz-name-511:t", 0, r"\A(?!.*gzip-name)", None),
    ("stream-tails", "check oci:IN/gz-name-512:t", 0, "gzip-name: layer 0: .*more than 511 bytes", None),
    ("stream-tails", "check oci:IN/gz-comment-512:t", 0, "gzip-name", None),
    ("stream-tails", "check oci:IN/gz-mtime-name:t", 0, r"\A(?!.*gzip-name)", None),
    ("stream-tails", "check oci:IN/gz-garbage:t", 1, "something else stands behind its end, which engines refuse: pack the layer again", None),
    ("stream-tails", "check oci:IN/gz-newline:t", 1, "something else stands behind its end, which engines refuse: pack the layer again", None),
    ("stream-tails", "check oci:IN/gz-zeros:t", 1, "something else stands behind its end, which engines refuse: pack the layer again", None),
    ("stream-tails", "check oci:IN/zst-zeros:t", 1, "something else stands behind its end, which engines refuse: pack the layer again", None),
    ("stream-tails", "check oci:IN/tar-one-zero-then-entry:t", 1, "an entry stands behind a single block of zeros, which engines refuse: pack the layer again", None),
    ("stream-tails", "check oci:IN/zst-skippable-only-tail:t", 0, None, None),
    ("stream-tails", "check oci:IN/gz-members:t", 0, None, None),
    ("stream-tails", "check oci:IN/tar-odd-tail:t", 0, None, None),
    # copies of blobs in descriptors
    ("data-embedded", "check oci:IN/both:t", 0, r"\A(?!.*embedded-data)", None),
    ("data-embedded", "check oci:IN/wrong:t", 0, "embedded-data: a descriptor carries data that is not its blob", None),
    ("data-embedded", "plan oci:IN/wrong:t --flatten | apply - oci:IN/wrong:t oci:OUT:t", 0, None, None),
    ("data-embedded", "check oci:IN/no-config-blob:t", 1, "the config: blob .* is missing", None),
    ("data-embedded", "check oci:IN/no-blobs:t", 1, "the manifest: blob .* is missing", None),
    # which image of several
    ("untagged-platforms", "ls oci:IN/two /opt/arch --platform linux/amd64", 0, "arch", None),
    ("untagged-platforms", "inspect oci:IN/two --platform linux/arm64", 0, "linux/arm64", None),
    ("untagged-platforms", "inspect oci-archive:IN/two.tar --platform linux/arm64", 0, "linux/arm64", None),
    ("untagged-platforms", "inspect oci:IN/two-no-platform --platform linux/amd64", 0, "linux/amd64", None),
    ("untagged-platforms", "inspect oci:IN/two-foreign --platform linux/amd64", 3,
     "no image for linux/amd64; --platform takes one of: linux/arm64, linux/s390x", None),
    ("untagged-platforms", "inspect oci:IN/two-same-tag:v1 --platform linux/arm64", 0, "linux/arm64", None),
    ("untagged-platforms", "inspect oci:IN/ko-tags", 3, "name one of: registry.example.com/a:v1, registry.example.com/b:v1", None),
    ("untagged-platforms", "inspect oci:IN/two:@0", 0, "linux/arm64", None),
    ("untagged-platforms", "inspect oci-archive:IN/two.tar@1", 0, "linux/amd64", None),
    ("untagged-platforms", "inspect oci:IN/two:@2", 3, "has no image @2", None),
    ("untagged-platforms", "plan oci:IN/two:@0 | apply - oci:IN/two:@0 oci:OUT:@0", 2, "name a tag", None),
    ("untagged-several", "inspect docker-archive:IN/ids.tar", 3, "holds several images; name one of: @0, @1", None),
    ("untagged-several", "ls docker-archive:IN/ids.tar:@1 /opt/c", 0, "/opt/c", None),
    ("untagged-several", "inspect docker-archive:IN/one-named.tar", 3, "name one of: @0, a/b:1", None),
    ("untagged-several", "inspect docker-archive:IN/same-name.tar:a/b:1", 3, "twice: name one of: @0, @1", None),
    ("untagged-several", "inspect docker-archive:IN/same-name.tar", 3, "name one of: @0, @1", None),
    ("untagged-several", "ls docker-archive:IN/same-name.tar:@1 /opt/c", 0, "/opt/c", None),
    ("untagged-several", "inspect docker-archive:IN/same-image-twice.tar", 0, "linux/amd64", None),
    ("untagged-several", "inspect docker-archive:IN/same-image-twice-none.tar", 0, "linux/amd64", None),
    ("untagged-several", "inspect docker-archive:IN/none-tag.tar", 0, "linux/amd64", None),
    ("untagged-several", "inspect docker-archive:IN/hub-names.tar:app", 0, "linux/amd64", None),
    ("untagged-several", "inspect docker-archive:IN/hub-names.tar:docker.io/library/app:v1", 0, "linux/amd64", None),
    ("untagged-several", "inspect docker-archive:IN/hub-names.tar:localhost:5000/app", 0, "linux/amd64", None),
    ("untagged-several", "inspect oci:IN/ko", 3, r"holds several images.*@sha256:.*@sha256:", None),
    ("untagged-several", "inspect oci:IN/ko:@", 3, "has no image @", None),
    ("platform-asked", "inspect oci:IN/one-arm64", 0, "linux/arm64", None),
    ("platform-asked", "inspect oci:IN/one-arm64 --platform linux/amd64", 3, "takes one of: linux/arm64", None),
    ("platform-asked", "inspect oci:IN/one-arm64-says --platform linux/amd64", 3, "takes one of: linux/arm64", None),
    ("platform-asked", "inspect oci:IN/index-of-one-arm64 --platform linux/amd64", 3, "takes one of: linux/arm64", None),
    ("platform-asked", "inspect docker-archive:IN/one-arm64.tar --platform linux/amd64", 3, "takes one of: linux/arm64", None),
    ("platform-asked", "inspect oci:IN/variants --platform linux/amd64/v2", 0, "linux/amd64/v2", None),
    ("platform-asked", "inspect oci:IN/variants --platform linux/amd64", 3, "several images.*amd64/v3.*amd64/v2", None),
    ("platform-asked", "inspect oci:IN/arms --platform linux/arm", 0, "linux/arm/v7", None),
    ("platform-asked", "inspect oci:IN/deep --platform linux/amd64", 0, "linux/amd64", None),
    ("platform-asked", "inspect oci:IN/index-a-platform-silent --platform linux/arm64", 0, "linux/arm64", None),
    ("platform-asked", "inspect oci:IN/no-platforms --platform linux/amd64", 0, "linux/amd64", None),
    ("platform-asked", "inspect oci:IN/os-version --platform windows/amd64", 3,
     r"holds several images.*\(windows/amd64 10\.0\.17763\.1\), @sha256:\w+ \(windows/amd64 10\.0\.20348\.1\)", None),
    ("platform-asked", "inspect oci:IN/os-version --platform linux/amd64", 3,
     r"takes one of: windows/amd64 \(10\.0\.17763\.1\), windows/amd64 \(10\.0\.20348\.1\)", None),
    # containerd passes over what says to be for another machine: that is said where it was
    ("platform-asked", "plan oci:IN/one-arm64 | apply - oci:IN/one-arm64 oci:OUT:t", 0, None, platform()),
    ("platform-asked", "plan oci:IN/one-arm64 | apply - oci:IN/one-arm64 oci:OUT", 0, None, platform()),
    ("platform-asked", "plan oci:IN/one-arm64-says | apply - oci:IN/one-arm64-says oci:OUT:t", 0, None,
     platform(os="linux", architecture="arm64")),
    ("platform-asked", "plan oci:IN/index-of-one-arm64 | apply - oci:IN/index-of-one-arm64 oci:OUT:t", 0, None, platform()),
    ("untagged-platforms", "plan oci:IN/ko-tags:registry.example.com/a:v1 | apply - oci:IN/ko-tags:registry.example.com/a:v1 oci:OUT:t", 0, None,
     platform()),
    ("soci-v2-index", "inspect oci:IN/artifact-no-platform", 0, "linux/amd64", None),
    ("soci-v2-index", "inspect oci:IN/neither", 0, "linux/amd64", None),
    ("soci-v2-index", "inspect oci:IN/top", 0, "linux/amd64", None),
    ("soci-v2-index", "inspect oci:IN/fallback", 0, "linux/amd64", None),
    ("soci-v2-index", "inspect oci:IN/untagged", 0, "linux/amd64", None),
    ("cosign-save", "inspect oci:IN/oci", 0, "linux/amd64", None),
    ("cosign-save", "inspect oci:IN/oci3", 0, "linux/amd64", None),
    ("cosign-save", "inspect oci:IN/sigs-first", 0, "linux/amd64", None),
    ("buildkit-two-tags", "inspect oci:IN/oci:1.0", 0, "linux/amd64", None),
    ("buildkit-two-tags", "inspect oci-archive:IN/oci.tar:team/app:1.0", 0, "linux/amd64", None),
    ("buildkit-two-tags", "inspect oci-archive:IN/oci.tar:registry.example.com/mirror/app:1.0", 0, "linux/amd64", None),
    ("buildkit-cache", "inspect oci:IN/oci", 3, "holds no image", None),
    ("buildkit-cache", "inspect oci:IN/oci:latest", 3, '"latest" holds no image', None),
    ("buildkit-cache", "inspect oci:IN/image-manifest", 3, "another kind of artifact", None),
    ("schema-1", "inspect oci:IN/oci:t", 3, "is of Docker's schema 1", None),
    ("schema-1", "inspect oci:IN/oci", 3, "is of Docker's schema 1", None),
    # archives
    ("docker29-save-partial", "inspect IN/save-arm64.tar", 0, "linux/arm64", None),
    ("docker29-save-partial", "inspect IN/save-amd64.tar", 0, "linux/amd64", None),
    ("docker29-save-partial", "inspect IN/oci-only-arm64.tar", 0, "linux/arm64", None),
    ("docker29-save-partial", "inspect IN/oci-only-amd64.tar", 0, "linux/amd64", None),
    ("docker29-save-partial", "inspect IN/oci-only-arm64.tar --platform linux/amd64", 3, "takes one of: linux/arm64\\n", None),
    ("docker29-save-two", "ls IN/save.tar:a/app /opt/which", 0, "which", None),
    ("docker29-save-two", "inspect IN/save.tar", 3, "a/app:latest, b/app:latest", None),
    ("docker29-save-two", "inspect oci-archive:IN/oci-only.tar:b/app:latest", 0, "linux/amd64", None),
    ("docker29-save-two", "inspect oci-archive:IN/oci-only.tar", 3, "docker.io/a/app:latest, docker.io/b/app:latest", None),
    ("docker-save-shapes", "inspect IN/v25-0-0-no-layers.tar", 0, "linux/amd64", None),
    ("docker-save-shapes", "inspect IN/v25-0-0-layers-empty.tar", 0, "linux/amd64", None),
    ("docker-save-shapes", "inspect IN/two-tags.tar", 0, "linux/amd64", None),
    ("docker-save-shapes", "inspect IN/hardlinks.tar", 0, "linux/amd64", None),
    ("docker-save-shapes", "inspect IN/appended.tar", 0, "linux/amd64", None),
    ("docker-save-shapes", "inspect IN/in-folder.tar", 3, "but x/index.json: pack what is in that folder", None),
    ("docker-save-shapes", "inspect IN/truncated.tar", 3, "Truncated .*: save the image again", None),
    ("docker-save-shapes", "inspect IN/v25.tar.lz4", 3, "is packed by lz4; .*unpack it first with lz4 -d", None),
    ("docker-save-shapes", "inspect IN/damaged.tar.gz", 3, "gzip: the checksum is wrong.*: save the image again", None),
    ("docker-save-shapes", "inspect IN/v25.tar.zip", 3, "is packed by zip; .*unpack it first with unzip", None),
    ("docker-save-shapes", "inspect IN/v25.tar.7z", 3, "is packed by 7z; ", None),
    ("docker-save-shapes", "inspect IN/zero.tar", 3, "is an empty file", None),
    ("docker-save-shapes", "inspect IN/text.tar", 3, "no tar, as it is or packed by gzip, zstd, xz or bzip2", None),
    ("outer-tar-sparse", "check IN/gnu.tar", 0, None, None),
    ("outer-tar-sparse", "check IN/pax.tar", 0, None, None),
    ("outer-tar-sparse", "plan IN/gnu.tar | apply - IN/gnu.tar oci:OUT:t", 0, None, None),
    ("duplicate-layers", "check docker-archive:IN/jib.tar", 0, None, None),
    ("duplicate-layers", "plan docker-archive:IN/jib.tar | apply - docker-archive:IN/jib.tar oci:OUT:t", 0, None, None),
    ("bazel-symlink-blobs", "inspect oci:IN/oci", 3, "copy the folder with cp -rL", None),
    ("bazel-symlink-blobs", "inspect oci:IN/dirlink", 3, "copy the folder with cp -rL", None),
    ("bazel-symlink-blobs", "inspect oci:IN/whole", 0, "linux/amd64", None),
    ("bazel-symlink-blobs", "plan oci:IN/base:t | apply - oci:IN/base:t oci:IN/dirlink:new", 5, "copy the layout with cp -rL", None),
    ("bazel-symlink-blobs", "plan oci:IN/base:t | apply - oci:IN/base:t oci:IN/whole:new", 5,
     "/whole: is a symlink, through which nothing is written: name the folder that it leads to, or copy that with cp -rL", None),
    ("bazel-symlink-blobs", "plan oci:IN/base:t | apply - oci:IN/base:t oci:IN/whole/:new", 5, "is a symlink", None),
    ("bazel-symlink-blobs", "plan oci:IN/base:t | apply - oci:IN/base:t dir:IN/whole", 5, "is a symlink", None),
    ("notes", "check oci:IN/none:t", 0, r"\A(?!.*(1970|2262))", None),
    # what the taker of an archive can take
    ("untagged-platforms", "plan oci:IN/two:@1 | apply - oci:IN/two:@1 docker-archive:OUT:app", 0, None, names("app:latest")),
]
# what is odd is named, where other readers read something else
NOTES = ("before-1970", "after-2262", "child-of-file", "whiteout-invalid", "whiteout-reserved", "whiteout-twice", "opaque-root", "unknown-type",
         "link-metadata", "overlay-attribute", "user-attribute", "trusted-attribute", "empty-attribute", "symlink-loop", "long-name")
ROWS += [("notes", "check oci:IN/%s:t" % name, 0, "(?m)^%s: layer 1: /" % name, None) for name in NOTES]


class Images:
    """Each case's images, made once, in a folder of this run."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lamina-cases.")
        shutil.copytree(CASES, self.folder, dirs_exist_ok=True)
        self.made = set()

    def of(self, case):
        folder = os.path.join(self.folder, case)
        if case not in self.made:
            self.made.add(case)
            subprocess.run([sys.executable, os.path.join(folder, "gen.py")], check=True, stdout=subprocess.DEVNULL)
        return folder


def run_row(images, row, out):
    case, commands, exits, says, check = row
    words, done = [], None
    for command in commands.split(" | "):
        words = [w.replace("IN/", images.of(case) + "/").replace("OUT", out) for w in command.split()]
        done = lamina.must(*words, stdin=done.stdout if done else b"", exits=(0, exits))
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    short = said if len(said) < 1000 else said[:500] + " ... " + said[-500:]
    if done.returncode != exits:
        raise lamina.Failure("exit %d, not %d: %s" % (done.returncode, exits, short))
    if says and not re.search(says, said, re.S):
        raise lamina.Failure("does not say %r: %s" % (says, short))
    if check:
        check(out)


def attempt(images, row):
    folder = tempfile.mkdtemp(prefix="out.", dir=images.folder)
    try:
        run_row(images, row, os.path.join(folder, "out"))
        return None
    except lamina.Failure as failure:
        return str(failure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", action="store_true", help="keep the images and outputs")
    args = parser.parse_args()
    images, failures = Images(), []
    rows = [row for row in ROWS if not args.names or row[0] in args.names]
    for row in rows:
        why = attempt(images, row)
        if why:
            failures.append(("%s: %s" % row[:2], why))
    if args.keep:
        print("files are in %s" % images.folder)
    else:
        shutil.rmtree(images.folder, ignore_errors=True)
    return lamina.conclude("cases", len(rows) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
