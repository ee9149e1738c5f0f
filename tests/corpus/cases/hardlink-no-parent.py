"""Rules_img: a hard link (and a link to it) whose folder no entry describes."""
from lib import *

def one(name, *tars, **k):
    l = Layout(name); l.tag(l.image([l.layer(t + END) for t in tars], **k), "t"); l.done()

one("oci", f(b"bin/app.repo", b"repo\n") + f(b"bin/app", b"ELF", mode=0o755) + f(b"bin/app.runfiles/_main/main.go", b"go") + ln(b"bin/app.runfiles/_repo", b"bin/app.repo") + ln(b"bin/app.runfiles/_main/app_/app", b"bin/app", mode=0o755))
