#!/usr/bin/env python3
"""Who may read and write in registries, and that what they say to get in goes nowhere else."""
import base64
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
from registries import DebianRegistry, Proxy, Registry, certificates  # noqa: E402
from registrycase import FLAT, INSECURE, one_moved, run_cases  # noqa: E402


def tls_and_basic(case):
    """TLS with a CA of its own, and a login by name and password."""
    image, tls = case.image(3), os.path.join(case.scratch, "tls")
    certificates(tls)
    htpasswd, certs = os.path.join(case.scratch, "htpasswd"), os.path.join(case.scratch, "certs")
    subprocess.run(["htpasswd", "-B", "-b", "-C", "4", "-c", htpasswd, "user", "pass-word-42"], check=True, capture_output=True)
    os.mkdir(certs)
    shutil.copy(os.path.join(tls, "ca.crt"), certs)
    r = case.start(DebianRegistry(os.path.join(case.scratch, "registry"), tls=tls, htpasswd=htpasswd))
    there, trust, secrets = "docker://%s/team/app:t" % r.host, "--cert-dir=" + certs, ("pass-word-42", "dXNlcjpwYXNzLXdvcmQtNDI=")
    plan, login = json.dumps(FLAT).encode(), case.auth_file(**{r.host: "user:pass-word-42"})
    assert b"certificate" in case.run("ls", there, exits=(3,)).stderr
    assert b"log in" in case.run("ls", trust, there, exits=(3,)).stderr
    case.run("apply", trust, "-", image, there, stdin=plan, env=login, secrets=secrets)
    case.run("diff", trust, image, there, env=login, secrets=secrets)
    case.run("diff", INSECURE, image, there, env=login, secrets=secrets)
    by_host = os.path.join(case.scratch, "config", "containers", "certs.d")
    os.makedirs(by_host)
    shutil.copytree(certs, os.path.join(by_host, r.host))
    case.run("diff", image, there, env={**login, "XDG_CONFIG_HOME": os.path.join(case.scratch, "config")}, secrets=secrets)
    wrong = case.auth_file(**{r.host: "user:pass-word-43"})
    assert b"refuses the login from" in case.run("ls", trust, there, env=wrong, exits=(3,), secrets=("pass-word-43",)).stderr
    assert case.run("apply", trust, "-", image, there, stdin=plan, env=wrong, exits=(5,), secrets=("pass-word-43",))


def tokens(case):
    """Tokens in all the ways that they are given."""
    for how in ({}, {"token_key": "access_token"}, {"says_service": False}, {"says_scope": False}, {"expires": 1}, {"realm": "/token"},
                {"user": None}):
        r = case.registry(auth="token", **how)
        env = {} if how.get("user", 1) is None else case.auth_file(**{r.host: "user:pass-word-42"})
        case.forget_cache()
        case.apply(FLAT, r.reference("team/app"), r.reference("out/app"), env=env, secrets=("pass-word-42", "token-"))
        case.same(r.reference("out/app"), "oci:%s:t" % case.layout, env=env)
    r = case.registry(auth="token", user=None)
    case.apply(one_moved(4), r.reference("team/app"), r.reference("out/app"))
    asked = [s[1] for s in r.requests("GET", "/token") if "out%2Fapp" in s[1] and "team%2Fapp" in s[1]]
    assert asked and len(r.requests("POST", "mount=")) >= 3, "a mount needs both scopes"
    r = case.registry(auth="token", identity="identity-42", user="nobody")
    env = case.auth_file(**{r.host: {"identitytoken": "identity-42"}})
    case.run("ls", INSECURE, r.reference("team/app"), env=env)
    r = case.registry(auth="token", user=None, token_tail="\r\nX-More: 1")
    done = case.run("ls", INSECURE, r.reference("team/app"), exits=(3,))
    assert b"gives no token" in done.stderr, done.stderr
    r = case.registry(auth="token")
    for says in ({}, case.auth_file(**{r.host: "user:wrong-word"})):
        done = case.run("ls", INSECURE, r.reference("team/app"), env=says, exits=(3,), secrets=("wrong-word",))
        assert b"log in" in done.stderr, done.stderr


def renewed(case):
    """A token that is refused in the middle of an upload is renewed, and the request made again."""
    for more in ({}, {"chunk_least": 1 << 14}):
        r = case.registry(auth="token", spoils_upload=2, **more)
        env = case.auth_file(**{r.host: "user:pass-word-42"})
        case.apply(FLAT, "oci:%s:t" % case.layout, r.reference("out/app"), env=env)
        assert r.spoils_upload == 0
        case.same(r.reference("out/app"), "oci:%s:t" % case.layout, env=env)


def places_of_logins(case):
    """Each place that a login can be in; the entry of the longest part of the name wins."""
    r = case.registry(auth="basic")
    right, wrong = {"auth": base64.b64encode(b"user:pass-word-42").decode()}, {"auth": base64.b64encode(b"user:wrong").decode()}
    home, there = os.path.join(case.scratch, "home"), r.reference("team/app")
    none = {"REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": home + "/run", "XDG_CONFIG_HOME": home + "/config", "DOCKER_CONFIG": "", "HOME": home}

    def put(path, document):
        path = os.path.join(home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            json.dump(document, f)
        return path
    for path in ("run/containers/auth.json", "config/containers/auth.json", ".docker/config.json"):
        put(path, {"auths": {r.host: right}})
        case.run("ls", INSECURE, there, env=none)
        shutil.rmtree(home)
    put(".dockercfg", {r.host: right})
    case.run("ls", INSECURE, there, env=none)
    shutil.rmtree(home)
    case.run("ls", INSECURE, there, env=none, exits=(3,))
    case.run("ls", INSECURE, there, env={**none, "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"https://%s/v1/" % r.host: right}})})
    put(".docker/config.json", {"auths": {r.host: wrong, r.host + "/team": right, r.host + "/team/other": wrong}})
    case.run("ls", INSECURE, there, env=none)
    put(".docker/config.json", {"auths": {r.host: right, r.host + "/team/app": wrong}})
    case.run("ls", INSECURE, there, env=none, exits=(3,))
    programs = os.path.join(home, "bin")
    os.makedirs(programs)
    with open(os.path.join(programs, "docker-credential-test"), "w") as f:
        f.write('#!/bin/sh\nread -r server\n[ "$1" = get ] && [ "$server" = "%s" ] || { echo credentials not found; exit 1; }\n'
                'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"user\\",\\"Secret\\":\\"pass-word-42\\"}"\n' % r.host)
    os.chmod(os.path.join(programs, "docker-credential-test"), 0o755)
    with_programs = {**none, "PATH": programs + ":" + os.environ["PATH"]}
    for document in ({"credHelpers": {r.host: "test"}, "credsStore": "missing"}, {"auths": {r.host: {}}, "credsStore": "test"}):
        put(".docker/config.json", document)
        case.run("ls", INSECURE, there, env=with_programs, secrets=("pass-word-42",))
    put(".docker/config.json", {"credsStore": "missing"})
    assert b"docker-credential-missing" in case.run("ls", INSECURE, there, env=with_programs, exits=(3,)).stderr
    with open(os.path.join(home, ".docker/config.json"), "w") as f:
        f.write('{"auths": {"a": {"auth": "c2VjcmV0LTQy')
    case.run("ls", INSECURE, there, env=none, exits=(3,), secrets=("c2VjcmV0LTQy",))


def secrets_stay(case):
    """A login goes to its own host alone, and into no message."""
    other = case.registry()
    r = case.registry(auth="token", redirect="http://" + other.host)
    env = case.auth_file(**{r.host: "user:pass-word-42"})
    case.run("ls", INSECURE, r.reference("team/app"), env=env, secrets=("presigned-42",))
    assert other.requests("GET", "/blobs/"), "nothing was redirected"
    for s in other.seen:
        assert "Authorization" not in s[2], "the other host has seen it: %r" % (s,)
    case.forget_cache()
    other.blobs.clear()
    case.run("ls", INSECURE, r.reference("team/app"), env=env, exits=(3,), secrets=("presigned-42", "token-", "pass-word-42"))
    other.auth = "token"
    case.run("ls", INSECURE, r.reference("team/app"), env=env, exits=(3,), secrets=("presigned-42", "token-", "pass-word-42"))
    assert not other.requests(part="/token"), "another host's challenge is listened to"
    r = case.registry(auth="basic", echo=True, manifests={})
    env = case.auth_file(**{r.host: "user:pass-word-42"})
    for args in (("ls", INSECURE, r.reference("team/app")), ("ls", INSECURE, r.reference("team/nope"))):
        case.run(*args, env=env, exits=(3,), secrets=("pass-word-42", "dXNlcjpwYXNzLXdvcmQtNDI="))
    tls = os.path.join(case.scratch, "tls")
    certificates(tls)
    plain = case.registry(auth="token")
    secure = case.start(Registry(tls=tls))
    secure.load(case.layout, "team/app")
    secure.auth, secure.realm = "token", "http://%s/token" % plain.host
    done = case.run("ls", "--cert-dir", tls_folder(case, tls), secure.reference("team/app"), env=case.auth_file(**{secure.host: "user:pass-word-42"}),
                    exits=(3,))
    assert b"without TLS" in done.stderr and not plain.seen, done.stderr
    secure.auth, secure.redirect = None, "http://" + plain.host
    plain.auth = None
    done = case.run("ls", "--cert-dir", tls_folder(case, tls), secure.reference("team/app"), exits=(3,))
    assert b"https to http" in done.stderr and not plain.seen, done.stderr


def elsewhere(case):
    """What a manifest says is elsewhere is not fetched from there, and nobody there is told anything."""
    other = case.registry()
    r = case.registry(auth="basic")
    env = case.auth_file(**{r.host: "user:pass-word-42", other.host: "user:pass-word-42"})
    media_type, body = r.manifests["team/app"]["t"]
    for foreign in (False, True):
        manifest = json.loads(body)
        layer = manifest["layers"][1]
        layer["urls"] = ["http://user:pass-word-42@%s/v2/team/app/blobs/%s" % (other.host, layer["digest"])]
        if foreign:
            layer["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
            del r.blobs["team/app"][layer["digest"]]
        r.put("team/app", "urls", media_type, json.dumps(manifest).encode())
        case.forget_cache()
        shown = json.loads(case.run("inspect", INSECURE, "--json", r.reference("team/app", "urls"), env=env, secrets=("pass-word-42",)).stdout)
        assert [i for i, one in enumerate(shown["layers"]) if one.get("missing")] == ([1] if foreign else []), shown["layers"]
    done = case.apply(FLAT, r.reference("team/app", "urls"), r.reference("out/app"), env=env, exits=(3, 4), secrets=("pass-word-42",))
    assert b"layer 1" in done.stderr and not other.seen, (done.stderr, other.seen)


def proxies(case):
    """Those of the environment are gone through, and see neither a login nor what it is for; theirs is told to nobody."""
    tls = os.path.join(case.scratch, "tls")
    certificates(tls)
    r, proxy = case.start(Registry(tls=tls)), case.start(Proxy())
    case.image(2)
    r.load(case.layout, "team/app")
    r.auth = "token"
    trust, env = ("--cert-dir", tls_folder(case, tls)), case.auth_file(**{r.host: "user:pass-word-42"})
    there, through = r.reference("team/app"), "http://proxy-user:proxy-word-42@%s" % proxy.host
    for key in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        proxy.seen.clear()
        case.forget_cache()
        case.run("ls", *trust, there, env={**env, key: through}, secrets=("pass-word-42", "proxy-word-42"))
        assert proxy.seen and all(where == r.host for where, _ in proxy.seen), proxy.seen
        for _, headers in proxy.seen:
            assert "Authorization" not in headers and "Proxy-Authorization" in headers, headers
    assert not [s for s in r.seen if "Proxy-Authorization" in s[2]], "the registry sees the proxy's login"
    proxy.seen.clear()
    case.forget_cache()
    case.run("ls", *trust, there, env={**env, "https_proxy": through, "NO_PROXY": "127.0.0.1"})
    assert not proxy.seen, "what is to be reached without a proxy is not"
    done = case.run("ls", *trust, there, env={**env, "https_proxy": "http://proxy-user:proxy-word-42@127.0.0.1:1"}, exits=(3,),
                    secrets=("pass-word-42", "proxy-word-42"))
    assert b"127.0.0.1" in done.stderr and done.stderr.count(b"\n") == 1, done.stderr


def tls_folder(case, tls):
    folder = os.path.join(case.scratch, "trusted")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(tls, "ca.crt"), folder)
    return folder


CASES = (tls_and_basic, tokens, renewed, places_of_logins, secrets_stay, elsewhere, proxies)


if __name__ == "__main__":
    sys.exit(run_cases("logins", CASES))
