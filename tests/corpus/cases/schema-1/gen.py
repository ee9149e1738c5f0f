import os, sys; os.chdir(os.path.dirname(os.path.abspath(__file__))); sys.path.insert(0, "..")
from lib import *
# what registries before 2016 gave, kept in a layout
l = Layout("oci")
l.tag(l.desc({"schemaVersion": 1, "name": "a/b", "tag": "t", "architecture": "amd64", "fsLayers": [], "history": []},
             "application/vnd.docker.distribution.manifest.v1+prettyjws"), "t")
l.done()
