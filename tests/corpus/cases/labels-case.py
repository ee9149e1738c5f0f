"""Red Hat's build system sets LABEL Name= and name=, Version= and version=; VOLUME /Data and /data; annotations too. Keys of JSON maps: Go minds case there."""
from lib import *


def one(name, cfg=None, man=None, tag=None):
    l = Layout(name)
    m = l.image([l.layer(d(b"./") + BASE + END), l.layer(f(b"opt/b", b"b") + END)], config=cfg, manifest=man)
    l.tag(m, "t", **(tag or {}))
    l.done()
    l.archive(name + ".tar")


one(
    "labels",
    {
        "config": {
            "Cmd": ["/bin/sh"],
            "Labels": {
                "Name": "team/app",
                "name": "team/app",
                "Version": "1",
                "version": "1.0",
                "Release": "3",
                "release": "3",
            },
        }
    },
)
one("volumes", {"config": {"Volumes": {"/Data": {}, "/data": {}}}})
one("annotations", None, {"annotations": {"com.example.Build": "1", "com.example.build": "2"}})
one("index-annotations", None, None, {"annotations": {"com.example.Build": "1", "com.example.build": "2"}})
t = [d(b"./") + BASE + END]
docker_tar("save.tar", [(["team/app:1"], config(t, config={"Labels": {"Name": "team/app", "name": "team/app"}}), t)])
