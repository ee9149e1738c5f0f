#!/usr/bin/env python3
"""The editor in real terminals: whole ways through it, from the first key to the bytes that it wrote.

    screen.py [--only NAME] [--list]
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import re
import shutil
import socket
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("prop", "screen")]
import lamina  # noqa: E402
import oci  # noqa: E402
import sample  # noqa: E402
from registries import Registry, digest  # noqa: E402
from tarmake import plain, tar  # noqa: E402
from tmux import Failure, Screen  # noqa: E402

PLACES = {
    "screen": {"inside": "screen-256color"},
    "tmux": {"inside": "tmux-256color"},
    "xterm": {"TERM": "xterm-256color"},
    "linux": {"TERM": "linux"},
    "vt100": {"TERM": "vt100"},
    "c-locale": {"LC_ALL": "C"},
    "no-color": {"inside": "tmux-256color", "NO_COLOR": "1"},
}
FLOWS = []


def flow(*places):
    def add(function):
        FLOWS.extend((function, place) for place in places)
        return function
    return add


class Place:
    """A folder with an image in it, and a terminal there."""

    def __init__(self, scratch, place):
        env = {k: v for k, v in PLACES[place].items() if k != "inside"}
        self.scratch = scratch
        self.inside = PLACES[place].get("inside", "screen-256color")
        self.env = {"LAMINA_TEST_SEQ": "1", "HOME": scratch, "TMPDIR": scratch, "LC_ALL": "C.UTF-8",
                    "XDG_STATE_HOME": scratch + "/state", "XDG_CONFIG_HOME": scratch + "/config",
                    "XDG_CACHE_HOME": scratch + "/cache", "EDITOR": "false", "VISUAL": "", "PAGER": "true",
                    "PATH": scratch + ":" + os.environ["PATH"], **env}
        os.symlink(os.path.realpath(lamina.PROGRAM), scratch + "/lamina")
        self.screens = []

    def path(self, *names):
        return os.path.join(self.scratch, *names)

    def screen(self, size=(100, 30), **env):
        screen = Screen(self.scratch, {**self.env, **env}, self.inside, size)
        self.screens.append(screen)
        return screen

    def editor(self, *words, size=(100, 30), make=sample.make, **env):
        """The editor, in a terminal of its own, on an image that is made for it."""
        make(self.path("app"))
        screen = self.screen(size, **env)
        screen.start("lamina", "oci:app:latest", *words)
        return screen

    def run(self, *words, status=0):
        done = subprocess.run([self.path("lamina"), *words], cwd=self.scratch, env={**os.environ, **self.env},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != status:
            raise Failure("%s: exit %d: %s" % (words, done.returncode, done.stderr.decode("utf-8", "replace")))
        return done

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def close(self):
        for screen in self.screens:
            screen.close()


def check(holds, what):
    if not holds:
        raise Failure(what)


def blobs(folder):
    """Every file of a layout but its index, with what is in it."""
    out = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                out[os.path.relpath(os.path.join(where, name), folder)] = hashlib.sha256(f.read()).hexdigest()
    return out


def assign_three(s):
    """A new layer, one by its letter, one by a pattern."""
    s.command("go /opt/app")
    s.keys("a n Enter")
    s.wait("/opt/app to app-2")
    s.command("go /usr/lib/python3")
    s.keys("a a")
    s.wait("/usr/lib/python3 to base")
    s.command("assign-pattern /usr/bin/p*")
    s.keys("n")
    s.answer("tools")
    s.wait("/usr/bin/p* to tools")


# Flows


@flow("screen", "xterm", "linux", "c-locale")
def whole(p):
    """Browse, assign, undo, redo, save, quit, open again, load, write: the same bytes as by `lamina apply`."""
    s = p.editor()
    s.keys("j j j k l h G g g")
    s.see("usr/", "5 layers")
    assign_three(s)
    s.keys("u")
    s.wait("undo: /usr/bin/p* to tools")
    s.keys("u U U")
    s.wait("redo: /usr/bin/p* to tools")
    s.command("save one.json")
    s.wait("saved: one.json")
    s.leave("q")
    plan = p.read("one.json")
    check([r["to"] for r in json.loads(plan)["assign"]] == ["app-2", "base", "tools"], "the plan: " + plan)
    s.start("lamina", "oci:app:latest", "--plan", "one.json")
    s.see("one.json")
    s.command("assign-pattern /var/**")
    s.keys("a u")
    s.command("load one.json")
    s.command("save two.json")
    check(p.read("two.json") == plan, "the plan is another after it was loaded")
    s.command("write oci:new:cut")
    s.wait("Write new image", 'Type "yes"')
    s.answer("no")
    s.wait('type "yes"', 'Type "yes"')
    check(not os.path.exists(p.path("new")), "something was written without a yes")
    s.keys("Escape")
    s.wait("nothing was written")
    s.command("write oci:new:cut")
    s.answer("yes")
    s.wait("Written", "sha256:", "Read back and compared")
    s.leave("q")
    s.see("sha256:")
    p.run("diff", "oci:app:latest", "oci:new:cut")
    p.run("check", "oci:new:cut")
    p.run("apply", "one.json", "oci:app:latest", "oci:again:cut", "--progress=none")
    check(blobs(p.path("new")) == blobs(p.path("again")), "other bytes than 'lamina apply' of the saved plan")


@flow("tmux")
def in_a_registry(p):
    """An image of a registry is opened, cut and written there; Esc stops what waits for it."""
    sample.make(p.path("app"))
    r = Registry()
    try:
        r.load(p.path("app"), "team/app")
        media_type, old = r.manifests["team/app"]["t"]
        r.put("team/app", "cut", media_type, old)
        r.put("team/app", digest(old).replace(":", "-") + ".sig", media_type, old.replace(b"}", b" }", 1))
        s = p.screen()
        s.start("lamina", r.reference("team/app"), "--tls-verify=false")
        s.see("usr/", "5 layers")
        assign_three(s)
        s.command("write " + r.reference("team/app", "cut"))
        s.wait("Write new image", "replaces it", 'Type "yes"')
        check(not r.requests("GET", "/referrers/") + r.requests("GET", "/tags/"), "referrers are asked for before there is a use for them")
        s.answer("yes")
        s.wait("Written", "sha256:", "Read back and compared", "1 referrer stays there of what was replaced")
        s.leave("q d")
        p.run("diff", "--tls-verify=false", "oci:app:latest", r.reference("team/app", "cut"))
        r.slow = 0.3
        s.start("lamina", "oci:app:latest", "--tls-verify=false")
        assign_three(s)
        s.command("write " + r.reference("other/app"))
        s.wait("Write new image", 'Type "yes"')
        for key in ("y", "e", "s", "Enter"):
            s.press(key)
        s.wait("sent")
        s.press("Escape")
        s.wait("cancelled")
        check("other/app" not in r.manifests, "a write that was stopped has written")
        s.leave("q d")
        stopped_while_it_opens(p, s, r)
    finally:
        r.stop()


def stopped_while_it_opens(p, s, r):
    """How far it is, how fast, and how long that takes; Esc ends it."""
    layers = [tar([sample.file("f%d" % n, sample.noise("opening %d" % n, 4 << 20))]) for n in range(2)]
    oci.write_layout(p.path("large"), [(t, "gzip", 1) for t in layers])
    r.load(p.path("large"), "team/large")
    r.slow = 0.05
    s.start("lamina", r.reference("team/large"), "--tls-verify=false", first="Opening")
    s.wait("M of 8", "/s", " left", "0 of 2 layers read", "q cancels")
    s.press("Escape")
    s.wait("exit=0")


@flow("screen")
def silent_place(p):
    """A place that does not answer is looked at beside the keys; Esc ends that."""
    sample.make(p.path("app"))
    s = p.screen()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        s.start("lamina", "oci:app:latest", "--tls-verify=false")
        s.command("go /opt")
        s.shell(":write docker://127.0.0.1:%d/app:t" % silent.getsockname()[1])
        s.wait("Looking at what is there")
        s.seq += len(":write docker://127.0.0.1:%d/app:t" % silent.getsockname()[1]) + 1
        begun = time.monotonic()
        s.keys("Escape")
        s.wait("nothing was written", "opt/")
        check(time.monotonic() - begun < 5, "Esc took %.1f s" % (time.monotonic() - begun))
        s.leave("q")


@flow("tmux")
def attested(p):
    """What speaks of an image that is replaced goes only with a word more."""
    sample.make(p.path("app"))
    index = json.loads(p.read("app/index.json"))
    entry, blob = index["manifests"][0], p.path("app", "blobs", "sha256")
    with open(os.path.join(blob, entry["digest"].split(":")[1]), "rb") as f:
        manifest = json.load(f)
    statement = dict(entry, annotations={"vnd.docker.reference.digest": entry["digest"], "vnd.docker.reference.type": "attestation-manifest"},
                     platform={"architecture": "unknown", "os": "unknown"})
    data = json.dumps(dict(manifest, layers=[])).encode()
    statement.update(digest="sha256:" + hashlib.sha256(data).hexdigest(), size=len(data))
    inner = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                        "manifests": [dict(entry, platform={"architecture": "amd64", "os": "linux"}, annotations={}), statement]}).encode()
    for made in (data, inner):
        with open(os.path.join(blob, hashlib.sha256(made).hexdigest()), "wb") as f:
            f.write(made)
    p.write("app/index.json", json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + hashlib.sha256(inner).hexdigest(),
         "size": len(inner), "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}))

    def referrers():
        return json.loads(p.run("inspect", "oci:app:latest", "--json").stdout)["referrers"]
    check(len(referrers()) == 1, "the attestation is none: %s" % referrers())
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    s.command("go /opt")
    s.keys("A Enter")
    s.command("write oci:app:latest")
    s.wait("DROPS attestation", "yes drop")
    s.answer("yes")
    s.wait('type "yes drop"')
    s.answer("yes drop")
    s.wait("Written")
    s.leave("q d")
    check(not referrers(), "it is there still: %s" % referrers())


@flow("screen")
def pager(p):
    """$PAGER gets the whole file as its input, as text that drives no terminal; what it cannot is told."""
    text = b"".join(b"%d\tline \x1b[2J\n" % i for i in range(40000)) + b"the end"
    oci.write_layout(p.path("app"), [(tar([plain("file", b"long", text), plain("dir", b"d", b"")]), "gzip", 1)])
    s = p.screen((80, 24), PAGER="cat >got; true")
    s.start("lamina", "oci:app:t")
    s.keys("g v")
    got = p.read("got").split("\n")
    check(got[-1] == "the end" and got[39999] == "39999   line \\x1b[2J" and len(got) == 40001, got[-2:])
    s.command("go /d")
    s.keys("g v")
    s.see("this is no file")
    s.leave("q")
    s = p.screen((80, 24), PAGER="false")
    s.start("lamina", "oci:app:t")
    s.keys("g v")
    s.wait("the pager failed")
    s.leave("q")


@flow("screen")
def first_start(p):
    """What keys to begin with is told once; how the screen was left is how it is found."""
    sample.make(p.path("app"))
    s = p.screen((80, 24))
    hint = "a gives to a layer, t tells the effect, W writes"
    s.start("lamina", "oci:app:latest")
    s.see(hint)
    s.keys("j")
    check(hint not in s.text(), "the hint stays")
    s.command("columns percent")
    s.see(" 54.0 ")
    s.press("q")
    s.wait("exit=0\nready$")
    s.start("lamina", "oci:app:latest")
    s.see(" 54.0 ")
    check(hint not in s.text(), "the hint is told again")
    s.leave("q")


@flow("screen", "c-locale")
def settings(p):
    """What the image says is shown, changed, taken out and left as it was; the plan has it, and apply without a screen makes the same of it."""
    s = p.editor(size=(140, 40))
    s.keys("c 3")
    s.see('cmd ["python3", "/opt/app/main.py"]', "env PATH=/usr/bin:/bin", '- CMD ["python3"')
    s.keys("j Enter")
    s.see("Set:  user 1000:1000")
    s.answer("user 33:33")
    s.see("~ user 33:33", "set user 33:33", "1 unsaved change")
    s.keys("g c")
    s.answer("lable a=b")
    s.see('not "lable a=b"')
    s.answer("label a=b c")
    s.see("+ label a=b c")
    s.keys("j x")
    s.see("- workdir /opt/app", "take out workdir")
    s.keys("=")
    s.see("  workdir /opt/app", "leave workdir as it is")
    s.keys("x")
    s.command("set label none")
    s.see("nothing changes")
    s.keys("t 1")
    s.wait('CHANGES user: "1000:1000"', "CHANGES label a: none", '"b c"', 'CHANGES workdir: "/opt/app"')
    s.command("save set.json")
    s.wait("saved: set.json")
    check(json.loads(p.read("set.json"))["config"] == {"user": "33:33", "workdir": None, "labels": {"a": "b c"}}, p.read("set.json"))
    s.command("write oci:new:t")
    s.wait("Changes 3 settings of the image")
    s.answer("yes")
    s.wait("Read back and compared")
    s.leave("q")
    p.run("apply", "set.json", "oci:app:latest", "oci:again:t")
    check(blobs(p.path("new")) == blobs(p.path("again")), "the editor wrote other blobs than apply")


@flow("screen", "tmux")
def sizes(p):
    """A layer is given a size, and is shown and written in parts; what is no size is told, and none takes it back."""
    sample.make(p.path("app"))
    s = p.screen((140, 40))
    s.start("lamina", "oci:app:latest")
    s.keys("2 j j j m")
    s.see("At most:  none")
    s.answer("much")
    s.see("a size is a number")
    s.keys("m")
    s.answer("700k")
    s.see("app-3: at most 700k", "1 unsaved change")
    s.keys("m")
    s.see("At most:  700k")
    s.keys("Escape u m")
    s.see("At most:  none")
    s.keys("Escape U t")
    s.wait("in 2 parts: its tar has 924K")
    s.command("save sizes.json")
    s.wait("saved: sizes.json")
    s.command("write oci:new:t")
    s.wait("app-3")
    s.answer("yes")
    s.wait("Read back and compared")
    s.leave("q")
    layers = json.loads(p.run("inspect", "--json", "oci:new:t").stdout)["layers"]
    check(len(layers) == 5 and layers[2]["tar_size"] <= 700 << 10 and layers[3]["tar_size"] < 300 << 10, layers)
    p.run("diff", "oci:app:latest", "oci:new:t")


@flow("screen")
def odd_settings(p):
    """What is odd in what the image says is shown so that it can be typed: Enter twice changes nothing, and x takes out what it stands at."""
    sample.make(p.path("app"))
    says = {"labels": {"a=b": "c", " lead": "x", "empty": "", "quoted": '"q'}, "env": {"P": "C:\\new"}, "user": " u ",
            "entrypoint": ["e\x7f", 'echo "hi"\n']}
    with open(p.path("odd.json"), "w", encoding="ascii") as plan:
        json.dump({"lamina": 1, "layers": [{"name": "rest", "from": "rest"}], "config": says}, plan)
    p.run("apply", "odd.json", "oci:app:latest", "oci:odd:t")
    s = p.screen((140, 50))
    s.start("lamina", "oci:odd:t")
    s.keys("c 3")
    rows = ['label " lead"=x', 'label "a=b"=c', "label empty=", r'label quoted="\"q"', r'env P="C:\\new"', 'user " u "',
            r'entrypoint ["e\u007f", "echo \"hi\"\n"]']
    s.see(*rows)
    for _ in range(12):
        s.keys("Enter")
        s.see("Set what the image says")
        s.keys("Enter")
        s.see("nothing changes")
        s.keys("j")
    check("unsaved" not in s.text(), s.text())
    s.keys("g c")
    s.answer('label "a=b"="d\\u0021"')
    s.see('~ label "a=b"=d!')
    s.keys("g c")
    s.answer('label "a=b"=c')
    s.see('  label "a=b"=c')
    s.leave("q")


@flow("tmux", "vt100")
def leave_out(p):
    """Live files that are left out take another word to be typed."""
    s = p.editor()
    s.command("go /usr/share/doc")
    s.keys("x")
    s.wait("leave out /usr/share/doc")
    s.command("save out.json")
    s.command("write oci:new:t")
    s.wait("REMOVES", "yes remove")
    s.answer("yes")
    s.wait('type "yes remove"')
    check(not os.path.exists(p.path("new")), "yes alone left live files out")
    s.answer("yes remove")
    s.wait("Written")
    s.leave("q")
    check(b"/usr/share/doc" in p.run("diff", "oci:app:latest", "oci:new:t", status=1).stdout, "nothing was left out")


def slow_image(folder):
    noise = random.Random(7)
    entries = [plain("file", b"big%d" % i, noise.randbytes(4 << 20).hex().encode()) for i in range(6)]
    oci.write_layout(folder, [(tar(entries), "none", 1), (tar(entries[:1]), "none", 1)], tag="latest")


@flow("screen", "linux")
def cancel(p):
    """A write is cancelled at once, and nothing is left of it."""
    s = p.editor(make=slow_image)
    before, best = blobs(p.path("app")), 9e9
    s.command("layer-merge b")
    s.command("layer-compression zstd:19")
    s.wait("zstd:19")
    for n in range(12):
        if n >= 3 and best < 0.1:
            break
        s.command("write " + ("oci:app:slow", "oci:other:slow", "oci-archive:slow.tar")[n % 3])
        s.wait('Type "yes"')
        s.press("y")
        s.press("e")
        s.press("s")
        s.press("Enter")
        s.until(lambda shown: re.search(r"[1-9]\d*%", shown), "progress")
        begin = time.monotonic()
        s.press("Escape")
        s.wait("cancelled")
        best = min(best, time.monotonic() - begin)
        s.settle()
    s.command("quit")
    s.leave("d")
    print("cancelled in %.0f ms" % (best * 1000))
    check(best < 0.1, "cancelling took %.0f ms" % (best * 1000))
    check(blobs(p.path("app")) == before, "the image changed")
    left = [n for n in os.listdir(p.scratch) if n.startswith(("other", "slow", ".lamina"))]
    check(not [n for n in left if not os.path.isdir(p.path(n)) or os.listdir(p.path(n))], "left behind: %s" % left)


DIALOGS = {
    "assign": "Assign to layer", "assign-new": "A new layer", "assign-pattern": "pattern", "command": "Command",
    "go": "Go to a path", "sort": "Sort by", "suggest": "Ways to cut", "save": "Save the plan", "load": "Load a plan",
    "write": "Write the image", "write oci:new:t": "Write new image", "help": "Help", "menu": "Menu",
    "rules": "Rules", "filter": "Show only", "search": "Search", "layer-split": "Split the layer", "moves": "What moves",
}
PANES = {"files": "Files", "layers": "Layers", "info": "Info", "history": "History", "preview": "Preview",
         "effect": "Effect", "waste": "Waste"}
SIZES = ((40, 10), (20, 5), (80, 24), (20, 5), (140, 40))


def squeeze(s, title):
    """Through all sizes; what was open stays so."""
    for width, height in SIZES:
        s.resize(width, height)
        if height == 5:
            s.wait("too small")
        else:
            # a dialog may cover the status line where it is small
            s.until(lambda shown: title in shown and (height <= 24 or "seq=%d" % s.seq in shown),
                    "%r at %dx%d" % (title, width, height))


@flow("tmux", "c-locale", "vt100")
def resize(p):
    """At every dialog and every pane, from large to small and back."""
    s = p.editor(size=(140, 40))
    s.command("go /opt/app/main.py")
    s.keys("a a")
    for name, title in PANES.items():
        s.command(name)
        if name not in ("files", "layers"):
            s.command("details")
        squeeze(s, title)
    s.command("files")
    for name, title in DIALOGS.items():
        s.command(name)
        squeeze(s, title)
        s.keys("Escape")
        s.command("files")
    s.see("main.py", "new plan")
    check(s.state("pane_dead") == "0", "the program died")
    s.command("quit")
    s.leave("d")


@flow("screen", "xterm")
def suspend(p):
    """Stopped by ^Z, the shell has its screen back; fg brings the editor's."""
    sample.make(p.path("app"))
    s = p.screen()
    s.shell("clear; echo earlier-text; stty -g > before")
    s.wait("earlier-text")
    s.shell("TERM=%s lamina oci:app:latest; echo exit=$?" % (s.program_term or p.inside))
    s.wait("seq=0")
    s.command("go /opt/app")
    for key in ("C-z", ":suspend"):
        if key == "C-z":
            s.press(key)
        else:
            s.shell(key)
            s.seq += len(key) + 1
        s.wait("Stopped", "earlier-text")
        s.shell("stty -g > stopped; fg; echo exit=$?")
        s.settle()
        s.see("app/")
        check(p.read("before") == p.read("stopped"), "the terminal's modes while it is stopped")
    s.keys("a a")
    s.leave("q d")


@flow("screen", "vt100")
def recover(p):
    """What SIGKILL ends is offered again, that of two editors too, and the plans are what they were."""
    sample.make(p.path("app"))
    plans = []
    for pattern, save in (("/usr/**", "a.json"), ("/etc/**", "b.json")):
        s = p.screen()
        s.start("lamina", "oci:app:latest")
        s.command("go /opt/app")
        s.keys("a n Enter")
        s.command("assign-pattern " + pattern)
        s.keys("a")
        s.command("save " + save)
        plans.append(p.read(save))
        s.leave("q")
    killed = []
    for pattern in ("/usr/**", "/etc/**"):
        s = p.screen()
        s.start("lamina", "oci:app:latest")
        check("unsaved plan" not in s.text(), "the plan of an editor that runs was offered")
        s.command("go /opt/app")
        s.keys("a n Enter")
        s.command("assign-pattern " + pattern)
        s.keys("a")
        killed.append(s)
    for s in killed:
        os.kill(s.pid(), signal.SIGKILL)
        s.wait("Killed")
    got = []
    for n in range(2):
        s = p.screen()
        s.start("lamina", "oci:app:latest")
        s.wait("unsaved plan", "2 changes")
        s.keys("s")
        s.wait("assign")
        s.keys("Escape r")
        s.wait("recovered plan")
        s.command("save got%d.json" % n)
        s.wait("saved")
        got.append(p.read("got%d.json" % n))
        s.leave("q")
    check(sorted(got) == sorted(plans), "a recovered plan is another")
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    check("unsaved plan" not in s.text(), "a plan was offered twice")
    s.command("go /opt/app")
    s.leave("a a q k")
    s.see("offered again")
    s.start("lamina", "oci:app:latest")
    s.wait("unsaved plan", "1 change")
    s.keys("d")
    s.leave("q")
    check(not os.listdir(p.path("state/lamina/journal")), "journals are left")


def ends_by(p, number, status):
    s = p.screen()
    s.shell("clear; echo earlier-text; stty -g > before")
    s.wait("earlier-text")
    s.shell("TERM=%s lamina oci:app:latest; echo exit=$?; stty -g > after" % (s.program_term or p.inside))
    s.wait("seq=0")
    s.command("go /opt/app")
    s.keys("a a")
    os.kill(s.pid(), number)
    s.wait("exit=%d" % status, "earlier-text")
    s.shell("echo $((6*7))-done")
    s.wait("42-done")
    check(p.read("before") == p.read("after"), "signal %d: the terminal's modes" % number)
    check(s.state("alternate_on") == "0", "signal %d: the alternate screen is on" % number)
    check(s.state("cursor_flag") == "1", "signal %d: the cursor is hidden" % number)
    check(s.state("mouse_any_flag") == "0", "signal %d: the mouse is on" % number)
    s.start("lamina", "oci:app:latest")
    s.wait("unsaved plan")
    s.keys("d")
    s.leave("q")
    s.close()


@flow("tmux", "xterm")
def signals(p):
    """Every signal leaves the terminal as it was, and the plan to be recovered."""
    sample.make(p.path("app"))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT, signal.SIGBUS):
        ends_by(p, number, 128 + number)


@flow("screen", "linux")
def hangup(p):
    """The terminal goes away: so does the editor, and nothing is lost."""
    s = p.editor()
    s.command("go /opt/app")
    s.keys("a a")
    pid = s.pid()
    s.close()
    deadline = time.monotonic() + 10
    while os.path.exists("/proc/%d" % pid):
        check(time.monotonic() < deadline, "it runs without a terminal")
        time.sleep(0.01)
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    s.wait("unsaved plan")


EDITOR = """#!/bin/sh
n=$(cat count 2>/dev/null || echo 0)
echo $((n + 1)) > count
echo "editor $n: $*"
cp "edit-$n" "${2:-$1}"
"""


@flow("tmux", "c-locale")
def editor(p):
    """The plan as text: what comes back is taken, or its errors are shown with their lines, to be edited again."""
    sample.make(p.path("app"))
    plan = json.loads(p.run("plan", "oci:app:latest").stdout)
    plan["assign"] = [{"path": "/opt", "to": "base"}]
    good = json.dumps(plan, indent=1)
    p.write("edit-0", good)
    p.write("edit-1", good.replace('"to": "base"', '"to": "no-such"'))
    p.write("edit-2", good.replace("/opt", "/usr"))
    p.write("edit-3", '{ "lamina": 1,\n')
    p.write("ed/vi", EDITOR)
    os.chmod(p.path("ed/vi"), 0o755)
    s = p.screen(EDITOR=p.path("ed/vi"))
    s.start("lamina", "oci:app:latest")
    s.keys("e")
    s.wait("edited as text")
    s.command("rules")
    s.wait("/opt -> base")
    s.keys("Escape e")
    line = good[:good.index('"/opt"')].count("\n") + 1
    s.wait("has errors", "no-such", "edit it again")
    check(re.search(r"line (%d|%d)\b" % (line, line + 1), s.text()), "the error's line")
    s.keys("Enter")
    s.wait("edited as text")
    s.command("rules")
    s.wait("/usr -> base")
    s.keys("Escape e")
    s.wait("has errors")
    s.keys("d")
    s.command("rules")
    s.wait("/usr -> base")
    s.keys("Escape")
    s.leave("q d")
    s = p.screen(EDITOR="false")
    s.start("lamina", "oci:app:latest")
    s.keys("e")
    s.wait("the editor (false) failed")
    s.leave("q")


@flow("screen", "vt100")
def keys_file(p):
    """Keys are bound anew; what cannot be is told in one line."""
    sample.make(p.path("app"))
    keys = "config/lamina/keys.json"
    p.write(keys, '{ "down": ["x", "j"], "leave-out": ["gx"], "quit": "Q" }')
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    first = s.text()
    s.keys("x j")
    check("leave out" not in s.text(), "the old key still works")
    s.keys("g x")
    s.wait("leave out")
    s.keys("q")
    check(s.text() != first, "nothing happened")
    s.keys("u")
    s.leave("Q d")
    for n, (text, word) in enumerate((('{ "down": "q" }', "other's way"), ('{ "down": "g" }', "other's way"),
                       ('{ "no-such-action": "q" }', "no-such-action"), ('{ "down": "Hyper-X" }', "Hyper-X"),
                       ('{ "down": ', "keys.json"), ("[]", "keys.json"))):
        p.write(keys, text)
        s.shell("clear; lamina oci:app:latest 2>err; echo exit=$? lines=$(wc -l <err) case=%d" % n)
        s.wait("exit=2 lines=1 case=%d" % n)
        check(word in p.read("err") and p.read("err").startswith("lamina: "), "%s: %s" % (text, p.read("err")))


@flow("screen", "tmux")
def no_terminal(p):
    """Without a terminal, or with one that cannot do it: one line, and exit 2."""
    sample.make(p.path("app"))
    done = p.run("oci:app:latest", status=2)
    check(done.stderr.count(b"\n") == 1 and b"lamina ls" in done.stderr, "no terminal: %r" % done.stderr)
    check(not done.stdout, "something on standard output")
    s = p.screen()
    for n, line in enumerate(("TERM=dumb lamina oci:app:latest 2>err", "TERM= lamina oci:app:latest 2>err",
                 "TERM=no-such-terminal lamina oci:app:latest 2>err", "lamina oci:app:latest 2>err </dev/null",
                 "lamina oci:app:latest 2>err | cat; (exit ${PIPESTATUS[0]})")):
        s.shell("clear; %s; echo exit=$? lines=$(wc -l <err) case=%d" % (line, n))
        s.wait("exit=2 lines=1 case=%d" % n)
        check(p.read("err").startswith("lamina: "), p.read("err"))
    s.shell("clear; lamina oci:not-there:latest; echo exit=$?")
    s.wait("there is no such folder", "exit=3")


PROMPT_END = "ready$"


@flow("screen", "linux", "no-color")
def every_action(p):
    """Each by its name, from the files' pane: none is unknown, and the program lives on."""
    sample.make(p.path("app"))
    names = re.findall(r"`:([a-z-]+)", p.run("help", "keys").stdout.decode())
    check(len(names) > 60, "help keys lists %d commands" % len(names))
    s = p.screen(EDITOR="true")
    s.start("lamina", "oci:app:latest")
    for name in names:
        if name in ("quit", "suspend"):
            continue
        s.command("files")
        shown = s.command(name)
        check("no such command" not in shown, "%s: no such command" % name)
        while re.search("[╔╗]|\\+[-=] [A-Z]", s.text()):
            s.keys("Escape")
    s.command("no-such-command-at-all")
    s.wait("no such command")
    s.keys(": l a y e r Tab")
    s.wait("layer")
    s.keys("Escape")
    s.leave("q d")


@flow("tmux", "c-locale", "no-color")
def finding(p):
    """Filter, search, marks, bookmarks, links, waste, previews."""
    s = p.editor(size=(140, 40))
    s.command("filter *.py")
    s.see("main.py", "os.py")
    check("passwd" not in s.text(), "the filter hides nothing")
    s.keys("F / p y")
    s.keys("Enter")
    s.wait("1 of")
    s.keys("n")
    s.wait("2 of")
    s.keys("N")
    s.wait("1 of")
    s.keys("Escape Space Space")
    s.wait("2 marked")
    s.keys("Escape")
    s.command("go /usr/bin/perl")
    s.keys("m b g g ' b")
    s.command("assign-new perl")
    s.wait("/usr/bin/perl to perl")
    s.command("go /lib")
    s.keys("g d")
    s.command("assign a")
    s.wait("/usr/lib to base")
    s.command("go /etc/passwd")
    s.keys("p")
    s.wait("root:x:0:0:root")
    s.command("go /usr/lib/libc.so.6")
    s.wait("00000000")
    s.keys("H")
    s.wait("added")
    s.command("waste")
    s.wait(" lost", "/var/cache/apt", "/root/.netrc")
    s.keys("3 G Enter")
    s.command("copy")
    s.wait("copied: /opt")
    if s.buffer() != "/opt":
        raise Failure("tmux has %r" % s.buffer())
    s.command("effect")
    s.wait("python3")
    s.leave("q d")


@flow("screen", "vt100")
def deep(p):
    """Ten thousand directories in each other."""
    oci.write_layout(p.path("app"), [(tar([plain("file", b"d/" * 10000 + b"end", b"deep"), plain("file", b"top", b"")]),
                                      "gzip", 1)], tag="latest")
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    s.keys("z R G g g G k k")
    s.command("search end")
    s.wait("1 of 1")
    s.keys("H p i t w")
    s.command("assign-new deep")
    s.command("rules")
    s.keys("Escape")
    for size in ((140, 40), (40, 10), (100, 30)):
        s.resize(*size)
        s.keys("i j k")
    s.keys("g g z M z 9")
    s.command("go /top")
    s.leave("q d")


@flow("xterm", "vt100")
def margins(p):
    """A terminal that grew unnoticed is left with all its lines to scroll."""
    sample.make(p.path("app"))
    s = p.screen()
    s.shell("stty rows 10")
    s.start("lamina", "oci:app:latest")
    s.keys("z R j j j j j j j j j j j j j j j j G g g")
    s.leave("q")
    check(s.state("scroll_region_lower") == "29", "the last line to scroll is " + s.state("scroll_region_lower"))


@flow("screen", "c-locale")
def headline(p):
    """/opt on a layer of its own, the rest in one, by the keys that the help names; nothing else changed."""
    s = p.editor()
    named = p.run("help", "keys").stdout.decode()
    for key, words in (("A", "give entries to a new layer"), ("M", "merge the marked layers"), ("W", "write the image")):
        check(re.search(r"^\| `%s`.*%s" % (key, words), named, re.M), "the help does not name %s" % key)
    s.command("go /opt")
    s.keys("A Enter")
    s.wait("/opt to opt")
    # all that is not opt becomes one
    s.keys("2 g g Space Space Space Space Space M")
    s.wait("merge into base")
    s.keys("W")
    s.answer("oci:out:split")
    s.wait('Type "yes"')
    s.answer("yes")
    s.wait("Written", "Read back and compared")
    s.leave("q d")
    p.run("diff", "oci:app:latest", "oci:out:split")
    layers = json.loads(p.run("inspect", "oci:out:split", "--json").stdout)["layers"]
    check(len(layers) == 2 and layers[0]["waste_bytes"] == layers[1]["waste_bytes"] == 0, "the layers: %s" % layers)


@flow("tmux", "vt100")
def waste(p):
    """What wastes space is found by its cause, and goes; what is live stays."""
    s = p.editor(size=(140, 40))
    s.keys("w")
    s.wait("owner changed in app-3: chown -R")
    s.keys("g g")
    for _ in range(20):
        if "merge app into app-3" in s.keys("x"):
            break
        s.keys("Escape j")
    s.wait("merge app into app-3, which hides it")
    s.keys("m")
    s.wait("goes: owner changed in layer 3")
    s.command("save waste.json")
    check("owner changed in app-3: chown -R" in p.read("waste.json"), "the plan does not say why: " + p.read("waste.json"))
    s.command("write oci:new:t")
    s.answer("yes")
    s.wait("Written")
    s.leave("q")
    p.run("diff", "oci:app:latest", "oci:new:t")
    before, after = (sum(l["blob_size"] for l in json.loads(p.run("inspect", i, "--json").stdout)["layers"])
                     for i in ("oci:app:latest", "oci:new:t"))
    check(after < before - 500000, "%d bytes, and %d before" % (after, before))


@flow("screen", "linux")
def many_layers(p):
    """120 layers: numbers and tags of two letters."""
    oci.write_layout(p.path("app"), [(tar([plain("file", b"f%03d" % n, b"%d" % n)]), "none", 1) for n in range(120)],
                     tag="latest")
    s = p.screen()
    s.start("lamina", "oci:app:latest")
    s.command("go /f119")
    s.see("119")
    check("63+" not in s.text(), "numbers of layers are cut")
    s.command("go /f064")
    s.keys("a D")
    s.wait("Assign to layer: D_")
    s.keys("P")
    s.wait("/f064 to f119")
    s.leave("q d")


@flow("screen", "vt100")
def completion(p):
    """Tab, in prompts and behind commands."""
    s = p.editor()
    s.keys("g p / o p t / a p Tab")
    s.wait("Path:  /opt/app/")
    s.keys("Escape")
    s.keys(": a s s i g n")
    s.press("Space")
    s.keys("a p Tab")
    s.wait("app  app-3")
    s.keys("Escape W")
    s.keys("o c i : a p Tab")
    s.wait("To:  oci:app")
    s.keys("Tab")
    s.wait("To:  oci:app:latest")
    s.keys("Escape")
    s.leave("q")


BIDI = "\u202e\u2066\u200f"


def hostile_image(folder):
    names = [b"\x1b]2;owned\x07", b"\x1b[2J\x1b[31mred", b"line\nbreak", "bidi{}txt.exe".format(BIDI).encode(), b"\xff\xfe",
             b"\x9b31m", b"tab\tname", b"back\\slash", b"del\x7f", "\u65e5\u672c\u8a9e".encode(), b"e\xcc\x81" * 40]
    entries = [plain("file", b"h/" + name, b"\x1b[2Jcontent\x1b]2;owned\x07\n") for name in names]
    entries += [plain("symlink", b"h/link%d" % i, target=name) for i, name in enumerate(names)]
    entries += [plain("file", b"long/" + bytes([c]) * 4000, b"x") for c in b"ab"]
    oci.write_layout(folder, [(tar(entries), "gzip", 1)], tag="latest")


@flow("screen", "xterm", "c-locale")
def hostile(p):
    """Names that are made to harm: none reaches the terminal as it is."""
    s = p.editor(make=hostile_image)
    title = s.state("pane_title")
    s.command("go /h")
    s.keys("z R")
    for _ in range(30):
        shown = s.keys("j")
        check(not set(shown) & set(BIDI), "bidirectional marks on the screen")
        check("owned\x07" not in shown, "a control character on the screen")
    s.see("\\x1b", "\\n")
    s.keys("p")
    s.keys("H i t w")
    s.command("filter owned")
    s.wait("\\x1b]2;owned\\x07")
    s.keys("F")
    s.command("search bidi")
    s.wait("1 of")
    s.command("assign-new x")
    s.command("rules")
    s.keys("Escape")
    s.keys("G k k k")
    s.command("search aaaa")
    s.command("assign-new long")
    s.keys("i H p")
    s.command("save hostile.json")
    s.wait("saved")
    s.resize(140, 40)
    s.keys("H p i")
    s.resize(40, 10)
    s.keys("i p H")
    s.resize(100, 30)
    s.keys("z M z R G g g")
    check(s.state("pane_title") == title, "an escape sequence reached the terminal")
    s.command("write oci:new:t")
    s.answer("yes")
    s.wait("Written")
    s.leave("q")
    p.run("diff", "oci:app:latest", "oci:new:t")


@flow("screen", "xterm")
def first_frame(p):
    """Stands soon, while the image still loads."""
    sample.make(p.path("app"))
    best = 9e9
    for _ in range(5):
        s = p.screen()
        s.shell("clear; x() { lamina oci:app:latest; }")
        s.wait(PROMPT_END)
        begin = time.monotonic()
        s.shell("x")
        s.until(lambda shown: "1Help" in shown or "Files" in shown, "a frame")
        best = min(best, time.monotonic() - begin)
        s.close()
    print("first frame in %.0f ms" % (best * 1000))
    check(best < 0.5, "the first frame took %.0f ms" % (best * 1000))


def switches(pid):
    out = {}
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task), encoding="ascii") as f:
            out[task] = re.findall(r"ctxt_switches:\s*(\d+)", f.read())
    return out


@flow("screen", "xterm")
def idle(p):
    """Nothing wakes up while nothing happens."""
    s = p.editor()
    s.command("go /opt/app")
    s.keys("a a")
    pid = s.pid()
    last, since = switches(pid), time.monotonic()
    deadline = since + 20  # what the change began (the journal's sync) may still end
    while time.monotonic() - since < 5:
        check(time.monotonic() < deadline, "it wakes up: %s" % last)
        time.sleep(0.05)
        now = switches(pid)
        if [v[0] for v in now.values()] != [v[0] for v in last.values()]:
            last, since = now, time.monotonic()


def run_flow(function, place):
    name = "%s %s" % (function.__name__, place)
    scratch = tempfile.mkdtemp(prefix="lamina-screen-")
    begin, where = time.monotonic(), None
    try:
        where = Place(scratch, place)
        function(where)
        return name, None, time.monotonic() - begin
    except (Failure, lamina.Failure) as e:
        return name, str(e), time.monotonic() - begin
    except Exception:  # pylint: disable=broad-except
        return name, traceback.format_exc(), time.monotonic() - begin
    finally:
        if where:
            where.close()
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="flows whose name begins with this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=min(4, 1 + (os.cpu_count() or 1)))
    args = parser.parse_args()
    flows = [f for f in FLOWS if not args.only or ("%s %s" % (f[0].__name__, f[1])).startswith(args.only)]
    if args.list:
        for function, place in flows:
            print("%-14s %-9s %s" % (function.__name__, place, function.__doc__))
        return 0
    if not shutil.which("tmux"):
        print("screen: skipped: no tmux")
        print("0 passed, 0 failed, %d skipped" % len(flows))
        return 0
    failures = []
    # those that measure time run alone
    timed = [f for f in flows if f[0] in (cancel, first_frame, idle)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        futures = [pool.submit(run_flow, *f) for f in flows if f not in timed]
        results = (f.result() for f in concurrent.futures.as_completed(futures))
        for name, failure, took in results:
            print("%-26s %-6s %5.1f s" % (name, "FAILED" if failure else "ok", took), flush=True)
            if failure:
                failures.append((name, failure))
    for one in timed:
        name, failure, took = run_flow(*one)
        print("%-26s %-6s %5.1f s" % (name, "FAILED" if failure else "ok", took), flush=True)
        if failure:
            failures.append((name, failure))
    return lamina.conclude("screen", len(flows) - len(failures), failures)


if __name__ == "__main__":
    sys.exit(main())
