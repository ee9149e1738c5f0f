"""A service on Node.js: its npm packages as they really went, every two weeks, on Debian's Node.js.

A build has the lock file of the one before it with some packages bumped, as a bot that keeps dependencies new does
it: what these need comes along, all else stays. What was published after a build's day is not there for it.
"""
import json
import os
import shutil
import subprocess

import builds
import debian_builds

SERIES = (
    ("2026-07-13", {"express": "5.2.1", "axios": "1.18.1", "lodash": "4.18.1", "pg": "8.22.0", "zod": "4.4.3",
                    "ioredis": "5.11.1", "@aws-sdk/client-s3": "3.1086.0", "sharp": "0.35.3", "date-fns": "4.4.0",
                    "socket.io": "4.8.3", "pino": "10.3.1", "@sentry/node": "10.65.0", "mongodb": "7.5.0",
                    "stripe": "22.3.1", "react": "19.2.7", "react-dom": "19.2.7"}),
    ("2026-07-27", {"@aws-sdk/client-s3": "3.1095.0", "@sentry/node": "10.68.0", "react": "19.2.8", "react-dom": "19.2.8",
                    "stripe": "22.3.2"}),
    ("2026-08-10", {"@aws-sdk/client-s3": "3.1106.0", "@sentry/node": "10.69.0", "axios": "1.19.0", "pg": "8.23.0",
                    "stripe": "22.4.0"}),
    ("2026-08-24", {"@aws-sdk/client-s3": "3.1116.0", "@sentry/node": "10.70.0", "stripe": "22.5.0"}),
    ("2026-09-07", {"@aws-sdk/client-s3": "3.1127.0", "@sentry/node": "10.73.0", "axios": "1.20.0", "sharp": "0.35.4",
                    "mongodb": "7.6.0", "zod": "4.5.4", "stripe": "22.6.1"}),
    ("2026-09-21", {"@aws-sdk/client-s3": "3.1136.0", "@sentry/node": "10.75.0", "react": "19.3.0", "react-dom": "19.3.0",
                    "zod": "4.6.5", "stripe": "22.6.2"}),
    ("2026-10-05", {"@aws-sdk/client-s3": "3.1146.0", "@sentry/node": "10.76.0", "sharp": "0.35.5", "pg": "8.23.1",
                    "mongodb": "7.7.0", "socket.io": "4.8.4", "pino": "10.4.0"}),
    ("2026-10-19", {"@aws-sdk/client-s3": "3.1152.0", "@sentry/node": "10.76.2", "express": "5.3.0", "react": "19.3.1",
                    "react-dom": "19.3.1", "zod": "4.6.7"}),
)
NPM = ("npm", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--omit-lockfile-registry-resolved",
       "--prefer-offline")


def npm(cache, folder, *words):
    debian_builds.run(*NPM, "--cache", os.path.join(cache, "npm"), *words, cwd=folder, stdout=subprocess.DEVNULL)


def locked(cache, number):
    """The folder with the package.json and the lock file of a build; kept in the cache."""
    place = os.path.join(cache, "locks", "v%d" % number)
    if os.path.exists(os.path.join(place, "package-lock.json")):
        return place
    day, bumped = SERIES[number - 1]
    part = place + ".part"
    shutil.rmtree(part, ignore_errors=True)
    if number > 1:
        shutil.copytree(locked(cache, number - 1), part)
    else:
        os.makedirs(part)
        with open(os.path.join(part, "package.json"), "w", encoding="ascii") as out:
            json.dump({"name": "service", "version": "1.0.0", "private": True}, out)
    npm(cache, part, "install", "--package-lock-only", "--save-exact", "--before=%sT23:59:59Z" % day,
        *("%s@%s" % item for item in bumped.items()))
    os.rename(part, place)
    return place


def versions_of(place):
    """Each package of a lock file that is installed here: a line of its own."""
    with open(os.path.join(place, "package-lock.json"), encoding="utf-8") as f:
        packages = json.load(f)["packages"]
    return {"%s %s" % (at.rpartition("node_modules/")[2], p["version"]) for at, p in packages.items()
            if at and not p.get("optional")}


def one_build(layout, number, place, layers, system):
    """layers: those of Node.js on Debian; system: its tree."""
    work = builds.Work(layout, system.root, SERIES[number - 1][0])
    work.have(layers, system.root)
    for name in ("package.json", "package-lock.json"):
        with open(os.path.join(place, name), "rb") as f:
            work.put("srv/app/" + name, f.read())
    work.step("COPY package.json package-lock.json ./")
    npm(system.mirror.cache, os.path.join(work.root, "srv/app"), "ci", "--omit=dev")
    work.step("RUN npm ci --omit=dev")
    builds.application(work, "srv/app/src", "js", number)
    work.step("COPY . .")
    work.tag(number, {"WorkingDir": "/srv/app", "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "NODE_ENV=production"],
                      "Cmd": ["node", "src/part00/module000.js"]})
    shutil.rmtree(os.path.join(work.root, "srv/app"))


def base_layers(layout, base, system, day):
    work = builds.Work(layout, base.root, day)
    work.step("ADD rootfs.tar / # debian, minbase")
    work.root = system.root
    work.step("RUN apt-get update && apt-get upgrade -y && apt-get install -y --no-install-recommends nodejs")
    return work.layers


def build(folder):
    mirror = debian_builds.Mirror(os.path.join(folder, "cache"))
    layout, was, record, month = builds.Layout(os.path.join(folder, "node")), set(), [], None
    base = debian_builds.System(mirror, "node-base")
    system = debian_builds.System(mirror, "node-system", base)
    for number, (day, bumped) in enumerate(SERIES, 1):
        place = locked(mirror.cache, number)
        now = versions_of(place)
        record.append("v%d  %s  %d of %d packages new: %s" % (
            number, day, len(now - was), len(now), ", ".join("%s %s" % item for item in bumped.items())))
        was = now
        print(record[-1], flush=True)
        if day[:7] != month:  # the image of Node.js is one of the month's begin
            base.bring(mirror.at(day), None)
            system.bring(mirror.at(day), "get install nodejs")
            layers, month = base_layers(layout, base, system, day), day[:7]
        if "v%d" % number not in layout.tags():
            one_build(layout, number, place, layers, system)
    for tree in (base, system):
        shutil.rmtree(tree.root)
    with open(os.path.join(folder, "node.versions"), "w", encoding="utf-8") as out:
        out.write("\n".join(record) + "\n")
