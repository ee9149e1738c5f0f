"""nix2container 57, jib 534, image-spec 872: a base without history, then steps that have one: fewer entries than layers. Docker loads it."""
from lib import *


def one(name, n, hist):
    l = Layout(name)
    ls = [l.layer(d(b"./") + BASE + END)] + [l.layer(d(b"opt/") + f(b"opt/n%d" % i, b"x%d" % i) + END) for i in range(1, n)]
    l.tag(l.image(ls, config={"history": hist}), "t")
    l.done()


E = {"created_by": "ENV A=b", "empty_layer": True}
one("nix-base", 4, [{"created_by": "COPY app /app"}])
one("spec-example", 2, [{"created_by": "ADD file:a in /"}, {"created_by": 'CMD ["sh"]', "empty_layer": True}])
one("long", 2, [{"created_by": "a"}, {"created_by": "b"}, {"created_by": "c"}])
