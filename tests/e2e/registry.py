#!/usr/bin/env python3
"""Images in registries: Debian's docker-registry, with skopeo at the other end, and one that is difficult on purpose.
Everything is on the loopback."""
import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402
from registries import DebianRegistry, digest  # noqa: E402
from registrycase import FLAT, INSECURE, config_of, one_moved, run_cases, skopeo  # noqa: E402


KILLS = 50


# A real registry

def there_and_back(case):
    """What skopeo pushes is read, what lamina pushes skopeo pulls; a second opening moves two documents."""
    image, r = case.image(), case.start(DebianRegistry(os.path.join(case.scratch, "registry")))
    there = "docker://%s/team/app:t" % r.host
    skopeo("--dest-tls-verify=false", image, there)
    case.run("plan", INSECURE, there)
    case.same(there, image)
    before, used = len(r.requests()), os.times()
    case.run("ls", INSECURE, there)
    assert len(r.requests()) - before < 3, "a second opening: %r" % (r.requests()[before:],)
    print("a second opening: %.2f s of the processor" % sum(b - a for a, b in zip(used[2:4], os.times()[2:4])))
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


def stopped_where_it_waits(case):
    """A stop while a registry wants no requests for a time is a stop, and nothing is said of the registry."""
    case.image(2)
    plan = os.path.join(case.scratch, "plan")
    with open(plan, "w") as f:
        json.dump(FLAT, f)
    for auth in (None, "token"):
        r = case.registry(auth=auth, busy_token=True)
        env = {**os.environ, **case.env, **case.auth_file(**{r.host: "user:pass-word-42"})}
        pull, push = ("plan", INSECURE, r.reference("team/app")), ("apply", INSECURE, plan, "oci:%s:t" % case.layout, r.reference("out/app"))
        for words, frees in ((pull, range(4)), (push, range(0, 9, 2))):
            for free in frees:
                case.forget_cache()
                r.tokens.clear()
                r.free, r.busy, r.retry_after = free, 1000, "50"
                run = subprocess.Popen([lamina.PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
                wait_for(lambda: r.busy < 1000 or run.poll() is not None)
                if run.poll() == 0:
                    break  # it needs no more requests
                run.send_signal(15)
                errors = run.communicate(timeout=30)[1]
                assert run.returncode == 128 + 15 and b"status 429" not in errors, "%s, %d free: %d, %r" % (words[0], free, run.returncode, errors)


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


CASES = (there_and_back, killed, bytes_that_move, what_breaks, uploads, takes_nothing, what_is_wrong, names, stopped, stopped_where_it_waits, stopped_at_what_is_kept)


if __name__ == "__main__":
    sys.exit(run_cases("registry", CASES))
