#!/usr/bin/env python3
"""The doors of a running server: keys of an identity provider that change, logins, forms of answers, and the commands beside it.

  doors_test.py BINARY
"""
import base64
import gzip
import http.client
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product
from server import check

PASSWORD = "correct horse battery"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class SigningKey:
    """An Ed25519 key of the identity provider's, made and used by the openssl command."""

    def __init__(self, root, name):
        self.path = os.path.join(root, name + ".pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        self.x = base64url(der[-32:])

    def jwk(self, **members):
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, **members}

    def token(self, claims=None, **header):
        now = time.time()
        claims = {"sub": "idp|ann", "scope": "openid provider", "roles": ["Read-Only"], "iat": now, "exp": now + 600.5, **(claims or {})}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "EdDSA", **header}, claims))
        with tempfile.NamedTemporaryFile() as file:
            file.write(signed.encode())
            file.flush()
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", file.name],
                                       check=True, capture_output=True).stdout
        return signed + "." + base64url(signature)


def ask(port, method, path, headers=None, body=None, address="127.0.0.1"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
    data = None if body is None else json.dumps(body)
    fields = dict(headers or {})
    if body is not None:
        fields["Content-Type"] = "application/json"
    connection.request(method, path, data, fields)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def status_of(port, token):
    return ask(port, "GET", "/provider/tenants", {"Authorization": "Bearer " + token})[0]


def until(claim, is_so, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            print(f"ok: {claim}")
            return
        time.sleep(0.05)
    raise SystemExit(f"not so within {seconds} s: {claim}")


def write_keys(path, keys):
    pathlib.Path(path + ".new").write_text(keys if isinstance(keys, str) else json.dumps({"keys": keys}))
    os.replace(path + ".new", path)


def keys_that_change(binary, root):
    path = os.path.join(root, "jwks.json")
    first, second = SigningKey(root, "first"), SigningKey(root, "second")
    odd = [{"kty": "AKP", "alg": "ML-DSA-44", "kid": "new"}, {"kty": "oct", "k": "AAAA"}, first.jwk(kid="ops", key_ops=["sign"]), 7]
    write_keys(path, odd)
    server = product.Server(binary, os.path.join(root, "keys"), environment={"JWKS_FILE": path})
    server.environment["LOG_LEVEL"] = "info"
    check(not server.start(), "a set without a key that verifies stops the start")
    check("key 2 ('ops'): its key_ops do not hold verify" in server.last_words(), "and each key is told why", server.last_words())
    write_keys(path, odd + [first.jwk()])
    server.start()
    try:
        check(server.last_words().count("jwks.key_skipped") == 4, "each key that is passed over is one line", server.last_words())
        check(status_of(server.port, first.token()) == 200, "a token without kid is of the only key, times with a fraction, scope a list")
        check(status_of(server.port, second.token()) == 401, "another key's token is refused")
        old = first.token()
        write_keys(path, [first.jwk(kid="a key/with spaces ü")])
        until("the file is read again when it changes", lambda: status_of(server.port, first.token(kid="a key/with spaces ü")) == 200)
        write_keys(path, [second.jwk(kid="b")])
        until("a token of a key that is gone ends", lambda: status_of(server.port, old) == 401)
        write_keys(path, "{ broken")
        server.process.send_signal(signal.SIGHUP)
        until("a broken file is told of in a line", lambda: "reload.refused" in server.last_words())
        check(status_of(server.port, second.token(kid="b")) == 200, "and the old keys stay in force")
        write_keys(path, [first.jwk(kid="a"), second.jwk(kid="b")])
        server.process.send_signal(signal.SIGHUP)
        until("SIGHUP reads it again", lambda: status_of(server.port, first.token(kid="a")) == 200)
        check(status_of(server.port, first.token()) == 401, "with two keys a token needs a kid")
        check(status_of(server.port, first.token(kid="b")) == 401, "and the right one")
    finally:
        check(server.stop() == 0, "and the server ends as it should")


def settings_that_change(binary, root):
    """What SIGHUP takes over from the .env file, and what it only tells of."""
    path = os.path.join(root, "changing.env")

    def write(**settings):
        pathlib.Path(path).write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def words():
        return pathlib.Path(server.log.name).read_text()[started:]

    def reload_with(**settings):
        before = words().count('"what":"settings"')
        write(**settings)
        server.process.send_signal(signal.SIGHUP)
        until("SIGHUP is answered by a line", lambda: words().count('"what":"settings"') > before)

    write(CORS_ORIGINS="https://old.example.com")
    server = product.Server(binary, os.path.join(root, "settings"), arguments=("--env-file", path), environment={"LOG_LEVEL": ""})
    started = len(pathlib.Path(server.log.name).read_text())
    server.start()
    try:
        def origin(of):
            fields = {"Authorization": "Bearer " + server.provider, "Origin": of}
            return ask(server.port, "GET", "/provider/tenants", fields)[1].get("access-control-allow-origin")
        report = f"/provider/billing/reports?period={time.strftime('%Y-%m')}"
        token = {"Authorization": "Bearer " + server.provider}
        check(origin("https://old.example.com") and not origin("https://new.example.com"), "pages of one origin may read answers")
        check(ask(server.port, "GET", report, token)[0] == 200, "reports are made")
        reload_with(CORS_ORIGINS="https://new.example.com", BILLING_REPORT_GENERATION="false", BILLING_GRACE_HOURS="1",
                    TRUSTED_PROXIES="127.0.0.0/8")
        check(origin("https://new.example.com") and not origin("https://old.example.com"), "now those of another")
        check(ask(server.port, "GET", "/provider/billing/reports", token)[0] == 403, "and no more reports are made")
        check(ask(server.port, "GET", report, token)[0] == 200, "the one that is kept is still read")
        said = words()
        check("CORS_ORIGINS: https://old.example.com is now https://new.example.com" in said, "the log says what changed", said)
        check("settings.need_restart" in said and "BILLING_GRACE_HOURS: 72 is now 1" in said, "and what needs a restart", said)
        actor = {**token, "X-Forwarded-For": "203.0.113.7"}
        ask(server.port, "POST", "/provider/tenants", {**actor}, {"tenant_id": "behind", "name": "Behind a proxy"})
        check("203.0.113.7" in server.command("find", "provider_audits", '{"tenant_id": "behind"}'), "a proxy's word is taken from now on")
        reload_with(CORS_ORIGINS="https://third.example.com", LOG_LEVEL="loud")
        check("reload.refused" in words() and "LOG_LEVEL=loud" in words(), "settings that are not sound are refused")
        check(origin("https://new.example.com") and not origin("https://third.example.com"), "whole: none of them is taken")
        write(CORS_ORIGINS="https://third.example.com", LOG_LEVEL="error")
        server.process.send_signal(signal.SIGHUP)
        until("a level is taken over", lambda: origin("https://third.example.com"))
        size = len(words())
        check(status_of(server.port, "no token") == 401 and len(words()) == size, "and less is logged", words()[size:])
    finally:
        check(server.stop() == 0, "and SIGHUP has ended nothing")


def login(port, email, password, address="127.0.0.1"):
    return ask(port, "POST", "/provider/auth/login", None, {"email": email, "password": password}, address)


def logins(server):
    bearer = {"Authorization": "Bearer " + server.provider}
    for email in ("ann@example.com", "bob@example.com"):
        body = {"email": email, "name": "Somebody", "password": PASSWORD, "roles": ["Provider-Admin"]}
        check(ask(server.port, "POST", "/provider/users", bearer, body)[0] == 201, f"{email} is added")
    statuses = [login(server.port, "ann@example.com", "wrong password", "127.0.0.2")[0] for _ in range(8)]
    check(statuses[:5] == [401] * 5 and 429 in statuses[5:], "who guesses is slowed down", statuses)
    refused = login(server.port, "ann@example.com", "wrong password", "127.0.0.2")
    check(refused[0] == 429 and int(refused[1]["retry-after"]) >= 1, "and told for how long", refused)
    check(login(server.port, "ann@example.com", PASSWORD)[0] == 200, "the account's owner gets in from elsewhere")
    known = login(server.port, "ann@example.com", "wrong", "127.0.0.3")
    unknown = login(server.port, "nobody@example.com", "wrong", "127.0.0.3")
    check(json.loads(known[2])["error"] == json.loads(unknown[2])["error"], "who is a user is not told", (known, unknown))


def nobody_above_themselves(server):
    token = server.command("token", "--scope", "provider", "--permission", "users.manage").strip()
    manager = {"Authorization": "Bearer " + token}
    for body in ({"password": "another long password"}, {"is_active": False}, {"roles": ["NOC"]}, {"name": "Me"}):
        status, _, content = ask(server.port, "PATCH", "/provider/users/ann@example.com", manager, body)
        error = json.loads(content)["error"]
        check(status == 403 and error["details"]["required"] == "*", f"users.manage alone cannot set {list(body)[0]} of an administrator", content)
    admin = {"Authorization": "Bearer " + server.provider}
    key = json.loads(ask(server.port, "POST", "/provider/api-keys", admin, {"name": "root", "permissions": ["*"]})[2])["data"]
    check(ask(server.port, "DELETE", "/provider/api-keys/" + key["key_id"], manager)[0] == 403, "nor revoke a key with all rights")
    check(status_of(server.port, key["key"]) == 200, "which works on")
    status, _, content = ask(server.port, "GET", "/provider/audits", {"Authorization": "Bearer " + token})
    check(status == 403 and json.loads(content)["error"]["details"]["required"] == "audits.read", "a 403 names the permission", content)
    check(ask(server.port, "PATCH", "/provider/users/ann@example.com", admin, {"is_active": False})[0] == 200, "one of two administrators goes")
    check(ask(server.port, "PATCH", "/provider/users/bob@example.com", admin, {"is_active": False})[0] == 409, "the last one stays")
    done = server.command("users", "disable", "bob@example.com", check=False)
    check(done.returncode == 1 and "last active" in done.stderr, "on the command line too", done.stderr)


def a_flood_of_logins(server):
    """Another route's p99 with and without a flood; from many addresses, so that each login is hashed."""
    bearer = {"Authorization": "Bearer " + server.provider}

    def times(count):
        taken = []
        for _ in range(count):
            begun = time.monotonic()
            check_status = ask(server.port, "GET", "/provider/plans", bearer)[0]
            taken.append(time.monotonic() - begun)
            assert check_status == 200
        return sorted(taken)[int(count * 0.99)], statistics.median(taken)

    is_over = threading.Event()
    counts = {}

    def flood(number):
        n = 0
        while not is_over.is_set():
            n += 1
            status = login(server.port, f"nobody{n}@example.com", "wrong", f"127.{1 + number}.{n // 200 % 200}.{1 + n % 200}")[0]
            counts[status] = counts.get(status, 0) + 1

    calm = times(300)
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    flooded = times(300)
    is_over.set()
    for thread in threads:
        thread.join()
    print(f"p99 {calm[0] * 1000:.1f} ms, under a flood {flooded[0] * 1000:.1f} ms; medians {calm[1] * 1000:.1f} and {flooded[1] * 1000:.1f}; {counts}")
    check(counts.get(401, 0) > 0 and counts.get(429, 0) > 0 and 503 not in counts, "logins of a flood are answered, or refused at once", counts)


def forms_of_answers(server):
    bearer = {"Authorization": "Bearer " + server.provider}
    for path in ("/provider/tenants", "/provider/plans", "/provider/billing/reports?format=csv&period=" + time.strftime("%Y-%m", time.gmtime())):
        status, fields, content = ask(server.port, "GET", path, bearer)
        check(status == 200 and fields["etag"], f"{path} has an ETag", fields)
        again = ask(server.port, "GET", path, {**bearer, "If-None-Match": fields["etag"]})
        check(again[0] == 304 and again[2] == b"" and again[1]["etag"] == fields["etag"], "and says when nothing is new", again)
        coded = ask(server.port, "GET", path, {**bearer, "Accept-Encoding": "gzip;q=1, zstd;q=0.5"})
        if len(content) >= 1024:
            check(coded[1]["content-encoding"] == "gzip" and len(gzip.decompress(coded[2])) == len(content), "and is sent with gzip", coded[1])
        head = ask(server.port, "HEAD", path, {**bearer, "Accept-Encoding": "gzip;q=1, zstd;q=0.5"})
        for name in ("etag", "content-encoding", "vary"):
            check(head[1].get(name) == coded[1].get(name), f"HEAD agrees in {name}", (head[1], coded[1]))
        lengths = [fields.get("content-length") for fields in (head[1], coded[1])]
        # A coded body's length varies a little with the request's id in it.
        near = lengths[0] == lengths[1] or (coded[1].get("content-encoding") and abs(int(lengths[0]) - int(lengths[1])) <= 32)
        check(near, "HEAD agrees in content-length", lengths)
        plain = ask(server.port, "HEAD", path, bearer)
        check(plain[1].get("content-length") == fields.get("content-length"), "and exactly where it is not coded", (plain[1], fields))
    listed = json.loads(ask(server.port, "GET", "/provider/tenants?sort=-name&plan=basic,free&limit=1", bearer)[2])["data"]
    check(listed["pagination"]["total"] == 12 and listed["tenants"][0]["name"] == "Tenant 9", "lists are sorted by any field, and filtered by several values", listed)
    added = ask(server.port, "POST", "/provider/tenants", bearer, {"tenant_id": "cafe", "name": "CAFÉ " + "é" * 195, "plan": "free"})
    check(added[0] == 201, "a name has 200 characters, not bytes", added)
    found = json.loads(ask(server.port, "GET", "/provider/tenants?q=caf%C3%A9", bearer)[2])["data"]
    check([tenant["tenant_id"] for tenant in found["tenants"]] == ["cafe"], "é finds É", found)
    check(ask(server.port, "POST", "/provider/billing/tenants/cafe/plan", bearer, {"plan": "basic", "reason": "  x  "})[0] == 400, "blanks are no reason")
    refused = ask(server.port, "POST", "/api/v1/events", {**bearer, "Content-Length": str(64 << 20)})
    check(refused[0] == 413 and refused[1]["content-type"] == "application/problem+json", "413 under /api/v1/ is a problem", refused)
    body = ask(server.port, "GET", "/provider/tenants?helth=1&limt=2", bearer)
    check(body[0] == 400 and b"did you mean 'limit'" in body[2], "an unknown parameter is answered with the nearest", body)


def run(binary, root, *words, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("JWT_SECRET", "DATA_DIR")}
    return subprocess.run([binary, *words], env=dict(clean, **environment), cwd=root, capture_output=True, text=True, timeout=60)


def commands_beside_it(binary, server, root):
    folder = server.folder
    token = run(binary, root, "token", "--scope", "provider", "--role", "Read-Only", "--data-dir", folder)
    check(token.returncode == 0 and status_of(server.port, token.stdout.strip()) == 200, "token asks the running server", token)
    doctor = run(binary, root, "doctor", "--data-dir", folder)
    check(doctor.returncode == 0 and "wrong" not in doctor.stdout, "doctor beside a healthy server says all is well", doctor)
    wrong = run(binary, root, "token", "--scope", "provider", "--role", "Billing-Op", "--data-dir", folder)
    check(wrong.returncode == 2 and "did you mean 'Billing-Ops'" in wrong.stderr, "and knows which role was meant", wrong)
    for words, meant in ((["find", "tennants"], "tenants"), (["find", "tenants", "{statsu: 'active'}"], "status"), (["find", "tenants", "--sort", "-creatd_at"], "created_at")):
        done = run(binary, root, *words, "--data-dir", folder)
        check(done.returncode == 2 and f"did you mean '{meant}'" in done.stderr, f"{' '.join(words)}: {meant}", done)


def commands_without_a_folder(binary, root):
    missing = os.path.join(root, "no", "such")
    for words in (["find", "tenants"], ["report", "2026-01"], ["verify"], ["doctor"], ["export", "tenants"], ["tenants", "list"], ["users", "list"],
                  ["keys", "list"], ["webhooks", "list"], ["workers", "status"], ["workers", "run-once"], ["indexes"], ["keys", "revoke", "X"]):
        done = run(binary, root, *words, "--data-dir", missing)
        check(done.returncode == 3 and missing in done.stderr and done.stderr.count("\n") == 1 and not os.path.exists(os.path.dirname(missing)),
              f"{' '.join(words)} makes no folder", done)
    foreign = os.path.join(root, "foreign")
    os.mkdir(foreign)
    done = run(binary, root, "verify", "--data-dir", foreign)
    check(done.returncode == 3 and "no data of Metergate" in done.stderr and not os.listdir(foreign), "nor fills one that is none of ours", done)
    made = os.path.join(root, "made")
    check(run(binary, root, "tenants", "add", "t1", "--name", "One", "--data-dir", made).returncode == 0, "add makes one")
    check(run(binary, root, "tenants", "list", "--data-dir", made).returncode == 0, "which can be read then")
    for words, meant in ((["serv"], "serve"), (["tenants", "lst"], "list"), (["serve", "--prot", "1"], "--port"),
                         (["token", "--scope", "provdier"], "provider"), (["report", "2026-01", "--format", "cvs"], "csv")):
        done = run(binary, root, *words)
        check(done.returncode == 2 and f"did you mean '{meant}'" in done.stderr, f"{' '.join(words)}: {meant}", done)
    settings = os.path.join(root, "misspelt.env")
    pathlib.Path(settings).write_text("API_PORTT=1\n")
    done = run(binary, root, "serve", "--env-file", settings)
    check(done.returncode == 3 and "API_PORTT" in done.stderr and "'API_PORT'" in done.stderr, "a misspelt name in the file stops the start", done)
    done = run(binary, root, "serve", "--print-config", BILLING_TIMZONE="UTC", PATH=os.environ["PATH"])
    check(done.returncode == 0 and "BILLING_TIMEZONE" in done.stderr and done.stderr.count("\n") == 1, "in the environment it is a line", done)


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="metergate-doors-") as root:
        keys_that_change(binary, root)
        settings_that_change(binary, root)
        commands_without_a_folder(binary, root)
        server = product.Server(binary, os.path.join(root, "data"))
        server.start()
        try:
            for n in range(12):
                server.command("tenants", "add", f"tenant_{n}", "--name", f"Tenant {n}", "--plan", "free")
            forms_of_answers(server)
            commands_beside_it(binary, server, root)
            logins(server)
            nobody_above_themselves(server)
            a_flood_of_logins(server)
        finally:
            server.stop()
    print("all is so")


if __name__ == "__main__":
    main()
