"""Layers in which engines meet what the specification leaves open: CASES[NAME] is a list of layers, each a list of members of
its tar. readings.txt has what six engines made of each.
"""
from tarmake import member, plain

CAP = b"\x01\x00\x00\x02\x00 \x00\x00"+ b"\0"*12


def e(kind, name, data=b"", target=b"", mtime="1000000000", xattr=None, maj=0, min_=0, **fields):
    def octets(value):
        return value if isinstance(value, bytes) else value.encode()
    whole, _, part = str(mtime).partition(".")
    return member(plain(kind, octets(name), octets(data), octets(target), mtime_s=int(whole), mtime_ns=int(part.ljust(9, "0")),
                        dev=(maj, min_), records={b"SCHILY.xattr." + octets(k): octets(v) for k, v in (xattr or {}).items()},
                        **fields), "pax")


def f(name, data="x", **fields):
    return e("file", name, data, **fields)


def d(name, **fields):
    return e("dir", name, **fields)


def s(name, target, **fields):
    return e("symlink", name, target=target, **fields)


def l(name, target, **fields):
    return e("link", name, target=target, **fields)


def wh(name):
    folder, slash, base = name.rpartition("/")
    return e("file", folder + slash + ".wh." + base, mode=0)


def opq(folder):
    return e("file", folder + "/.wh..wh..opq", mode=0)


def base_d():
    return [d("d/", mode=0o750, uid=7, mtime=1111), f("d/a", "A"), d("d/s/", mode=0o711), f("d/s/y", "Y"), f("z", "z")]


def usr():
    return [d("usr/"), d("usr/lib/", mode=0o755), f("usr/lib/a", "a"), s("lib", "usr/lib")]


CASES = {}
# 1 whiteout of directory and re-creation
CASES["1a wh d, then dir d + new"] = [base_d(),[wh("d"),d("d/",mode=0o700,uid=9),f("d/new","n")]]
CASES["1b dir d + new, then wh d"] = [base_d(),[d("d/",mode=0o700,uid=9),f("d/new","n"),wh("d")]]
CASES["1c wh d, then only d/new (no dir entry)"] = [base_d(),[wh("d"),f("d/new","n")]]
CASES["1d d/new (no dir entry), then wh d"] = [base_d(),[f("d/new","n"),wh("d")]]
CASES["1e dir d, wh d, new"] = [base_d(),[d("d/",mode=0o700,uid=9),wh("d"),f("d/new","n")]]
CASES["1f wh d, dir d, d/s/ only"] = [base_d(),[wh("d"),d("d/",mode=0o700),d("d/s/",mode=0o755)]]
CASES["1h three layers: wh d+recreate in middle; top adds to d"] = [base_d(),[wh("d"),d("d/",mode=0o700),f("d/new","n")],[f("d/top","t")]]
# 2 whiteout of d and whiteout below
CASES["2a wh d, then wh d/a"] = [base_d(),[wh("d"),wh("d/a")]]
CASES["2b wh d/a, then wh d"] = [base_d(),[wh("d/a"),wh("d")]]
CASES["2c dir d, wh d/a, then wh d"] = [base_d(),[d("d/"),wh("d/a"),wh("d")]]
# 3 opaque
CASES["3a opq first, entries"] = [base_d(),[d("d/"),opq("d"),f("d/new","n")]]
CASES["3b entries, opq last"] = [base_d(),[d("d/"),f("d/new","n"),opq("d")]]
CASES["3c entries overwrite same name, opq last"] = [base_d(),[d("d/"),f("d/a","A2"),opq("d")]]
CASES["3d opq + wh d/a inside"] = [base_d(),[d("d/"),opq("d"),wh("d/a"),f("d/new","n")]]
CASES["3f opq without dir entry"] = [base_d(),[opq("d"),f("d/new","n")]]
CASES["3g opq before its dir entry"] = [base_d(),[opq("d"),d("d/",mode=0o700),f("d/new","n")]]
CASES["3h opq d, subdir s implied"] = [base_d(),[d("d/"),opq("d"),f("d/s/new","n")]]
CASES["3i opq of nested dir, upper dirs implied"] = [base_d(),[opq("d/s"),f("d/s/new","n")]]
CASES["3k opq in root layer 0"] = [[d("d/"),opq("d"),f("d/a","A")],[f("z","z")]]
CASES["3l opq d, wh d"] = [base_d(),[d("d/"),opq("d"),wh("d")]]
CASES["3m wh d, dir d, opq d"] = [base_d(),[wh("d"),d("d/"),opq("d"),f("d/new","n")]]
CASES["3n opq on dir that does not exist below"] = [base_d(),[opq("q"),f("q/x","x")]]
CASES["3o opq where below is a file"] = [base_d(),[opq("z"),f("z/x","x")]]
CASES["3p opq where below is a symlink to dir"] = [base_d()+[s("L","d")],[opq("L"),f("L/x","x")]]
# 4 whiteout in absent dir
CASES["4a wh in absent dir"] = [base_d(),[wh("no/such"),f("k","k")]]
CASES["4b wh in absent dir, later layer makes dir"] = [base_d(),[wh("no/such"),f("k","k")],[d("no/"),f("no/such","s")]]
CASES["4c wh of absent name"] = [base_d(),[wh("d/absent"),f("k","k")]]
CASES["4d wh below a file"] = [base_d(),[wh("z/x"),f("k","k")]]
CASES["4f layer 0 has wh"] = [[wh("gone"),f("k","k")],[f("z","z")]]
# 5 hard links
CASES["5a link other meta (mode, owner, mtime)"] = [[f("x","X",mode=0o644,uid=1,mtime=100),l("h","x",mode=0o600,uid=2,mtime=200)]]
CASES["5b link target in lower layer"] = [[f("x","X")],[l("h","x")]]
CASES["5c link to symlink"] = [[s("s","nowhere",uid=5),l("h","s")]]
CASES["5d link to symlink to existing file"] = [[f("x","X"),s("s","x"),l("h","s")]]
CASES["5e link with other xattr"] = [[f("x","X",xattr={"user.a":"1"}),l("h","x",xattr={"user.b":"2"})]]
CASES["5f link to dir"] = [[d("dd/"),l("h","dd"),f("z","z")]]
CASES["5g link through symlinked dir"] = [[d("r/"),f("r/x","X"),s("q","r"),l("h","q/x")]]
CASES["5h link then file replaced in upper"] = [[f("x","X"),l("h","x")],[f("x","N")]]
CASES["5j link to itself"] = [[f("x","X"),l("x","x"),f("z","z")]]
CASES["5k link to device"] = [[e("char","c",maj=1,min_=3),l("h","c")]]
CASES["5l link to fifo"] = [[e("fifo","c"),l("h","c")]]
CASES["5m link with mtime ns"] = [[f("x","X",mtime="100.5"),l("h","x",mtime="200.25")]]
CASES["5n link entry with data size"] = [[f("x","X"),e("link","h",data="",target="x",mode=0o644)]]
CASES["5o link target lower, same layer also has the file in other place"] = [[d("a/"),f("a/x","X")],[d("b/"),f("b/x","X"),l("c","b/x")]]
# 6 file replaced by implied dir
CASES["6a file -> implied dir"] = [base_d(),[f("z/x","x")]]
CASES["6b symlink to dir -> implied dir"] = [base_d()+[s("L","d")],[f("L/x","x")]]
CASES["6c dangling symlink -> implied dir"] = [base_d()+[s("L","nowhere")],[f("L/x","x")]]
CASES["6d absolute symlink -> implied dir"] = [base_d()+[s("L","/d")],[f("L/x","x")]]
CASES["6e same layer: symlink then entry through it"] = [[d("t/"),s("L","t"),f("L/x","x")]]
CASES["6f same layer: file then deeper"] = [[f("p","p"),f("p/x","x"),f("z","z")]]
# 7 dir entry over symlink
CASES["7a lib/x/ over lib->usr/lib"] = [usr(),[d("lib/x/"),f("lib/x/f","F")]]
CASES["7b lib/ itself and lib/x/"] = [usr(),[d("lib/"),d("lib/x/"),f("lib/x/f","F")]]
CASES["7c lib (no slash) dir and lib/x"] = [usr(),[d("lib"),d("lib/x"),f("lib/x/f","F")]]
CASES["7d lib/ same layer after symlink"] = [usr()+[d("lib/",mode=0o700,uid=3),f("lib/b","b")]]
CASES["7e lib (no slash) same layer after symlink"] = [usr()+[d("lib",mode=0o700,uid=3),f("lib/b","b")]]
CASES["7f ./lib/ over"] = [usr(),[d("./"),d("./lib/"),f("./lib/b","b")]]
# 8 xattrs
CASES["8a user xattr on file, dir"] = [[d("d/",xattr={"user.k":"v"}),f("d/f","x",xattr={"user.k":"v2"})]]
CASES["8b security.capability file"] = [[f("ping","x",mode=0o755,xattr={"security.capability":CAP})]]
CASES["8c trusted.overlay.opaque=y on dir in upper layer"] = [base_d(),[d("d/",xattr={"trusted.overlay.opaque":"y"}),f("d/new","n")]]
CASES["8d user.overlay.opaque=y on dir in upper layer"] = [base_d(),[d("d/",xattr={"user.overlay.opaque":"y"}),f("d/new","n")]]
CASES["8e trusted.foo"] = [[f("f","x",xattr={"trusted.foo":"1"})]]
CASES["8f security.capability then chown order; uid 1000 with cap"] = [[f("ping","x",mode=0o4755,uid=1000,xattr={"security.capability":CAP})]]
CASES["8g empty xattr value"] = [[f("f","x",xattr={"user.e":""})]]
CASES["8h xattr with NUL and newline"] = [[f("f","x",xattr={"user.e":b"a\0b\n=c"})]]
CASES["8j implied dir in upper over lower dir with xattr"] = [[d("d/",mode=0o700,uid=4,xattr={"user.k":"v"}),f("d/a","a")],[f("d/b","b")]]
CASES["8k trusted.overlay.redirect? other overlay xattr metacopy-free: trusted.overlay.origin"] = [[f("f","x",xattr={"trusted.overlay.origin":"zz"})]]
CASES["8l system.posix_acl_access via SCHILY.xattr"] = [[f("f","x",mode=0o640,xattr={"system.posix_acl_access":b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x04\0\xe8\x03\0\0\x04\0\x04\0\xff\xff\xff\xff\x10\0\x04\0\xff\xff\xff\xff \0\0\0\xff\xff\xff\xff"})]]
# 9 char 0:0
CASES["9a char 0:0 over lower file"] = [base_d(),[e("char","z",maj=0,min_=0),f("k","k")]]
CASES["9b char 0:0 over nothing"] = [base_d(),[e("char","nul",maj=0,min_=0)]]
CASES["9c char 0:0 in layer 0"] = [[e("char","nul",maj=0,min_=0),f("k","k")],[f("z","z")]]
CASES["9d char 0:0 over lower dir"] = [base_d(),[e("char","d",maj=0,min_=0)]]
CASES["9e char 1:3 and block"] = [[e("char","null",maj=1,min_=3,mode=0o666),e("block","sd",maj=8,min_=1)]]
CASES["9f single layer char 0:0"] = [[e("char","nul",maj=0,min_=0),f("k","k")]]
# 10 duplicates
CASES["10a dup file"] = [[f("a","1",mode=0o600),f("a","22",mode=0o644)]]
CASES["10b dup dir other meta"] = [[d("d/",mode=0o700,uid=1),f("d/x"),d("d/",mode=0o755,uid=2)]]
CASES["10c file then symlink same name"] = [[f("a","1"),s("a","z"),f("z","z")]]
CASES["10d symlink then file same name"] = [[s("a","z"),f("z","z"),f("a","1")]]
CASES["10e dir with content then file"] = [[d("d/"),f("d/x"),f("d","now file")]]
CASES["10f file then dir"] = [[f("d","file"),d("d/"),f("d/x","x")]]
CASES["10g same name ./a and a"] = [[f("a","1"),f("./a","22")]]
CASES["10h dup across a//b"] = [[d("a/"),f("a/b","1"),f("a//b","22")]]
CASES["10i file then whiteout"] = [base_d(),[f("z","new"),wh("z")]]
CASES["10j whiteout then file"] = [base_d(),[wh("z"),f("z","new")]]
CASES["10k file then whiteout, not below"] = [base_d(),[f("nu","new"),wh("nu")]]
CASES["10m dup dir identical"] = [[d("d/"),f("d/x","x"),d("d/")]]
CASES["10n dup root ./"] = [[d("./"),f("a","a"),d("./")]]
