#!/usr/bin/env python3
"""Pictures of the real program in a real terminal: xterm on a display of its own, into screenshots/.

    SCREENSHOT_IMAGE=oci:DIR[:TAG] screenshots.py      without it, the image of `make demo`
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests", name) for name in ("prop", "screen")]
import lamina  # noqa: E402
import sample  # noqa: E402
from tmux import Screen  # noqa: E402

OUT = os.path.join(ROOT, "screenshots")


def tell(file):
    print("%s  %d bytes" % (os.path.relpath(file, ROOT), os.path.getsize(file)), flush=True)


class Display:
    def __init__(self):
        read, write = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1100x24", "-nolisten", "tcp"],
                                       pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as f:
            self.name = ":" + f.readline().strip()

    def close(self):
        self.server.terminate()
        self.server.wait()


class Picture:
    """An xterm that shows a tmux session, which is what is driven."""

    def __init__(self, display, folder, size, light=False, **env):
        self.display = display
        self.screen = Screen(folder, {"LAMINA_TEST_SEQ": "", "HOME": folder, "XDG_STATE_HOME": folder + "/state",
                                      "XDG_CONFIG_HOME": folder + "/config", "LC_ALL": "C.UTF-8", **env},
                             "tmux-256color", size)
        colours = ["-bg", "white", "-fg", "black"] if light else ["-bg", "#101010", "-fg", "#e0e0e0"]
        self.xterm = subprocess.Popen(
            ["xterm", "-fa", "DejaVu Sans Mono", "-fs", "9", "-geometry", "%dx%d+0+0" % size, "-b", "6", "+sb", *colours,
             "-xrm", "xterm*cursorBlink:false", "-e", "tmux", "-u", "-L", self.screen.socket, "attach", "-t", "t"],
            env={**self.screen.env, "DISPLAY": display.name, "LC_ALL": "C.UTF-8"}, stderr=subprocess.DEVNULL)
        self.screen.until(lambda _: self.screen.state("session_attached") == "1", "xterm")

    def shoot(self, name, folder=OUT):
        """Once the picture has been equal three times."""
        file = os.path.join(folder, name + ".png")
        equal, last = 0, None
        env = {**os.environ, "DISPLAY": self.display.name}
        window = subprocess.run(["xdotool", "search", "--sync", "--class", "xterm"], env=env, stdout=subprocess.PIPE,
                                check=True).stdout.decode().split()[0]
        while equal < 3:
            subprocess.run(["import", "-window", window, "-depth", "8", "-colors", "64", "-strip",
                            "-define", "png:compression-level=9", "PNG8:" + file], env=env, check=True)
            with open(file, "rb") as f:
                now = hashlib.sha256(f.read()).digest()
            equal, last = (equal + 1 if now == last else 1), now
            time.sleep(0.1)
        if folder == OUT:
            tell(file)
        return file

    def close(self):
        self.screen.close()
        self.xterm.wait()


def prepare(folder):
    """The image as oci:app:1.4 below folder."""
    image = os.environ.get("SCREENSHOT_IMAGE")
    where = os.path.join(folder, "app")
    if not image:
        sample.make(where)
        return "oci:app:latest"
    path, _, tag = image.removeprefix("oci:").partition(":")
    subprocess.run(["skopeo", "copy", "-q", "oci:" + os.path.abspath(path) + (":" + tag if tag else ""), "oci:app:1.4"],
                   cwd=folder, check=True)
    return "oci:app:1.4"


# What is pressed for each picture, from the start of the program; "=NAME" shoots.
TALL = ["unfold-to 3", "=files", "assign-new libraries", "down", "down", "down", "=plan", "effect", "details",
        "=effect", "files", "history", "=history", "waste", "details", "=waste", "files", "write oci:app:1.5", "=write"]


def steady(screen):
    """Until the screen has been the same for a while: the pictures go without the numbers that tests wait for."""
    equal, last = 0, None
    while equal < 6:
        now = screen.text()
        equal, last = (equal + 1 if now == last else 0), now
        time.sleep(0.05)


def play(picture, reference, steps):
    picture.screen.start("lamina", reference, first=" entries")
    for step in steps:
        if step.startswith("="):
            picture.shoot(step[1:])
        else:
            picture.screen.shell(":" + step)
            steady(picture.screen)


# The moving picture: what is pressed, what is said below, and for how many hundredths of a second it stands.
MOVING = [
    ("", "lamina oci:app: all files of the image, and the layer that each is from", 250),
    ("w", "w: bytes that are shipped and not visible, each cause in a line", 300),
    ("x", "x: what helps against the cause under the cursor", 250),
    ("r", "r: in the plan; no image is written yet", 200),
    ("1 A", "A: /opt to a layer of its own", 200),
    ("Enter", "To: the layer of the plan that a file goes to", 250),
    ("t", "t: what the plan costs, and that the merged filesystem stays the same", 300),
    ("W", "W: write the image", 150),
    ("Enter", "a summary first", 300),
    ("y e s", "nothing is written until yes is typed", 150),
    ("Enter", "written, read back, compared: the same files in better layers", 400),
]


def animate(display, folder):
    """The image of `make demo`: each picture with its words below it, as a GIF of what changes from one to the next."""
    sample.make(os.path.join(folder, "app"))
    picture = Picture(display, folder, (100, 30))
    frames = []
    try:
        picture.screen.start("lamina", "oci:app:latest", first=" entries")
        for number, (keys, words, hundredths) in enumerate(MOVING):
            for key in keys.split():
                picture.screen.press(key)
                steady(picture.screen)
            steady(picture.screen)
            file = picture.shoot("frame-%02d" % number, folder)
            frames += ["(", "-delay", str(hundredths), file, "-gravity", "southwest", "-background", "#204a87", "-splice", "0x26",
                       "-fill", "white", "-font", "DejaVu-Sans-Mono", "-pointsize", "15", "-annotate", "+10+5", words, ")"]
    finally:
        picture.close()
    out = os.path.join(OUT, "lamina.gif")
    subprocess.run(["convert", "-loop", "0", *frames, "+dither", "-colors", "64", "-layers", "optimize", out], check=True)
    tell(out)


def main():
    folder = tempfile.mkdtemp(prefix="lamina-pictures-")
    os.makedirs(OUT, exist_ok=True)
    display = Display()
    try:
        os.symlink(os.path.realpath(lamina.PROGRAM), folder + "/lamina")
        os.environ["PATH"] = folder + ":" + os.environ["PATH"]
        reference = prepare(folder)
        small = ["unfold-to 3", "go /usr/lib", "assign-new libraries", "down"]
        steps = list(TALL)
        steps[2:2] = ["go /usr/lib"]
        for size, light, env, plays in (((140, 40), False, {}, steps),
                                        ((140, 40), True, {}, [*small, "=light"]),
                                        ((140, 40), False, {"NO_COLOR": "1"}, [*small, "=mono"]),
                                        ((80, 24), False, {}, [*small, "=small", "assign", "=assign"])):
            shutil.rmtree(folder + "/state", ignore_errors=True)
            picture = Picture(display, folder, size, light, **env)
            try:
                play(picture, reference, plays)
            finally:
                picture.close()
        os.mkdir(folder + "/moving")
        animate(display, folder + "/moving")
    finally:
        display.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
