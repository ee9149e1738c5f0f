#!/usr/bin/env bash
# Software: pip 23.0.1 (Debian python3-pip 23.0.1+dfsg-1). Needs Debian's python3.
#
# One would expect: the RECORD of what "pip install --target deps" put there says where each file is, from deps on, as it does
# after any other installation; so a tool finds a package's files, and which package has a file.
#
# What happens: pip installs below a temporary lib/python, moves what is there into deps, scripts and data beside it too, and
# leaves the RECORD as it was. What is deps/bin/hello is listed as ../../bin/hello: outside of deps, where nothing
# or another's file is. "pip install --prefix" is right about it.
#
# Seen:
#     --target: listed ../../bin/hello ../../share/hello/data, there bin/hello share/hello/data, listed and there: no
#     --prefix: listed and there: yes
#
# Why it matters: images for functions are made with --target. Who reads RECORDs takes /bin/hello for the package's if deps
# is /opt/deps, and finds no owner for /opt/deps/bin/hello; a clean-up by RECORD removes the wrong file.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
}
changed() { echo "changed: $*"; exit 1; }
get python3-pip=23.0.1+dfsg-1
cat >wheel.py <<'END'
import base64, hashlib, zipfile
info = "hello-1.dist-info/"
files = {"hello.py": "def main(): pass\n", "hello-1.data/data/share/hello/data": "data\n",
         info + "METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1\n",
         info + "WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
         info + "entry_points.txt": "[console_scripts]\nhello = hello:main\n"}
sum = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
with zipfile.ZipFile("hello-1-py3-none-any.whl", "w") as z:
    for name, text in files.items():
        z.writestr(name, text)
    z.writestr(info + "RECORD", "".join("%s,sha256=%s,%d\n" % (n, sum(t), len(t)) for n, t in files.items()) + info + "RECORD,,\n")
END
python3 wheel.py || exit 2
pip() { HOME=$work PYTHONPATH=$work/root/usr/lib/python3/dist-packages /usr/bin/python3 -m pip "$@" >log 2>&1 || { echo "cannot install: $(tail -n 1 log)" >&2; exit 2; }; }
pip --version
grep -q '^pip 23.0.1 ' log || { echo "another pip runs" >&2; exit 2; }
pip install --no-deps --no-index --no-compile --target "$work/deps" hello-1-py3-none-any.whl
pip install --no-deps --no-index --no-compile --ignore-installed --prefix "$work/prefix" hello-1-py3-none-any.whl

outside() { cut -d, -f1 "$1/RECORD" | grep '^\.\./' | sort; }
there() { # RECORD'S FOLDER: whether all that leads out of its folder is there
    for file in $(outside "$1"); do [ -e "$1/../$file" ] || { echo no; return; }; done; echo yes
}
target=$work/deps/hello-1.dist-info prefix=$(dirname "$(find prefix -name RECORD)")
first="--target: listed $(outside "$target" | paste -sd ' '), there $(cd deps && find bin share -type f | sort | paste -sd ' '), listed and there: $(there "$target")"
second="--prefix: listed and there: $(there "$prefix")"
echo "$first"
echo "$second"
[ "$first" = "--target: listed ../../bin/hello ../../share/hello/data, there bin/hello share/hello/data, listed and there: no" ] ||
    changed "the RECORD of --target is another"
[ "$second" = "--prefix: listed and there: yes" ] || changed "the RECORD of --prefix is another"
