#!/usr/bin/env python3
"""Images in registries: Debian's docker-registry, with skopeo at the other end, and one that is difficult on purpose.
Everything is on the loopback."""
import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
import oci  # noqa: E402
import sample  # noqa: E402
from registries import DebianRegistry, Registry, certificates, digest  # noqa: E402
from tarmake import tar  # noqa: E402

INSECURE = "--tls-verify=false"
NOTHING = {"REGISTRY_AUTH_FILE": "/nonexistent", "DOCKER_AUTH_CONFIG": ""}
KILLS = 50
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


# A real registry

def there_and_back(case):
    """What skopeo pushes is read, what lamina pushes skopeo pulls; a second opening moves two documents."""
    image, r = case.image(), case.start(DebianRegistry(os.path.join(case.scratch, "registry")))
    there = "docker://%s/team/app:t" % r.host
    skopeo("--dest-tls-verify=false", image, there)
    case.run("plan", INSECURE, there)
    case.same(there, image)
    before = len(r.requests())
    begun = time.monotonic()
    case.run("ls", INSECURE, there)
    took = time.monotonic() - begun
    assert len(r.requests()) - before < 3, "a second opening: %r" % (r.requests()[before:],)
    print("a second opening: %.2f s" % took)
    before = len(r.requests())
    case.apply(FLAT, there, "docker://%s/team/app:flat" % r.host)
    again = [q for q in r.requests()[before:] if q[0] == "GET" and "/blobs/" in q[1] and q[1].split("/")[-1] != config_of(r, "t")]
    assert not again, "what was fetched once is fetched again: %r" % again
    case.apply(FLAT, there, "docker://%s/elsewhere/app:flat" % r.host)
    back = os.path.join(case.scratch, "back")
    skopeo("--src-tls-verify=false", "docker://%s/elsewhere/app:flat" % r.host, "oci:%s:t" % back)
    case.same("oci:%s:t" % back, image)
    case.apply({"lamina": 1, "layers": [{"name": "l%d" % n, "from": [n]} for n in range(10)]}, image, "docker://%s/copy:t" % r.host)
    assert r.manifest("copy", "t")[1] == r.manifest("team/app", "t")[1], "an image that stays as it is has another manifest"
    case.apply(FLAT, there, "oci:%s:out" % os.path.join(case.scratch, "out"))
    case.same("oci:%s:out" % os.path.join(case.scratch, "out"), image)
    by_digest = "docker://%s/team/app@%s" % (r.host, digest(r.manifest("team/app", "t")[1]))
    case.same(by_digest, image)
    assert b"has no image nope" in case.run("ls", INSECURE, "docker://%s/team/app:nope" % r.host, exits=(3,)).stderr


def config_of(registry, tag):
    return json.loads(registry.manifest("team/app", tag)[1])["config"]["digest"]


def tls_and_basic(case):
    """TLS with a CA of its own, and a login by name and password."""
    image, tls = case.image(3), os.path.join(case.scratch, "tls")
    certificates(tls)
    htpasswd, certs = os.path.join(case.scratch, "htpasswd"), os.path.join(case.scratch, "certs")
    subprocess.run(["htpasswd", "-B", "-b", "-C", "4", "-c", htpasswd, "user", "pass-word-42"], check=True, capture_output=True)
    os.mkdir(certs)
    shutil.copy(os.path.join(tls, "ca.crt"), certs)
    r = case.start(DebianRegistry(os.path.join(case.scratch, "registry"), tls=tls, htpasswd=htpasswd))
    there, trust, secrets = "docker://%s/team/app:t" % r.host, "--cert-dir=" + certs, ("pass-word-42", "dXNlcjpwYXNzLXdvcmQtNDI=")
    plan, login = json.dumps(FLAT).encode(), case.auth_file(**{r.host: "user:pass-word-42"})
    assert b"certificate" in case.run("ls", there, exits=(3,)).stderr
    assert b"log in" in case.run("ls", trust, there, exits=(3,)).stderr
    case.run("apply", trust, "-", image, there, stdin=plan, env=login, secrets=secrets)
    case.run("diff", trust, image, there, env=login, secrets=secrets)
    case.run("diff", INSECURE, image, there, env=login, secrets=secrets)
    by_host = os.path.join(case.scratch, "config", "containers", "certs.d")
    os.makedirs(by_host)
    shutil.copytree(certs, os.path.join(by_host, r.host))
    case.run("diff", image, there, env={**login, "XDG_CONFIG_HOME": os.path.join(case.scratch, "config")}, secrets=secrets)
    wrong = case.auth_file(**{r.host: "user:pass-word-43"})
    assert b"refuses the login from" in case.run("ls", trust, there, env=wrong, exits=(3,), secrets=("pass-word-43",)).stderr
    assert case.run("apply", trust, "-", image, there, stdin=plan, env=wrong, exits=(5,), secrets=("pass-word-43",))


def killed(case):
    """Killed at any moment of a push, the tag is the old image or all of the new one."""
    image, r = case.image(3), case.start(DebianRegistry(os.path.join(case.scratch, "registry")))
    there = "docker://%s/team/app:t" % r.host
    skopeo("--dest-tls-verify=false", image, there)
    old = r.manifest("team/app", "t")
    plan = json.dumps(FLAT).encode()
    begun = time.monotonic()
    new = case.apply(FLAT, image, there).stdout.split()[0].decode()
    took, ends = time.monotonic() - begun, {"old": 0, "new": 0}
    assert new == digest(r.manifest("team/app", "t")[1])
    for n in range(KILLS):
        fresh = {**plan_of(n), "lamina": 1}
        r.put_manifest("team/app", "t", *old)
        run = subprocess.Popen([lamina.PROGRAM, "apply", INSECURE, "--progress=none", "-", image, there], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **case.env})
        run.stdin.write(json.dumps(fresh).encode())
        run.stdin.close()
        time.sleep(random.Random(n).random() * took)
        run.kill()
        run.wait()
        now = r.manifest("team/app", "t")
        if now[1] == old[1]:
            ends["old"] += 1
            continue
        ends["new"] += 1
        case.same(image, there)
    print("killed %d times: %r" % (KILLS, ends))
    assert plan and ends["old"] > 0


def plan_of(n):
    """Another image each time, so that there is something to send."""
    return {"layers": [{"name": "a", "from": "rest"}, {"name": "n%d" % n}], "assign": [{"path": "/d%d" % (n % 3), "to": "n%d" % n}]}


# A difficult one

def bytes_that_move(case):
    """Cutting an image anew in its registry moves the new layers, and fetches those alone that are touched."""
    case.image(10)
    r = case.registry(count=10)
    manifest = json.loads(r.manifests["team/app"]["t"][1])
    case.run("ls", INSECURE, r.reference("team/app"))
    assert not os.path.exists(case.kept()), "what is only looked at is kept"
    r.forget()
    case.apply(one_moved(10), r.reference("team/app"), r.reference("team/app", "cut"))
    cut = json.loads(r.manifests["team/app"]["cut"][1])
    old = {d["digest"] for d in manifest["layers"]}
    new = [d for d in cut["layers"] if d["digest"] not in old]
    assert len(new) == 2 and len(cut["layers"]) == 11, cut
    got = {s[1].split("/")[-1] for s in r.requests("GET", "/blobs/")}
    assert got == {manifest["config"]["digest"], manifest["layers"][0]["digest"]}, "fetched: %r" % got
    sent = sum(s[3] for s in r.seen)
    want = sum(d["size"] for d in new) + cut["config"]["size"] + len(r.manifests["team/app"]["cut"][1])
    assert sent == want, "%d bytes were sent, %d are new" % (sent, want)
    r.forget()
    case.apply(one_moved(10), r.reference("team/app"), r.reference("other/app", "cut"))
    assert len(r.requests("POST", "mount=")) == 9, "kept layers are mounted"
    assert sum(s[3] for s in r.seen) == want
    r.mounts = 202
    r.forget()
    case.apply(one_moved(10), r.reference("team/app"), r.reference("third/app", "cut"))
    case.same(r.reference("third/app", "cut"), r.reference("team/app"))
    assert not r.uploads, "uploads that were begun are not ended: %r" % r.uploads


def tokens(case):
    """Tokens in all the ways that they are given."""
    for how in ({}, {"token_key": "access_token"}, {"says_service": False}, {"says_scope": False}, {"expires": 1}, {"realm": "/token"},
                {"user": None}):
        r = case.registry(auth="token", **how)
        env = {} if how.get("user", 1) is None else case.auth_file(**{r.host: "user:pass-word-42"})
        case.forget_cache()
        case.apply(FLAT, r.reference("team/app"), r.reference("out/app"), env=env, secrets=("pass-word-42", "token-"))
        case.same(r.reference("out/app"), "oci:%s:t" % case.layout, env=env)
    r = case.registry(auth="token", user=None)
    case.apply(one_moved(4), r.reference("team/app"), r.reference("out/app"))
    asked = [s[1] for s in r.requests("GET", "/token") if "out%2Fapp" in s[1] and "team%2Fapp" in s[1]]
    assert asked and len(r.requests("POST", "mount=")) >= 3, "a mount needs both scopes"
    r = case.registry(auth="token", identity="identity-42", user="nobody")
    env = case.auth_file(**{r.host: {"identitytoken": "identity-42"}})
    case.run("ls", INSECURE, r.reference("team/app"), env=env)
    r = case.registry(auth="token")
    for says in ({}, case.auth_file(**{r.host: "user:wrong-word"})):
        done = case.run("ls", INSECURE, r.reference("team/app"), env=says, exits=(3,), secrets=("wrong-word",))
        assert b"log in" in done.stderr, done.stderr


def renewed(case):
    """A token that is refused in the middle of an upload is renewed, and the request made again."""
    for more in ({}, {"chunk_least": 1 << 14}):
        r = case.registry(auth="token", spoils_upload=2, **more)
        env = case.auth_file(**{r.host: "user:pass-word-42"})
        case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"), env=env)
        assert r.spoils_upload == 0
        case.same(r.reference("out/app"), "oci:%s:t" % case.layout, env=env)


def places_of_logins(case):
    """Each place that a login can be in; the entry of the longest part of the name wins."""
    r = case.registry(auth="basic")
    right, wrong = {"auth": base64.b64encode(b"user:pass-word-42").decode()}, {"auth": base64.b64encode(b"user:wrong").decode()}
    home, there = os.path.join(case.scratch, "home"), r.reference("team/app")
    none = {"REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": home + "/run", "XDG_CONFIG_HOME": home + "/config", "DOCKER_CONFIG": "", "HOME": home}

    def put(path, document):
        path = os.path.join(home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            json.dump(document, f)
        return path
    for path in ("run/containers/auth.json", "config/containers/auth.json", ".docker/config.json"):
        put(path, {"auths": {r.host: right}})
        case.run("ls", INSECURE, there, env=none)
        shutil.rmtree(home)
    put(".dockercfg", {r.host: right})
    case.run("ls", INSECURE, there, env=none)
    shutil.rmtree(home)
    case.run("ls", INSECURE, there, env=none, exits=(3,))
    case.run("ls", INSECURE, there, env={**none, "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"https://%s/v1/" % r.host: right}})})
    put(".docker/config.json", {"auths": {r.host: wrong, r.host + "/team": right, r.host + "/team/other": wrong}})
    case.run("ls", INSECURE, there, env=none)
    put(".docker/config.json", {"auths": {r.host: right, r.host + "/team/app": wrong}})
    case.run("ls", INSECURE, there, env=none, exits=(3,))
    programs = os.path.join(home, "bin")
    os.makedirs(programs)
    with open(os.path.join(programs, "docker-credential-test"), "w") as f:
        f.write('#!/bin/sh\nread -r server\n[ "$1" = get ] && [ "$server" = "%s" ] || { echo credentials not found; exit 1; }\n'
                'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"user\\",\\"Secret\\":\\"pass-word-42\\"}"\n' % r.host)
    os.chmod(os.path.join(programs, "docker-credential-test"), 0o755)
    with_programs = {**none, "PATH": programs + ":" + os.environ["PATH"]}
    for document in ({"credHelpers": {r.host: "test"}, "credsStore": "missing"}, {"auths": {r.host: {}}, "credsStore": "test"}):
        put(".docker/config.json", document)
        case.run("ls", INSECURE, there, env=with_programs, secrets=("pass-word-42",))
    put(".docker/config.json", {"credsStore": "missing"})
    assert b"docker-credential-missing" in case.run("ls", INSECURE, there, env=with_programs, exits=(3,)).stderr
    with open(os.path.join(home, ".docker/config.json"), "w") as f:
        f.write('{"auths": {"a": {"auth": "c2VjcmV0LTQy')
    case.run("ls", INSECURE, there, env=none, exits=(3,), secrets=("c2VjcmV0LTQy",))


def secrets_stay(case):
    """A login goes to its own host alone, and into no message."""
    other = case.registry()
    r = case.registry(auth="token", redirect="http://" + other.host)
    env = case.auth_file(**{r.host: "user:pass-word-42"})
    case.run("ls", INSECURE, r.reference("team/app"), env=env, secrets=("presigned-42",))
    assert other.requests("GET", "/blobs/"), "nothing was redirected"
    for s in other.seen:
        assert "Authorization" not in s[2], "the other host has seen it: %r" % (s,)
    case.forget_cache()
    other.blobs.clear()
    case.run("ls", INSECURE, r.reference("team/app"), env=env, exits=(3,), secrets=("presigned-42", "token-", "pass-word-42"))
    other.auth = "token"
    case.run("ls", INSECURE, r.reference("team/app"), env=env, exits=(3,), secrets=("presigned-42", "token-", "pass-word-42"))
    assert not other.requests(part="/token"), "another host's challenge is listened to"
    r = case.registry(auth="basic", echo=True, manifests={})
    env = case.auth_file(**{r.host: "user:pass-word-42"})
    for args in (("ls", INSECURE, r.reference("team/app")), ("ls", INSECURE, r.reference("team/nope"))):
        case.run(*args, env=env, exits=(3,), secrets=("pass-word-42", "dXNlcjpwYXNzLXdvcmQtNDI="))
    tls = os.path.join(case.scratch, "tls")
    certificates(tls)
    plain = case.registry(auth="token")
    secure = case.start(Registry(tls=tls))
    secure.load(case.layout, "team/app")
    secure.auth, secure.realm = "token", "http://%s/token" % plain.host
    done = case.run("ls", "--cert-dir", tls_folder(case, tls), secure.reference("team/app"), env=case.auth_file(**{secure.host: "user:pass-word-42"}),
                    exits=(3,))
    assert b"without TLS" in done.stderr and not plain.seen, done.stderr
    secure.auth, secure.redirect = None, "http://" + plain.host
    plain.auth = None
    done = case.run("ls", "--cert-dir", tls_folder(case, tls), secure.reference("team/app"), exits=(3,))
    assert b"https to http" in done.stderr and not plain.seen, done.stderr


def tls_folder(case, tls):
    folder = os.path.join(case.scratch, "trusted")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(tls, "ca.crt"), folder)
    return folder


def what_breaks(case):
    """Connections that break, and registries that are busy."""
    r = case.registry(cuts=4)
    case.same(r.reference("team/app"), "oci:%s:t" % case.layout)
    assert r.cuts == 0 and [s for s in r.requests("GET", "/blobs/") if "Range" in s[2]], "not taken up where it ended"
    case.forget_cache()
    r.cuts, r.ranges = 4, False
    case.same(r.reference("team/app"), "oci:%s:t" % case.layout)
    for status, after in ((429, "1"), (503, None)):
        case.forget_cache()
        r.busy, r.busy_status, r.retry_after = 2, status, after
        case.same(r.reference("team/app"), "oci:%s:t" % case.layout)
        r.busy = 2
        case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"))
    r.busy, r.busy_status, r.retry_after = 1, 429, "100000"
    assert b"status 429" in case.run("ls", INSECURE, r.reference("team/app"), exits=(3,)).stderr


def uploads(case):
    """Locations of all kinds, chunks where they are asked for, sizes that are refused."""
    for how in ({"relative": True}, {"chunk_least": 1 << 14}, {"largest": 40 << 20}, {"relative": True, "chunk_least": 20000}):
        case.image(2, size=3 << 20)
        r = case.registry(**how)
        case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"))
        case.same(r.reference("out/app"), "oci:%s:t" % case.layout)
        assert not r.uploads
    r = case.registry(largest=2 << 20)
    case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"))
    assert r.requests("PATCH"), "what is too large at once was not sent in chunks"
    case.same(r.reference("out/app"), "oci:%s:t" % case.layout)
    r = case.registry(largest=1000)
    assert b"status 413" in case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"), exits=(5,)).stderr
    assert "out/app" not in r.manifests and not r.uploads


def takes_nothing(case):
    """A registry that is read-only, and one that is full: what is said tells what to do."""
    image, r = case.image(1), case.start(DebianRegistry(os.path.join(case.scratch, "registry"), read_only=True))
    done = case.apply(FLAT, image, "docker://%s/out/app:t" % r.host, exits=(5,))
    assert b"(status 405): it takes nothing, as it is read-only" in done.stderr, done.stderr
    full = case.registry(full=True)
    done = case.apply(FLAT, image, full.reference("out/app"), exits=(5,))
    assert b"(status 500): it is full or out of order: ask who runs it" in done.stderr, done.stderr
    assert "out/app" not in full.manifests and not full.uploads


def what_is_wrong(case):
    """Contents that are not what they should be."""
    r = case.registry(spoils_blobs=True)
    assert b"sha256:" in case.run("ls", INSECURE, r.reference("team/app"), exits=(3,)).stderr
    r.spoils_blobs = False
    case.same(r.reference("team/app"), "oci:%s:t" % case.layout)
    case.forget_cache()
    case.run("plan", INSECURE, r.reference("team/app"))
    names = os.listdir(case.kept())
    for name in names:  # what was kept is checked before it is used
        with open(os.path.join(case.kept(), name), "r+b") as f:
            f.write(b"damaged")
    assert len(names) == len(json.loads(r.manifests["team/app"]["t"][1])["layers"]), "kept: %r" % names
    case.apply(FLAT, r.reference("team/app"), r.reference("out/app"))
    case.same(r.reference("out/app"), "oci:%s:t" % case.layout)
    media_type, body = r.manifests["team/app"]["t"]
    r.manifests["team/app"][digest(body)] = (media_type, body + b" ")
    assert b"has digest" in case.run("ls", INSECURE, "docker://%s/team/app@%s" % (r.host, digest(body)), exits=(3,)).stderr
    del r.blobs["team/app"][json.loads(body)["layers"][1]["digest"]]
    case.forget_cache()
    done = case.run("ls", INSECURE, r.reference("team/app"), exits=(3,))
    assert b"layer 1 " in done.stderr and b"missing" in done.stderr, done.stderr
    r = case.registry()
    r.changes = [b"{}"] * 9
    done = case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"), exits=(5,))
    assert b"another image now" in done.stderr, done.stderr


def indexes(case):
    """One platform of an index is cut anew, or all of them; what speaks of an image goes when that is said."""
    case.image(3)
    other = os.path.join(case.scratch, "other")
    oci.write_layout(other, [(t, "gzip", 1) for t in layers(2)], config={"architecture": "arm64"})
    r, entries = case.start(DebianRegistry(os.path.join(case.scratch, "registry"))), []
    for layout, arch in ((case.layout, "amd64"), (other, "arm64")):
        skopeo("--dest-tls-verify=false", "oci:%s:t" % layout, "docker://%s/team/app:%s" % (r.host, arch))
        media_type, body = r.manifest("team/app", arch)
        entries.append({"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": arch}})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    r.put_manifest("team/app", "all", INDEX, json.dumps(index).encode())
    there = "docker://%s/team/app:all" % r.host
    case.run("diff", INSECURE, "--platform", "linux/amd64", there, "oci:%s:t" % case.layout)
    case.run("ls", INSECURE, "--platform", "linux/s390x", there, exits=(3,))
    case.run("apply", INSECURE, "--platform", "linux/amd64", "-", there, there, stdin=json.dumps(FLAT).encode())
    now = json.loads(r.manifest("team/app", "all")[1])["manifests"]
    assert now[1] == entries[1] and now[0]["digest"] != entries[0]["digest"] and now[0]["platform"] == entries[0]["platform"], now
    case.run("diff", INSECURE, "--platform", "linux/amd64", there, "oci:%s:t" % case.layout)
    case.run("apply", INSECURE, "--platform", "all", "-", there, "docker://%s/other/app:all" % r.host, stdin=json.dumps(FLAT).encode())
    for layout, arch in ((case.layout, "amd64"), (other, "arm64")):
        case.run("diff", INSECURE, "--platform", "linux/" + arch, "docker://%s/other/app:all" % r.host, "oci:%s:t" % layout)


def rivals(case):
    """What somebody else makes of an index meanwhile is not replaced by what does not know it."""
    r = case.registry()
    image = "oci:%s:t" % case.layout
    media_type, body = r.manifests["team/app"]["t"]
    entry = {"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": "amd64"}}
    mine, other = ({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "annotations": {"who": who}} for who in ("me", "another"))
    r.put("team/app", "t", INDEX, json.dumps(mine).encode())
    r.rival = ("t", INDEX, json.dumps(other).encode())
    done = case.apply(FLAT, image, r.reference("team/app"), exits=(5,))
    assert b"somebody else" in done.stderr, done.stderr
    assert r.manifests["team/app"]["t"][1] == r.rival[2], "it is replaced"
    r.rival = None
    case.apply(FLAT, image, r.reference("team/app"))
    now = json.loads(r.manifests["team/app"]["t"][1])
    assert now["annotations"] == {"who": "another"} and now["manifests"][0]["digest"] != entry["digest"], now


SIGNED, EMPTY = "application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.oci.empty.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def artifact(case, n, subject=None):
    """An artifact's manifest, of blobs that skopeo can push: as a layout's only entry, and its bytes."""
    def blob(data):
        d = {"digest": digest(data), "size": len(data)}
        path = os.path.join(layout, "blobs", *d["digest"].split(":"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        return d
    layout = os.path.join(case.scratch, "artifact%d" % n)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": EMPTY, **blob(b"{}")},
                "layers": [{"mediaType": SIGNED, **blob(b'{"critical": %d}' % n)}]}
    if subject:
        manifest.update(artifactType="application/spdx+json", subject=subject)
    body = json.dumps(manifest).encode()
    entry = {"mediaType": MANIFEST, **blob(body)}
    for name, document in (("index.json", {"schemaVersion": 2, "manifests": [entry]}), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(layout, name), "w") as f:
            json.dump(document, f)
    return layout, entry, body


def told(case, registry, there):
    """What inspect says of referrers, and how often it asks for them; ls and plan do not."""
    def asked(command, *args):
        before = len(registry.requests())
        done = case.run(command, INSECURE, there, *args)
        return done.stdout, [q for q in registry.requests()[before:] if re.search("/referrers/|/tags/|/sha256-", q[1])]
    for command in ("ls", "plan"):
        assert not asked(command)[1], command
    out, requests = asked("inspect", "--json")
    return sorted((r["kind"], r["digest"], r["of"], r["fate"]) for r in json.loads(out)["referrers"]), len(requests)


def all_of(entries, fate, of):
    return sorted((kind, entry["digest"], of, fate) for kind, entry in entries)


def referrers_by_tag(case):
    """Where a registry has no list of referrers: the tag in its place and cosign's are told, and stay when their image is replaced."""
    image, r = case.image(2), case.start(DebianRegistry(os.path.join(case.scratch, "registry")))
    there = "docker://%s/team/app:t" % r.host
    skopeo("--dest-tls-verify=false", image, there)
    old = r.manifest("team/app", "t")[1]
    of = digest(old)
    assert told(case, r, there) == ([], 2), told(case, r, there)
    spoken, front = [], "docker://%s/team/app:%s" % (r.host, of.replace(":", "-"))
    for n, (kind, end) in enumerate((("signature", ".sig"), ("attestation", ".att"), ("sbom", ".sbom"))):
        layout, entry, _ = artifact(case, n)
        skopeo("--dest-tls-verify=false", "oci:" + layout, front + end)
        spoken.append((kind, entry))
        assert told(case, r, there) == (all_of(spoken, "there", of), 3 + n), told(case, r, there)
    layout, entry, _ = artifact(case, 9, {"mediaType": MANIFEST, "digest": of, "size": len(old)})
    skopeo("--dest-tls-verify=false", "oci:" + layout, "docker://%s/team/app:tmp" % r.host)
    listed = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**entry, "artifactType": "application/spdx+json"}]}
    r.put_manifest("team/app", of.replace(":", "-"), INDEX, json.dumps(listed).encode())
    spoken.append(("referrer", entry))
    assert told(case, r, there)[0] == all_of(spoken, "there", of), told(case, r, there)
    checked = case.run("check", INSECURE, there).stdout
    assert all(e["digest"].encode() in checked for _, e in spoken), checked
    before = len(r.requests())
    case.apply({"lamina": 1, "layers": [{"name": "l%d" % n, "from": [n]} for n in range(2)]}, there, there)
    assert not [q for q in r.requests()[before:] if "sha256-" in q[1]], "the image is the same, and so is what speaks of it"
    done = case.run("apply", INSECURE, "--json", "--drop-attestations", "-", there, there, stdin=json.dumps(FLAT).encode())
    now = [(q["kind"], q["digest"], q["of"], q["fate"]) for q in json.loads(done.stdout)["referrers"]]
    assert sorted(now) == all_of(spoken, "left", of), now
    assert r.manifest("team/app", of.replace(":", "-") + ".sig")[1] and told(case, r, there)[0] == []


class Counted:
    """A registry of our own, with requests in the form that docker-registry's log has."""

    def __init__(self, registry):
        self.registry = registry

    def requests(self):
        return [s[:2] for s in self.registry.seen]


def referrers_by_list(case):
    """Where a registry lists them, in pages; tags that cannot be listed so are looked for one by one; an index and its image."""
    r = case.registry(count=2, referrers=2)
    there, (media_type, old) = r.reference("team/app"), r.manifests["team/app"]["t"]
    of, spoken = digest(old), []
    for n in range(5):
        _, entry, body = artifact(case, n, {"mediaType": media_type, "digest": of, "size": len(old)})
        r.put("team/app", None, MANIFEST, body)
        spoken.append(("referrer", entry))
    assert told(case, Counted(r), there) == (all_of(spoken, "there", of), 4), told(case, Counted(r), there)
    _, entry, body = artifact(case, 7)
    r.put("team/app", of.replace(":", "-") + ".sig", MANIFEST, body)
    spoken.append(("signature", entry))
    for n in range(60):
        r.put("team/app", "v%02d" % n, media_type, old)
        r.put("team/app", "a%02d" % n, media_type, old)
    for how, requests in (("spec", 5), ("token", 7), (None, 7)):
        r.tags = how
        assert told(case, Counted(r), there) == (all_of(spoken, "there", of), requests), (how, told(case, Counted(r), there))
    r.auth, r.user = "token", None
    assert told(case, Counted(r), there)[0] == all_of(spoken, "there", of), "tags that may not be listed"
    r.auth = None
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": media_type, "digest": of, "size": len(old), "platform": {"os": "linux", "architecture": "amd64"}}]}
    body = json.dumps(index).encode()
    r.put("team/app", "all", INDEX, body)
    _, entry, signature = artifact(case, 8)
    r.put("team/app", digest(body).replace(":", "-") + ".sig", MANIFEST, signature)
    want = sorted(all_of(spoken, "there", of) + all_of([("signature", entry)], "there", digest(body)))
    assert told(case, Counted(r), r.reference("team/app", "all"))[0] == want, told(case, Counted(r), r.reference("team/app", "all"))
    done = case.apply(FLAT, r.reference("team/app", "all"), r.reference("team/app", "all"))
    assert done.stderr.count(b"left, and no longer true: ") == len(want), done.stderr
    asked_once_an_index(case, r, index)


def asked_once_an_index(case, r, index):
    """Of all platforms the index is asked about once, and each image once."""
    for arch in ("arm64", "s390x"):
        other = os.path.join(case.scratch, arch)
        oci.write_layout(other, [(t, "gzip", 1) for t in layers(1)], config={"architecture": arch})
        r.load(other, "team/app", arch)
        media_type, body = r.manifests["team/app"][arch]
        index["manifests"].append({"mediaType": media_type, "digest": digest(body), "size": len(body), "platform": {"os": "linux", "architecture": arch}})
    body = json.dumps(index).encode()
    r.put("team/app", "every", INDEX, body)
    _, entry, signature = artifact(case, 10)
    r.put("team/app", digest(body).replace(":", "-") + ".sig", MANIFEST, signature)
    for command in ("inspect", "check"):
        r.forget()
        shown = json.loads(case.run(command, INSECURE, "--json", "--platform", "all", r.reference("team/app", "every")).stdout)["images"]
        asked = sorted(s[1].split("/")[-1] for s in r.requests("GET", "/referrers/") if "?" not in s[1])
        assert asked == sorted([digest(body)] + [e["digest"] for e in index["manifests"]]), (command, asked)
        assert len(shown) == 3
        for image in shown:
            assert [q["of"] for q in image["referrers"] if q["digest"] == entry["digest"]] == [digest(body)], (command, image["referrers"])


def names(case):
    """What is typed, and what is said of what cannot be meant."""
    for text, exits, says in (("ubuntu:22.04", 3, b"docker://ubuntu:22.04"), ("docker://UPPER/Case", 2, b"small letters"),
                              ("docker://", 2, b"docker://HOST"), ("docker://a/b@sha256:12", 2, b"docker://HOST"),
                              ("docker://127.0.0.1:1/a/b", 3, b"127.0.0.1:1")):
        done = case.run("ls", text, exits=(exits,))
        assert says in done.stderr, (text, done.stderr)
    image = case.image(1)
    done = case.run("apply", "-", image, "docker://a.example/b@sha256:" + "0" * 64, exits=(2,), stdin=json.dumps(FLAT).encode())
    assert b"name a tag" in done.stderr
    for place in ("docker://127.0.0.1:1/a/b", "docker-daemon:a:1", "containers-storage:a"):
        done = case.apply(FLAT, image, "oci:%s:t" % os.path.join(case.scratch, "out"), "--reuse", place, exits=(3,))
        last = done.stderr.splitlines()[-1]
        assert place.encode() in last and b"layers are not taken from there, as " in last, done.stderr
        assert b"name what is on a disk here, oci:DIR[:TAG], " in last and b"dir:DIR" in last and b"docker://HOST" not in last, done.stderr


def wait_for(what):
    for _ in range(3000):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("it does not come")


def stopped(case):
    """A stop ends a pull and a push, and leaves nothing behind."""
    case.image(2, size=4 << 20)
    r = case.registry(slow=0.02)
    plan = os.path.join(case.scratch, "plan")
    with open(plan, "w") as f:
        json.dump(FLAT, f)
    pull, push = ("plan", INSECURE, r.reference("team/app")), ("apply", INSECURE, plan, "oci:%s:t" % case.layout, r.reference("out/app"))
    for number, words, method in ((2, pull, "GET"), (15, pull, "GET"), (2, push, "PUT"), (15, push, "PUT")):
        r.forget()
        run = subprocess.Popen([lamina.PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **case.env})
        wait_for(lambda: [b for b in r.begun if b[0] == method and "/blobs/" in b[1]])
        begun = time.monotonic()
        run.send_signal(number)
        assert run.wait() == 128 + number, "not stopped: %d" % run.returncode
        assert time.monotonic() - begun < 5, "a stop takes long"
        assert method == "GET" or len(r.requests("DELETE", "/uploads/")) >= 2, "an upload is not cancelled"
    assert not os.path.isdir(case.kept()) or not os.listdir(case.kept()), "half a blob is kept"
    assert "out/app" not in r.manifests
    r.slow, r.stalls = 0, json.loads(r.manifests["team/app"]["t"][1])["layers"][1]["digest"]
    r.forget()
    run = subprocess.Popen([lamina.PROGRAM, "cat", INSECURE, r.reference("team/app"), "/d1/file"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, env={**os.environ, **case.env})
    wait_for(lambda: [b for b in r.begun if b[0] == "GET" and "/blobs/" in b[1] and r.stalls in b[1]])
    begun = time.monotonic()
    run.send_signal(2)
    assert run.wait(10) == 130, "not stopped: %d" % run.returncode
    assert time.monotonic() - begun < 2, "a stop takes long where nothing comes"


def opens(process, part):
    """Whether it has a file open whose name has this in it."""
    folder = "/proc/%d/fd" % process.pid
    try:
        return any(part in os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder))
    except OSError:
        return False  # closed meanwhile


def stopped_at_what_is_kept(case):
    """A stop ends looking at what is kept, too; what was not looked at to its end is not called wrong."""
    r = case.registry(count=1)
    media_type, body = r.manifests["team/app"]["t"]
    manifest = json.loads(body)
    layer = manifest["layers"][0]
    layer["size"] = 1 << 36
    r.put("team/app", "large", media_type, json.dumps(manifest).encode())
    os.makedirs(case.kept())
    path = os.path.join(case.kept(), "blob-" + layer["digest"].replace(":", "-"))
    with open(path, "wb") as f:
        f.truncate(layer["size"])
    r.forget()
    run = subprocess.Popen([lamina.PROGRAM, "ls", INSECURE, r.reference("team/app", "large")], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, env={**os.environ, **case.env})
    wait_for(lambda: opens(run, path))
    run.send_signal(2)
    try:
        assert run.wait(30) == 130, "not stopped: %d" % run.returncode
    finally:
        run.kill()
        run.wait()
    assert os.path.exists(path) and not r.requests("GET", layer["digest"]), "looked at to its end"


CASES = (there_and_back, tls_and_basic, killed, bytes_that_move, tokens, renewed, places_of_logins, secrets_stay, what_breaks, uploads,
         takes_nothing, what_is_wrong, indexes, rivals, referrers_by_tag, referrers_by_list, names, stopped,
         stopped_at_what_is_kept)


def main():
    failures = []
    wanted = sys.argv[1:]
    cases = [c for c in CASES if not wanted or c.__name__ in wanted]
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="lamina-registry.") as scratch:
            this, begun = Case(scratch), time.monotonic()
            try:
                case(this)
            except (lamina.Failure, AssertionError, subprocess.SubprocessError, KeyError) as failure:
                failures.append((case.__name__, repr(failure)[:3000]))
            finally:
                this.end()
            print("%s: %.1f s" % (case.__name__, time.monotonic() - begun), flush=True)
    return lamina.conclude("registry", len(cases) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
