"""What tests of registries share: images, a folder with servers that end with the test, and lamina run in it."""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import lamina
import oci
import sample
from registries import Registry
from tarmake import tar

INSECURE = "--tls-verify=false"
NOTHING = {"REGISTRY_AUTH_FILE": "/nonexistent", "DOCKER_AUTH_CONFIG": ""}
INDEX = "application/vnd.oci.image.index.v1+json"


def layers(count, size=60000):
    """Folders of their own, each with a file that does not compress."""
    return [tar([sample.folder("d%d" % n), sample.file("d%d/file" % n, sample.noise("file %d" % n, size)),
                 sample.file("d%d/small" % n, "small %d" % n)]) for n in range(count)]


class Case:
    def __init__(self, scratch):
        self.scratch = scratch
        self.layout = os.path.join(scratch, "image")
        self.env = {"XDG_CACHE_HOME": os.path.join(scratch, "cache"), **NOTHING}
        self.started = []

    def image(self, count=10, **options):
        oci.write_layout(self.layout, [(t, "gzip", 1) for t in layers(count, **options)])
        return "oci:%s:t" % self.layout

    def start(self, server):
        self.started.append(server)
        return server

    def registry(self, name="team/app", count=4, **how):
        r = self.start(Registry())
        if not os.path.exists(self.layout):
            self.image(count)
        r.load(self.layout, name)
        for key, value in how.items():
            setattr(r, key, value)
        return r

    def run(self, *args, exits=(0,), env=None, stdin=b"", secrets=()):
        done = lamina.must(*args, exits=exits, env={**self.env, **(env or {})}, stdin=stdin)
        for secret in secrets:
            assert secret not in (done.stdout + done.stderr).decode("utf-8", "replace"), "%s is told: %r" % (secret, done.stderr)
        return done

    def apply(self, plan, source, output, *words, exits=(0,), **options):
        return self.run("apply", INSECURE, "--progress=none", "-", source, output, *words, stdin=json.dumps(plan).encode(), exits=exits, **options)

    def auth_file(self, **entries):
        """One of podman's and Docker's kind; keys are hosts, values 'user:password' or whole entries."""
        path = os.path.join(self.scratch, "auth.json")
        auths = {host: {"auth": base64.b64encode(value.encode()).decode()} if isinstance(value, str) else value
                 for host, value in entries.items()}
        with open(path, "w") as f:
            json.dump({"auths": auths}, f)
        return {"REGISTRY_AUTH_FILE": path}

    def same(self, one, two, env=None):
        self.run("diff", INSECURE, one, two, env=env)

    def kept(self):
        """Where layers are kept that were fetched."""
        return os.path.join(self.env["XDG_CACHE_HOME"], "lamina", "blobs")

    def forget_cache(self):
        shutil.rmtree(self.env["XDG_CACHE_HOME"], ignore_errors=True)

    def end(self):
        for server in self.started:
            server.stop()


FLAT = {"lamina": 1, "layers": [{"name": "a", "from": "rest"}, {"name": "b"}], "assign": [{"path": "/d0", "to": "b"}]}


def one_moved(count):
    """All layers stay but the first, of which one file goes to a new one."""
    return {"lamina": 1, "layers": [{"name": "l%d" % n, "from": [n]} for n in range(count)] + [{"name": "new"}],
            "assign": [{"path": "/d0/small", "to": "new"}]}


def skopeo(*args):
    subprocess.run(["skopeo", "copy", "-q", *args], check=True, capture_output=True, timeout=60)


def config_of(registry, tag):
    return json.loads(registry.manifest("team/app", tag)[1])["config"]["digest"]


def run_cases(name, cases):
    """Those that are named on the command line, or all; the exit status."""
    failures = []
    cases = [c for c in cases if len(sys.argv) < 2 or c.__name__ in sys.argv[1:]]
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="lamina-%s." % name) as scratch:
            this, begun = Case(scratch), time.monotonic()
            try:
                case(this)
            except (lamina.Failure, AssertionError, subprocess.SubprocessError, KeyError) as failure:
                failures.append((case.__name__, repr(failure)[:3000]))
            finally:
                this.end()
            print("%s: %.1f s" % (case.__name__, time.monotonic() - begun), flush=True)
    return lamina.conclude(name, len(cases) - len(failures), failures)
