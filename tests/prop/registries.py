"""Registries for tests, on the loopback: Debian's docker-registry, and one of our own that can be as difficult as a test
wants it (class Registry, whose attributes say how)."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

def digest(blob):
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificates(folder):
    """A CA of its own, and what it signed for 127.0.0.1: ca.crt, server.crt, server.key."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    os.makedirs(folder, exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test CA", "-keyout", "ca.key",
            "-out", "ca.crt", "-days", "30")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "server.key",
            "-out", "server.csr")
    with open(os.path.join(folder, "ext"), "w") as f:
        f.write("subjectAltName=IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext", "-out",
            "server.crt", "-days", "30")


class DebianRegistry:
    """docker-registry on a free port; its log tells the requests."""

    def __init__(self, folder, tls=None, htpasswd=None, read_only=False):
        os.makedirs(folder, exist_ok=True)
        self.port = free_port()
        self.host = "127.0.0.1:%d" % self.port
        self.log = os.path.join(folder, "log")
        config = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "data")}},
                  "http": {"addr": self.host}}
        if tls:
            config["http"]["tls"] = {"certificate": os.path.join(tls, "server.crt"), "key": os.path.join(tls, "server.key")}
        if read_only:
            config["storage"]["maintenance"] = {"readonly": {"enabled": True}}
        if htpasswd:
            config["auth"] = {"htpasswd": {"realm": "test", "path": htpasswd}}
        with open(os.path.join(folder, "config.yml"), "w") as f:
            json.dump(config, f)  # which is YAML too
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", os.path.join(folder, "config.yml")], stdout=log, stderr=log)
        for _ in range(600):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("docker-registry does not start: " + open(self.log).read())

    def requests(self):
        """[(method, path, status)] so far."""
        with open(self.log, errors="replace") as f:
            return [(m, p, int(s)) for m, p, s in re.findall(r'"([A-Z]+) (/v2/[^ "]*) HTTP/[0-9.]+" (\d+)', f.read())]

    def manifest(self, name, tag):
        """(media type, bytes), or (None, None)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/v2/%s/manifests/%s" % (name, tag), headers={
            "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
                      "application/vnd.oci.image.index.v1+json"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return (answer.headers["Content-Type"], body) if answer.status == 200 else (None, None)

    def put_manifest(self, name, tag, media_type, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("PUT", "/v2/%s/manifests/%s" % (name, tag), body=body, headers={"Content-Type": media_type})
        assert connection.getresponse().status == 201
        connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Registry(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.host = "127.0.0.1:%d" % self.server_address[1]
        self.scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(tls, "server.crt"), os.path.join(tls, "server.key"))
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.lock = threading.Lock()
        self.blobs, self.manifests, self.uploads, self.tokens = {}, {}, {}, {}
        self.seen = []            # (method, path, headers, bytes in, bytes out), of those that have ended
        self.begun = []           # (method, path)
        # How difficult it is:
        self.auth = None          # None, "basic", "token"
        self.user, self.password, self.identity = "user", "pass-word-42", None
        self.token_key, self.expires, self.says_service, self.says_scope = "token", 300, True, True
        self.realm = None         # of tokens; None: its own
        self.token_tail = ""      # said behind each token
        self.spoils_upload = 0    # so many uploads are answered by 401, and all tokens are forgotten
        self.cuts = 0             # so many blobs are cut in the middle
        self.ranges = True
        self.free = 0             # so many requests are answered as ever, and then:
        self.busy = 0             # so many requests are answered by 429
        self.busy_token = False   # those for tokens, too
        self.busy_status, self.retry_after = 429, "1"
        self.redirect = None      # where blobs are sent to
        self.relative = False     # Location
        self.mounts = 201
        self.chunk_least = None
        self.largest = None       # body; more is 413
        self.spoils_blobs = False
        self.changes = None       # manifests that are given in turn, whatever was written
        self.rival = None         # (tag, media type, bytes) that somebody else puts, right after a manifest is put by its digest
        self.slow = 0             # seconds before each piece of a blob, either way
        self.full = False         # what is sent is answered by 500
        self.stalls = None        # digest of a blob of which nothing comes
        self.referrers = None     # artifacts in a page of /referrers/; None: it has no such list
        self.tags = "spec"        # how it lists them: "spec", "token" (it knows no `last`, and pages by a mark of its own), None (not at all)
        self.echo = False         # errors repeat what they were asked with
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients that went away are what some tests are about

    def stop(self):
        self.shutdown()
        self.server_close()

    def reference(self, name, tag="t"):
        return "docker://%s/%s:%s" % (self.host, name, tag)

    def load(self, layout, name, tag="t"):
        """The first image of an OCI layout."""
        def blob(d):
            with open(os.path.join(layout, "blobs", *d.split(":")), "rb") as f:
                return f.read()
        with open(os.path.join(layout, "index.json")) as f:
            entry = json.load(f)["manifests"][0]
        body = blob(entry["digest"])
        manifest = json.loads(body)
        kept = self.blobs.setdefault(name, {})
        for d in [manifest["config"]] + manifest["layers"]:
            kept[d["digest"]] = blob(d["digest"])
        self.put(name, tag, entry["mediaType"], body)
        return manifest

    def put(self, name, tag, media_type, body):
        kept = self.manifests.setdefault(name, {})
        kept[digest(body)] = (media_type, body)
        if tag:
            kept[tag] = (media_type, body)

    def requests(self, method=None, part=""):
        return [s for s in self.seen if (not method or s[0] == method) and part in s[1]]

    def forget(self):
        self.seen, self.begun = [], []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def log_message(self, *args):
        pass

    def handle_expect_100(self):
        super().handle_expect_100()
        self.wfile.flush()
        return True

    # Answers

    def answer(self, status, body=b"", headers=(), media_type="application/json"):
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.out += len(body)

    def fail(self, status, code, headers=()):
        message = code.lower()
        if self.server.echo:
            message += " " + self.headers.get("Authorization", "") + " " + self.server.password
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), headers)

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline(), 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body
        left, body = int(self.headers.get("Content-Length") or 0), b""
        while self.server.slow and left > len(body):
            time.sleep(self.server.slow)
            piece = self.rfile.read(min(left - len(body), 1 << 14))
            if not piece:
                break
            body += piece
        return body or self.rfile.read(left)

    # Who may

    def challenge(self, scope):
        s = self.server
        if s.auth == "basic":
            return 'Basic realm="test"'
        text = 'Bearer realm="%s"' % (s.realm or "%s://%s/token" % (s.scheme, s.host))
        if s.says_service:
            text += ',service="the registry"'
        if s.says_scope:
            text += ',scope="%s"' % scope
        return text

    def may(self, scopes):
        s, given = self.server, self.headers.get("Authorization", "")
        if not s.auth:
            return True
        if s.auth == "basic":
            return given == "Basic " + base64.b64encode(("%s:%s" % (s.user, s.password)).encode()).decode()
        with s.lock:
            allowed, end = s.tokens.get(given.replace("Bearer ", ""), ((), 0))
        return time.monotonic() < end and all(any(self.covers(a, scope) for a in allowed) for scope in scopes)

    @staticmethod
    def covers(have, want):
        have_name, have_actions = have.rsplit(":", 1)
        want_name, want_actions = want.rsplit(":", 1)
        return have_name == want_name and set(want_actions.split(",")) <= set(have_actions.split(","))

    def token(self, query):
        s = self.server
        given = self.headers.get("Authorization", "")
        if self.command == "POST":
            form = urllib.parse.parse_qs(self.body.decode())
            right = form.get("refresh_token") == [s.identity] and form.get("grant_type") == ["refresh_token"]
            scopes = form.get("scope", [""])[0].split()
        else:
            scopes = [one for text in query.get("scope", []) for one in text.split()]
            right = given == "Basic " + base64.b64encode(("%s:%s" % (s.user, s.password)).encode()).decode() if s.user else True
        if not right:
            return self.fail(401, "UNAUTHORIZED")
        token = "token-" + os.urandom(12).hex()
        with s.lock:
            s.tokens[token] = (scopes, time.monotonic() + s.expires)
        return self.answer(200, json.dumps({s.token_key: token + s.token_tail, "expires_in": s.expires}).encode())

    # Requests

    def handle_any(self):
        s, self.out = self.server, 0
        s.begun.append((self.command, self.path))
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        large = s.largest is not None and int(self.headers.get("Content-Length") or 0) > s.largest
        self.body = b"" if large else self.read_body()
        try:
            if large:
                self.close_connection = True
                self.fail(413, "TOO_LARGE")
            else:
                self.route(url.path, query)
        finally:
            with s.lock:
                s.seen.append((self.command, self.path, dict(self.headers), len(self.body), self.out))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def route(self, path, query):
        s = self.server
        if path == "/token" and not s.busy_token:
            return self.token(query)
        with s.lock:
            free, s.free = s.free, max(0, s.free - 1)
            busy = 0 if free else s.busy
            s.busy -= min(1, busy)
        if busy:
            return self.fail(s.busy_status, "TOOMANYREQUESTS", [("Retry-After", s.retry_after)] if s.retry_after else [])
        if path == "/token":
            return self.token(query)
        found = re.match(r"/v2/(.+)/(manifests|blobs/uploads|blobs|referrers|tags)/(.*)$", path)
        if not found:
            return self.fail(404, "NOT_FOUND")
        name, kind, rest = found.groups()
        scope = "repository:%s:%s" % (name, "pull" if self.command in ("GET", "HEAD") else "pull,push")
        scopes = [scope] + ["repository:%s:pull" % query["from"][0]] if "from" in query else [scope]
        with s.lock:
            if s.spoils_upload and (self.command == "PATCH" or (self.command == "PUT" and kind == "blobs/uploads")):
                s.spoils_upload -= 1
                s.tokens.clear()
        if not self.may(scopes):
            return self.fail(401, "UNAUTHORIZED", [("WWW-Authenticate", self.challenge(scope))])
        return {"manifests": self.manifest, "blobs": self.blob, "blobs/uploads": self.upload, "referrers": self.list_referrers,
                "tags": self.list_tags}[kind](name, rest, query)

    def list_referrers(self, name, subject, query):
        s = self.server
        if s.referrers is None:
            return self.fail(404, "NOT_FOUND")
        found = []
        for reference, (media_type, body) in s.manifests.get(name, {}).items():
            manifest = json.loads(body)
            if ":" in reference and manifest.get("subject", {}).get("digest") == subject:
                found.append({"mediaType": media_type, "digest": reference, "size": len(body), "artifactType": manifest["artifactType"]})
        at = int(query.get("at", ["0"])[0])
        end = at + s.referrers
        more = [("Link", '</v2/%s/referrers/%s?at=%d>; rel="next"' % (name, subject, end))] if end < len(found) else []
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": found[at:end]}
        return self.answer(200, json.dumps(index).encode(), more, index["mediaType"])

    def list_tags(self, name, _rest, query):
        s, count = self.server, int(query.get("n", ["100"])[0])
        tags = sorted(t for t in s.manifests.get(name, {}) if ":" not in t)
        if s.tags is None:
            return self.fail(401, "UNAUTHORIZED", [("WWW-Authenticate", self.challenge("registry:catalog:*"))] if s.auth else [])
        if s.tags == "spec":
            tags = [t for t in tags if t > query.get("last", [""])[0]]
        else:
            tags.reverse()
        part = tags[:count]
        mark = "last=" + part[-1] if s.tags == "spec" and part else "next_page=abc"
        more = [("Link", '</v2/%s/tags/list?n=%d&%s>; rel="next"' % (name, count, mark))] if len(tags) > count else []
        return self.answer(200, json.dumps({"name": name, "tags": part}).encode(), more)

    def manifest(self, name, reference, _query):
        s = self.server
        if self.command == "PUT":
            s.put(name, None if ":" in reference else reference, self.headers["Content-Type"], self.body)
            if s.rival and ":" in reference:
                s.put(name, *s.rival)
            return self.answer(201, headers=[("Docker-Content-Digest", digest(self.body))])
        kept = s.manifests.get(name, {}).get(reference)
        if not kept:
            return self.fail(404, "MANIFEST_UNKNOWN")
        media_type, body = kept
        if s.changes and self.command == "GET":
            body = s.changes.pop(0)
        return self.answer(200, body, [("Docker-Content-Digest", digest(body))], media_type)

    def blob(self, name, wanted, _query):
        s = self.server
        body = s.blobs.get(name, {}).get(wanted)
        if body is None:
            return self.fail(404, "BLOB_UNKNOWN")
        if s.redirect and self.command == "GET":
            return self.answer(307, headers=[("Location", "%s/v2/%s/blobs/%s?X-Signature=presigned-42" % (s.redirect, name, wanted))])
        if s.spoils_blobs:
            body = body[:-1] + bytes([body[-1] ^ 1])
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        status, headers = 200, []
        if start and s.ranges:
            status, at = 206, int(start[1])
            headers = [("Content-Range", "bytes %d-%d/%d" % (at, len(body) - 1, len(body)))]
            body = body[at:]
        with s.lock:
            cut = s.cuts > 0 and len(body) > 1000 and self.command == "GET"
            s.cuts -= cut
        slow = 60 if wanted == s.stalls else s.slow
        if not cut and not slow:
            return self.answer(status, body, headers, "application/octet-stream")
        self.send_response(status)
        for key, value in headers + [("Content-Length", str(len(body)))]:
            self.send_header(key, value)
        self.end_headers()
        for at in range(0, len(body) // 2 if cut else len(body), 1 << 14):
            if slow:
                time.sleep(slow)
            piece = body[at:min(at + (1 << 14), len(body) // 2 if cut else len(body))]
            self.wfile.write(piece)
            self.wfile.flush()
            self.out += len(piece)
        self.close_connection = self.close_connection or cut
        return None

    def upload(self, name, session, query):
        s = self.server
        if self.command == "POST":
            if "mount" in query and s.mounts == 201:
                body = s.blobs.get(query["from"][0], {}).get(query["mount"][0])
                if body is not None:
                    s.blobs.setdefault(name, {})[query["mount"][0]] = body
                    return self.answer(201)
            session = os.urandom(8).hex()
            s.uploads[session] = b""
            more = [("OCI-Chunk-Min-Length", str(s.chunk_least))] if s.chunk_least else []
            return self.answer(202, headers=[("Location", self.place(name, session))] + more)
        if session not in s.uploads:
            return self.fail(404, "BLOB_UPLOAD_UNKNOWN")
        if self.command == "DELETE":
            del s.uploads[session]
            return self.answer(204)
        if s.full:
            return self.fail(500, "UNKNOWN")
        if self.command == "PATCH":
            begin = int(self.headers["Content-Range"].split("-")[0])
            if begin != len(s.uploads[session]):
                return self.fail(416, "BLOB_UPLOAD_INVALID")
            s.uploads[session] += self.body
            return self.answer(202, headers=[("Location", self.place(name, session) + "&part=%d" % begin),
                                             ("Range", "0-%d" % (len(s.uploads[session]) - 1))])
        body = s.uploads.pop(session) + self.body
        if digest(body) != query["digest"][0]:
            return self.fail(400, "DIGEST_INVALID")
        s.blobs.setdefault(name, {})[query["digest"][0]] = body
        return self.answer(201, headers=[("Location", "/v2/%s/blobs/%s" % (name, query["digest"][0]))])

    def place(self, name, session):
        path = "/v2/%s/blobs/uploads/%s?state=a%%2Fb" % (name, session)
        return path if self.server.relative else "%s://%s%s" % (self.server.scheme, self.server.host, path)


class Proxy(http.server.ThreadingHTTPServer):
    """Of HTTP, that tunnels to where it is asked to; `seen` has what CONNECT came with."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.host = "127.0.0.1:%d" % self.server_address[1]
        self.seen = []  # (where to, headers)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Tunnel(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_CONNECT(self):
        self.server.seen.append((self.path, dict(self.headers)))
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            back = threading.Thread(target=self.pass_on, args=(there, self.connection), daemon=True)
            back.start()
            self.pass_on(self.connection, there)
            back.join()
        self.close_connection = True

    @staticmethod
    def pass_on(one, other):
        try:
            while (piece := one.recv(1 << 16)):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either went away
