"""A service on Debian: what its image was at each of the mirror's updates, as far as the mirror still has the packages.

Of a source package the mirror has the versions of its suites: the release with its last point release, the updates
and the security updates. Their changelogs say when each was made. The first build has the oldest of each; the second
the newest of those that were there in the week after the last point release was made; the further ones are at
times between which an equal share of the later updates came.
"""
import datetime
import email.utils
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile

import builds

SUITE = "bookworm"
PACKAGES = ("python3 python3-venv gcc libc6-dev make git curl openssh-client libpq-dev libssl-dev libxml2 libxslt1.1 imagemagick "
            "ghostscript nginx-light postgresql-client").split()
COUNT = 8
LIST_INSTALLED = "dpkg-query -W -f '${Package}\\n'"


def run(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, **more)


def inside(root, line, merge=False):
    """What a line for the shell prints in the tree; merge: its errors too."""
    env = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C",
           "HOME": "/root"}
    return run("chroot", root, "/bin/sh", "-ec", line, env=env, stdout=subprocess.PIPE,
               stderr=subprocess.STDOUT if merge else None).stdout.decode("utf-8", "replace")


def stanzas(text):
    """Each version of each package that can be fetched: its fields, and the text that they stand in."""
    found = {}
    for part in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", part, re.M))
        if "Filename" not in fields:
            continue
        source = re.fullmatch(r"(\S+)(?: \((\S+)\))?", fields.get("Source", fields["Package"]))
        name = "%s_%s_%s.deb" % (fields["Package"], fields["Version"].replace(":", "%3a"), fields["Architecture"])
        found[fields["Package"], fields["Version"]] = {
            "package": fields["Package"], "version": fields["Version"], "file": name, "source": source[1],
            "source_version": source[2] or fields["Version"],
            "stanza": re.sub(r"^Filename: .*$", "Filename: ./" + name, part.strip(), flags=re.M)}
    return [found[key] for key in sorted(found)]


def changelog_day(deb):
    """The day that the package's changelog begins with; None where it has none of its own."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader, \
            tarfile.open(fileobj=reader.stdout, mode="r|") as tar:
        for entry in tar:
            if entry.isreg() and re.fullmatch(r"\./usr/share/doc/[^/]+/changelog(\.Debian)?\.gz", entry.name):
                text = gzip.decompress(tar.extractfile(entry).read()).decode("utf-8", "replace")
                if line := re.search(r"^ -- .*>  (.*)$", text, re.M):
                    reader.kill()
                    when = email.utils.parsedate_to_datetime(line[1]).astimezone(datetime.timezone.utc)
                    return when.date().isoformat()
    return None


class Mirror:
    """The packages that the images are made of, in all versions that the mirror has; kept in the cache."""

    def __init__(self, cache):
        self.cache, self.debs = cache, os.path.join(cache, "debs")
        known = os.path.join(cache, "packages.json")
        if not os.path.exists(known):
            self._fetch(known)
        with open(known, encoding="utf-8") as f:
            self.packages = json.load(f)

    def _fetch(self, known):
        root = os.path.join(self.cache, "now")
        shutil.rmtree(root, ignore_errors=True)
        run("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", SUITE, root)
        shutil.copy("/etc/resolv.conf", root + "/etc/resolv.conf")
        run("cp", "-a", "/etc/apt/apt.conf.d/.", root + "/etc/apt/apt.conf.d/")  # this machine's way to the packages
        inside(root, "apt-get -qq update")
        base = set(inside(root, LIST_INSTALLED).split())
        names = set(base)
        for wanted in (PACKAGES, ["nodejs"]):
            plan = inside(root, "apt-get -qq -s install --no-install-recommends " + " ".join(wanted))
            names.update(re.findall(r"^Inst (\S+)", plan, re.M))
        packages = stanzas(inside(root, "apt-cache show " + " ".join(sorted(names))))
        os.makedirs(self.debs, exist_ok=True)
        missing = [p for p in packages if not os.path.exists(os.path.join(self.debs, p["file"]))]
        os.makedirs(root + "/debs")
        if missing:
            inside(root, "cd /debs; apt-get -qq -o APT::Sandbox::User=root download " +
                   " ".join("%s=%s" % (p["package"], p["version"]) for p in missing))
        for p in missing:
            os.rename(os.path.join(root, "debs", p["file"]), os.path.join(self.debs, p["file"]))
        shutil.rmtree(root)
        for p in packages:
            p["base"] = p["package"] in base
        self._date(packages)
        with open(known + ".part", "w", encoding="utf-8") as out:
            json.dump(packages, out, indent=1)
        os.rename(known + ".part", known)

    def _date(self, packages):
        """Each version of a source has the day of its changelog; those of which there is one need none."""
        versions = {}
        for p in packages:
            versions.setdefault(p["source"], {}).setdefault(p["source_version"], []).append(p)
        for of in versions.values():
            for same in of.values():
                days = (changelog_day(os.path.join(self.debs, p["file"])) for p in same) if len(of) > 1 else ()
                day = next(filter(None, days), "")
                for p in same:
                    p["day"] = day

    def at(self, day):
        """The newest version of each package that was there on a day, or its oldest; day "": the oldest of all."""
        chosen = {}
        for p in sorted(self.packages, key=lambda p: p["day"]):
            if p["package"] not in chosen or p["day"] <= day:
                chosen[p["package"]] = p
        return [chosen[name] for name in sorted(chosen)]

    def release_day(self):
        """The last day on which a version was made that is the oldest of its source: from then on nothing is missing."""
        oldest = {}
        for p in self.packages:
            oldest[p["source"]] = min(oldest.get(p["source"], p["day"]), p["day"])
        return max(oldest.values())

    def offer(self, packages, folder):
        """A folder that apt takes packages from."""
        os.makedirs(folder)
        for p in packages:
            os.link(os.path.join(self.debs, p["file"]), os.path.join(folder, p["file"]))
        text = ("\n\n".join(p["stanza"] for p in packages) + "\n").encode("utf-8")
        with open(os.path.join(folder, "Packages"), "wb") as out:
            out.write(text)
        with open(os.path.join(folder, "Release"), "w", encoding="ascii") as out:
            out.write("Suite: %s\nCodename: %s\nSHA256:\n %s %d Packages\n" % (
                SUITE, SUITE, hashlib.sha256(text).hexdigest(), len(text)))


class System:
    """A tree that is made once and brought to the packages of later days, which leaves the same as making it anew does:
    what was written since is later than all of the days, and gets a build's day in its layers."""

    def __init__(self, mirror, name, copy_of=None):
        self.mirror, self.root = mirror, os.path.join(mirror.cache, name)
        shutil.rmtree(self.root, ignore_errors=True)
        if copy_of:
            run("cp", "-a", copy_of.root, self.root)
        else:
            os.makedirs(self.root)
            run("tar", "-C", self.root, "--numeric-owner", "-xf", self._base())

    def _base(self):
        """A tar of Debian's base system as it was at first; kept in the cache."""
        tar, repository = os.path.join(self.mirror.cache, "base.tar"), os.path.join(self.mirror.cache, "repository")
        if not os.path.exists(tar):
            shutil.rmtree(repository, ignore_errors=True)
            self.mirror.offer([p for p in self.mirror.at("") if p["base"]], repository)
            run("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", SUITE, tar + ".part.tar",
                "deb [trusted=yes] copy:%s ./" % repository)
            shutil.rmtree(repository)
            os.rename(tar + ".part.tar", tar)
        return tar

    def bring(self, packages, line):
        """apt, with just these packages to choose from."""
        self.mirror.offer(packages, self.root + "/repository")
        sources = self.root + "/etc/apt/sources.list"
        with open(sources, "w", encoding="ascii") as out:
            out.write("deb [trusted=yes] file:/repository ./\n")
        try:
            inside(self.root, "get() { apt-get -qq -o DPkg::Options::=--force-unsafe-io -y "
                   "--no-install-recommends \"$@\"; }; get update; get upgrade; %s; get clean; cd /var; "
                   "rm -rf lib/apt/lists/* cache/ldconfig/aux-cache log/apt/* log/*.log lib/dpkg/*-old cache/debconf/*-old"
                   % (line or ":"), merge=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit("versions: %s: %s" % (line, error.stdout.decode("utf-8", "replace")[-2000:])) from error
        shutil.rmtree(self.root + "/repository")
        with open(sources, "w", encoding="ascii"):
            pass


def week_later(day):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(7)).isoformat()


def days(mirror):
    """The day of each build."""
    first = mirror.release_day()
    later = sorted({(p["day"], p["source"]) for p in mirror.packages if p["day"] > week_later(first)})
    steps = COUNT - 2
    if len(later) < steps:
        raise SystemExit("versions: the mirror has %d updates since its last point release: too few for %d builds"
                         % (len(later), COUNT))
    return [first, week_later(first)] + [later[len(later) * n // steps - 1][0] for n in range(1, steps + 1)]


def one_build(layout, number, day, base, system):
    """base: its layer; system: the base's tree and what was installed on it."""
    work = builds.Work(layout, system[1].root, day)
    work.have([base], system[0].root)
    work.step("RUN apt-get update && apt-get upgrade -y && apt-get install -y --no-install-recommends " + " ".join(PACKAGES))
    work.put("etc/nginx/sites-enabled/app", b"server { listen 8080; location / { proxy_pass http://127.0.0.1:8000; } }\n")
    work.put("etc/app/settings.ini", b"[server]\nlisten = 127.0.0.1:8000\nworkers = 4\n")
    work.step("COPY etc /etc")
    builds.application(work, "srv/app", "py", number)
    work.step("COPY . /srv/app")
    work.tag(number, {"WorkingDir": "/srv/app", "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                      "Cmd": ["python3", "-m", "part00"]})
    for path in ("etc/nginx/sites-enabled/app", "etc/app", "srv/app"):
        run("rm", "-rf", os.path.join(work.root, path))


def build(folder):
    mirror = Mirror(os.path.join(folder, "cache"))
    layout, record, was, month = builds.Layout(os.path.join(folder, "debian")), [], set(), None
    base = System(mirror, "base")
    system = System(mirror, "system", base)
    for number, day in enumerate(days(mirror), 1):
        packages = mirror.at(day if number > 1 else "")
        system.bring(packages, "get install " + " ".join(PACKAGES))
        installed = set(inside(system.root, LIST_INSTALLED).split())
        now = {"%s %s" % (p["source"], p["source_version"]) for p in packages if p["package"] in installed}
        record.append("v%d  %s  %s" % (number, day, "; ".join(sorted(now - was)) if was else "%d sources" % len(now)))
        was = now
        print(record[-1], flush=True)
        if day[:7] != month:  # the base image is one of the month's begin
            base.bring(packages, None)
            layer, month = layout.layer(base.root, {}, builds.look(base.root), day, "ADD rootfs.tar / # debian, minbase"), day[:7]
        if "v%d" % number not in layout.tags():
            one_build(layout, number, day, layer, (base, system))
    for tree in (base, system):
        shutil.rmtree(tree.root)
    with open(os.path.join(folder, "debian.versions"), "w", encoding="utf-8") as out:
        out.write("\n".join(record) + "\n")
