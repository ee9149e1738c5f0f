#!/usr/bin/env python3
"""Images of engines, each with folders and sockets of its own and no network: dockerd, podman by its program and by its service,
and containerd, which imports what was written. What they have of lamina's output has the tree, the config and the name of the
input."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "prop"), os.path.join(os.path.dirname(HERE), "corpus", "cases")]
import lamina  # noqa: E402
import lib  # noqa: E402
import sample  # noqa: E402
import oci  # noqa: E402
from tarmake import plain, tar  # noqa: E402
import registries  # noqa: E402

NEEDED = ("dockerd", "docker", "podman", "containerd", "ctr", "skopeo")


def want(condition, why):
    if not condition:
        raise lamina.Failure(str(why))


def must(*words, env=None, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                          env={**os.environ, **(env or {})}, **options)
    want(done.returncode == 0, "%r: %s" % (words, done.stderr.decode("utf-8", "replace")[-2000:]))
    return done.stdout


class Service:
    """A program that serves a socket, ended by its own id."""

    def __init__(self, log, path, *words, env=None):
        with open(log, "wb") as output:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **(env or {})},
                                            start_new_session=True)
        end = time.monotonic() + 60
        while not self.answers(path):
            with open(log, encoding="utf-8", errors="replace") as f:
                want(self.process.poll() is None and time.monotonic() < end, "%r: %s" % (words, f.read()[-2000:]))
            time.sleep(0.1)

    @staticmethod
    def answers(path):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(path)
                return True
            except OSError:
                return False

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Place:
    """The sample image, with a config to look for, and as an archive for engines."""

    def __init__(self, folder):
        self.folder = folder
        must(sys.executable, sample.__file__, self.at("app"))
        self.archive = self.at("app.tar")
        must("skopeo", "--insecure-policy", "copy", "-q", "oci:%s:latest" % self.at("app"), "docker-archive:%s:app:1.4" % self.archive)
        self.config = oci.Image(self.at("app")).config

    def at(self, name):
        return os.path.join(self.folder, name)

    def cut(self, source, output, env=None):
        plan = lamina.must("plan", source, "--flatten", "--split", "/opt", env=env).stdout
        return lamina.must("apply", "-", source, output, stdin=plan, env=env)

    def same(self, archive):
        """What an engine gives is the input, but for its layers."""
        lamina.must("diff", "oci:%s:latest" % self.at("app"), archive)
        layers = json.loads(lamina.must("inspect", "--json", archive).stdout)["layers"]
        want(len(layers) == 2, layers)

    def same_config(self, config):
        for key in ("Env", "Cmd", "User", "WorkingDir", "Entrypoint", "Labels"):
            want((config.get(key) or None) == (self.config.get("config", {}).get(key) or None), "%s: %s" % (key, config))


def docker(place):
    path, root = place.at("docker.sock"), place.at("docker")
    env = {"DOCKER_HOST": "unix://" + path, "DOCKER_CONFIG": place.at("docker-config")}
    tls, port = place.at("docker-tls"), registries.free_port()
    registries.certificates(tls)
    service = Service(place.at("docker.log"), path, "dockerd", "--host", env["DOCKER_HOST"], "--host", "tcp://127.0.0.1:%d" % port, "--tlsverify",
                      "--tlscacert", os.path.join(tls, "ca.crt"), "--tlscert", os.path.join(tls, "server.crt"), "--tlskey",
                      os.path.join(tls, "server.key"), "--data-root", root, "--exec-root", root + ".run", "--pidfile", root + ".pid", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs")
    try:
        must("docker", "load", "-q", "-i", place.archive, env=env)
        done = place.cut("docker-daemon:app:1.4", "docker-daemon:app:cut", env=env)
        want(done.stdout.split()[1] == b"docker-daemon:app:cut", done.stdout)
        must("docker", "save", "-o", place.at("docker-cut.tar"), "app:cut", env=env)
        place.same("docker-archive:%s:app:cut" % place.at("docker-cut.tar"))
        inspected = json.loads(must("docker", "inspect", "app:cut", env=env))[0]
        place.same_config(inspected["Config"])
        want(inspected["RepoTags"] == ["app:cut"] and inspected["Architecture"] == "amd64", inspected)
        container = must("docker", "create", "app:cut", "/bin/sh", env=env).decode().strip()
        must("docker", "export", "-o", place.at("export.tar"), container, env=env)
        names = must("tar", "-tf", place.at("export.tar")).decode().split()
        want("usr/share/doc/apt/NEWS.Debian.gz" in names, names)
        # the name with a host, a context in place of $DOCKER_HOST, and over itself
        contexts(place, env)
        over_tls(place, tls, "tcp://127.0.0.1:%d" % port)
        place.cut("docker-daemon:app:cut", "docker-daemon:registry.example.com/team/app:cut", env=env)
        place.cut("docker-daemon:app:1.4", "docker-daemon:app:1.4", env=env)
        place.cut("docker-daemon:app:cut", "docker-daemon:app", env=env)
        tags = must("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", env=env).decode().split()
        want({"registry.example.com/team/app:cut", "app:latest"} <= set(tags), tags)
        done = lamina.run("inspect", "docker-daemon:absent:1", env=env)
        want(done.returncode == 3 and b"404" in done.stderr and done.stderr.count(b"\n") == 1, done.stderr)
        zstd = {"lamina": 1, "layers": [{"name": "all", "from": "rest"}], "compression": "zstd"}
        done = lamina.run("apply", "-", "docker-daemon:app:1.4", "docker-daemon:z:1", env=env, stdin=json.dumps(zstd).encode())
        want(done.returncode == 5 and b"compress it with gzip" in done.stderr, done.stderr)
        as_the_readme_says(place, env)
        as_buildkit_builds(place, env)
    finally:
        service.end()
    done = lamina.run("inspect", "docker-daemon:app:1.4", env=env)
    want(done.returncode == 3 and done.stderr.count(b"\n") == 1, done.stderr)


WORDS = r'''
#include <stdio.h>
int main(void)
{
	char words[99];
	FILE *f = fopen("/opt/words", "r");

	return f && fgets(words, sizeof words, f) ? puts(words) < 0 : 1;
}
'''


def as_the_readme_says(place, env):
    """From `docker build` to a container of what was cut, by the words of README.md and no others."""
    folder, env = place.at("build"), {**env, "DOCKER_BUILDKIT": "0", "PATH": os.path.dirname(lamina.PROGRAM) + ":" + os.environ["PATH"]}
    os.makedirs(folder + "/opt")
    for name, text in (("words.c", WORDS), ("opt/words", "from opt"), ("Dockerfile", 'FROM scratch\nCOPY say /bin/say\nCOPY opt /opt\nCMD ["/bin/say"]\n')):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)
    must("gcc", "-static", "-o", folder + "/say", folder + "/words.c")
    must("docker", "build", "-q", "-t", "app:1.4", folder, env=env)
    with open(os.path.join(lamina.REPOSITORY, "README.md"), encoding="utf-8") as f:
        block = re.search(r"^## Docker and Podman\n.*?^```sh\n(.*?)^```$", f.read(), re.S | re.M)[1]
    # the editor has tests of its own
    commands = [c for c in block.splitlines() if "# the editor" not in c.replace("  ", "")]
    want(len(commands) == 2 and commands[-1] == "docker run app:cut", commands)
    must("sh", "-euc", commands[0], env=env)
    if subprocess.run(["docker", "run", "app:1.4"], capture_output=True, timeout=60, check=False, env={**os.environ, **env}).returncode:
        print("daemons: containers do not run here, the new one neither")
        return
    want(must("sh", "-euc", commands[1], env=env) == b"from opt\n", commands)
    want(len(json.loads(must("docker", "inspect", "app:cut", env=env))[0]["RootFS"]["Layers"]) == 2, "it is not cut")


# Whose folders are root's, 0755: BuildKit makes those that a line names so, and a plan takes them as they are.
TREE = [plain("dir", name + b"/") for name in (b"etc", b"opt", b"opt/app", b"opt/app/sub", b"opt/lib", b"usr", b"usr/bin")] + [
    plain("file", name, name, uid=7, mode=mode) for name, mode in (
        (b"etc/passwd", 0o644), (b"opt/app/a.py", 0o644), (b"opt/app/b.py", 0o755), (b"opt/app/c.txt", 0o600), (b"opt/app/sub/deep", 0o644),
        (b"opt/lib/libx.so.1", 0o644), (b"usr/bin/tool", 0o4755), (b"usr/bin/tail", 0o755), (b"usr/bin/sh", 0o755))] + [
    plain("symlink", name, target=target) for name, target in (
        (b"opt/lib/libx.so", b"libx.so.1"), (b"opt/app/link", b"../lib/libx.so.1"), (b"opt/app/dangling", b"nowhere"), (b"bin", b"usr/bin"))]
COPIES = ("/ /", "/opt /opt", "/opt/ /opt/", "/opt/. /opt", "/etc/passwd /etc/passwd", "/etc/passwd /etc/", "/usr/bin/t* /usr/bin/", "/usr/bin/?ool /usr/bin/",
          "/opt/app/[ab].py /opt/app/", "/opt/app/a.py /opt/app/c.txt /opt/app/", '["/opt/app", "/opt/app"]', "opt/lib opt/lib",
          "/opt /opt\nCOPY --from=tree:1 /opt/app /opt/app\nCOPY --from=tree:1 /usr /usr")


def buildkit_client(env):
    """A client that has it without a plugin, as Debian's has; None."""
    for program in (shutil.which("docker"), "/usr/bin/docker"):
        done = subprocess.run([program, "build", "-q", "-"], input=b"FROM scratch\nLABEL a=b\n", capture_output=True, timeout=60, check=False, env={**os.environ, **env})
        if done.returncode == 0:
            return program
    return None


def as_buildkit_builds(place, env):
    """The plan of a Dockerfile gives the tree that BuildKit builds of it."""
    env = {**env, "DOCKER_BUILDKIT": "1", "SOURCE_DATE_EPOCH": "1"}
    client = buildkit_client(env)
    if not client:
        print("daemons: no client of Docker here has BuildKit")
        return
    tree, file = "oci:%s:t" % place.at("tree"), place.at("Dockerfile")
    oci.write_layout(place.at("tree"), [(tar(TREE, "pax"), "gzip", 1)])
    must("skopeo", "--insecure-policy", "copy", "-q", tree, "docker-archive:%s:tree:1" % place.at("tree.tar"))
    must("docker", "load", "-q", "-i", place.at("tree.tar"), env=env)
    for number, copy in enumerate(COPIES):
        text = ("FROM scratch\nCOPY --from=tree:1 %s\n" % copy).encode()
        with open(file, "wb") as out:
            out.write(text)
        with open(file, "rb") as source:
            must(client, "build", "-q", "-t", "built:%d" % number, "-", env=env, stdin=source)
        plan = lamina.must("plan", tree, "--dockerfile", file).stdout
        lamina.must("apply", "-", tree, "oci:%s:%d" % (place.at("planned"), number), stdin=plan)
        done = lamina.run("diff", "docker-daemon:built:%d" % number, "oci:%s:%d" % (place.at("planned"), number), "--clamp-times", env=env)
        want(done.returncode == 0, "%s: %s" % (copy, done.stdout + done.stderr))


def contexts(place, env):
    import hashlib
    folder = os.path.join(env["DOCKER_CONFIG"], "contexts", "meta", hashlib.sha256(b"mine").hexdigest())
    os.makedirs(folder)
    with open(os.path.join(folder, "meta.json"), "w", encoding="ascii") as f:
        json.dump({"Name": "mine", "Endpoints": {"docker": {"Host": env["DOCKER_HOST"]}}}, f)
    with open(os.path.join(env["DOCKER_CONFIG"], "config.json"), "w", encoding="ascii") as f:
        json.dump({"currentContext": "mine"}, f)
    lamina.must("inspect", "docker-daemon:app:cut", env={**env, "DOCKER_HOST": ""})
    os.remove(os.path.join(env["DOCKER_CONFIG"], "config.json"))


def over_tls(place, tls, host):
    """Docker's variables, and a context with certificates; the engine asks for the client's."""
    keys = place.at("docker-keys")
    os.mkdir(keys)
    for name, made in (("ca.pem", "ca.crt"), ("cert.pem", "server.crt"), ("key.pem", "server.key")):
        shutil.copy(os.path.join(tls, made), os.path.join(keys, name))
    config = place.at("docker-tls-config")
    env = {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": keys, "DOCKER_CONFIG": config}
    must("docker", "version", env=env)
    place.cut("docker-daemon:app:1.4", "docker-daemon:app:tls", env=env)
    parts = ",".join(["host=" + host] + ["%s=%s/%s.pem" % (part, keys, part) for part in ("ca", "cert", "key")])
    must("docker", "context", "create", "far", "--docker", parts, env={"DOCKER_CONFIG": config})
    context = {"DOCKER_HOST": "", "DOCKER_CONFIG": config, "DOCKER_CONTEXT": "far"}
    lamina.must("diff", "docker-daemon:app:1.4", "docker-daemon:app:tls", env=context)
    for name in ("ca.pem", "cert.pem"):
        os.rename(os.path.join(keys, name), os.path.join(keys, "away"))
        done = lamina.must("inspect", "docker-daemon:app:tls", env=env, exits=(3,))
        want(done.stderr.count(b"\n") == 1 and b"https://127.0.0.1" in done.stderr, done.stderr)
        os.rename(os.path.join(keys, "away"), os.path.join(keys, name))


def podman(place):
    """The program alone, and its service."""
    root = place.at("podman")
    os.makedirs(place.at("bin"))
    with open(place.at("bin/podman"), "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexec %s --root %s/root --runroot %s/run --tmpdir %s/tmp --storage-driver vfs --events-backend none "
                "--cgroup-manager cgroupfs \"$@\"\n" % (shutil.which("podman"), root, root, root))
    os.chmod(place.at("bin/podman"), 0o755)
    program = place.at("bin/podman")
    env = {"PATH": place.at("bin") + ":" + os.environ["PATH"], "XDG_RUNTIME_DIR": place.at("none")}
    must(program, "load", "-q", "-i", place.archive)
    place.cut("containers-storage:app:1.4", "containers-storage:app:cut", env=env)
    must(program, "save", "-q", "--format", "docker-archive", "-o", place.at("podman-cut.tar"), "localhost/app:cut")
    place.same("docker-archive:" + place.at("podman-cut.tar"))
    place.same_config(json.loads(must(program, "image", "inspect", "localhost/app:cut"))[0]["Config"])
    done = lamina.run("inspect", "containers-storage:absent", env=env)
    want(done.returncode == 3 and b"podman save" in done.stderr, done.stderr)
    done = lamina.run("inspect", "containers-storage:app:1.4", env={**env, "PATH": place.at("none")})
    want(done.returncode == 3 and b"neither a socket" in done.stderr, done.stderr)
    path = place.at("podman.sock")
    service = Service(place.at("podman.log"), path, program, "system", "service", "--time=0", "unix://" + path)
    try:
        env = {"CONTAINER_HOST": "unix://" + path}
        place.cut("containers-storage:app:1.4", "containers-storage:registry.example.com/app:cut", env=env)
        lamina.must("diff", "oci:%s:latest" % place.at("app"), "containers-storage:registry.example.com/app:cut", env=env)
    finally:
        service.end()
    tags = json.loads(must(program, "image", "inspect", "registry.example.com/app:cut"))[0]["RepoTags"]
    want("registry.example.com/app:cut" in tags, tags)


def containerd(place):
    path, root = place.at("containerd.sock"), place.at("containerd")
    with open(place.at("containerd.toml"), "w", encoding="ascii") as f:
        f.write('version = 2\nroot = "%s"\nstate = "%s.run"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                '[grpc]\naddress = "%s"\n' % (root, root, path))
    service = Service(place.at("containerd.log"), path, "containerd", "--config", place.at("containerd.toml"))
    try:
        for kind, name in (("docker-archive", "docker.io/library/app:cut"), ("oci-archive", "example.com/app:cut")):
            out = place.at(kind + ".tar")
            place.cut("oci:%s:latest" % place.at("app"), "%s:%s:%s" % (kind, out, name))
            for snapshotter in ("native", "overlayfs"):
                must("ctr", "-a", path, "images", "import", "--snapshotter", snapshotter, out)
            want(name in must("ctr", "-a", path, "images", "ls", "-q").decode().split(), name)
            must("ctr", "-a", path, "images", "export", place.at("exported.tar"), name)
            place.same(place.at("exported.tar"))
        another_machine(place, path)
    finally:
        service.end()


def another_machine(place, path):
    """What is taken of an image for another machine, which no platform is said of, is taken of the same cut anew."""
    other, name = lib.Layout(place.at("other")), "example.com/other:1"
    other.tag(other.image([other.layer(lib.BASE + lib.END)], arch="s390x"), name)
    other.done()
    lib.Layout.archive(other, place.at("other.tar"))
    place.cut("oci:%s:%s" % (place.at("other"), name), "oci-archive:%s:%s-cut" % (place.at("other-cut.tar"), name))
    for archive in ("other.tar", "other-cut.tar"):
        must("ctr", "-a", path, "images", "import", "--no-unpack", place.at(archive))
    there = must("ctr", "-a", path, "images", "ls", "-q").decode().split()
    want({name, name + "-cut"} <= set(there), there)
    must("ctr", "-a", path, "images", "export", "--platform", "linux/s390x", place.at("other-exported.tar"), name + "-cut")
    lamina.must("diff", "oci:%s:%s" % (place.at("other"), name), place.at("other-exported.tar"))


class Fake:
    """An engine that is difficult: what it answers to each path; a path of None: by TCP."""

    def __init__(self, path, answers):
        self.answers, self.asked = answers, []
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.socket.bind(path or ("127.0.0.1", 0))
        self.socket.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with peer, peer.makefile("rb") as stream:
            line = stream.readline().decode()
            headers = {}
            while (header := stream.readline().decode().strip()):
                key, _, value = header.partition(":")
                headers[key.lower()] = value.strip()
            if headers.get("transfer-encoding") == "chunked":
                while (size := int(stream.readline(), 16)):
                    stream.read(size + 2)
                stream.readline()
            target = line.split()[1]
            self.asked.append(target)
            status, more, body = next((a for part, a in self.answers if part in target), (404, "", b'{"message":"no such thing"}'))
            peer.sendall(("HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n" % (status, len(body), more)).encode() + body)


def errors(place):
    """What goes wrong behind a 200, versions that are refused, and names of the engine's own making."""
    with open(place.archive, "rb") as f:
        archive = f.read()
    lines = b'{"stream":"Loading"}\n{"errorDetail":{"message":"no space left\\u001b[31m on device"},"error":"no space"}\n'
    fake = Fake(place.at("fake.sock"), [("/_ping", (200, "Api-Version: 1.52\r\n", b"OK")), ("/images/load", (200, "", lines)),
                                        ("/images/app:1.4/get", (200, "", archive)), ("/images/cut:1/get", (200, "", archive[:100000]))])
    env = {"DOCKER_HOST": "unix://" + place.at("fake.sock")}
    plan = lamina.must("plan", "docker-daemon:app:1.4", "--flatten", env=env).stdout
    done = lamina.must("apply", "-", "docker-daemon:app:1.4", "docker-daemon:new:1", stdin=plan, env=env, exits=(5,))
    want(b"no space left" in done.stderr and b"\x1b" not in done.stderr, done.stderr)
    want(all(a.startswith("/v1.52/") for a in fake.asked if a != "/_ping"), fake.asked)
    done = lamina.must("inspect", "docker-daemon:cut:1", env=env, exits=(3,))
    want(done.stderr.count(b"\n") == 1, done.stderr)
    for name in ("docker-daemon:", "docker-daemon:../x", "docker-daemon:a b", "docker-daemon:app?x=1"):
        want(lamina.run("inspect", name, env=env).returncode == 2, name)
    done = lamina.must("inspect", "docker-daemon:app:1.4", env={"DOCKER_HOST": "ssh://host"}, exits=(2,))
    want(b"ssh -L" in done.stderr, done.stderr)
    done = lamina.must("apply", "-", "docker-daemon:app:1.4", "docker-daemon:new:1", stdin=plan, env={"DOCKER_HOST": "unix:///none"}, exits=(3,))
    want(not [n for n in os.listdir(place.folder) if n.startswith(".lamina")], "something was left")
    fake.socket.close()
    fake = Fake(None, fake.answers)
    done = lamina.must("inspect", "docker-daemon:app:1.4", env={"DOCKER_HOST": "tcp://127.0.0.1:%d" % fake.socket.getsockname()[1]})
    want(b"linux/amd64" in done.stdout and "/v1.52/images/app:1.4/get" in fake.asked[-1], fake.asked)
    fake.socket.close()


CHECKS = [errors, podman, containerd, docker]


def main():
    missing = [p for p in NEEDED if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        print("daemons: skipped: no %s, or not root" % " ".join(missing))
        return lamina.conclude("daemons", 0, [], 1)
    with tempfile.TemporaryDirectory(prefix="lamina-daemons.", ignore_cleanup_errors=True) as folder:
        return lamina.run_checks("daemons", CHECKS, Place(folder))


if __name__ == "__main__":
    sys.exit(main())
