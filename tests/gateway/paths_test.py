#!/usr/bin/env python3
"""Sends one path in many spellings through the gateway to an upstream that keeps every byte.

    paths_test.py METERGATE

The claims: what passes reaches the upstream byte for byte; nothing that some server might read as another tenant's path
passes, and it is 400. How others read a path is written down here anew: no code is shared with the server.
"""

import itertools
import re
import sys
import urllib.parse

from gateway_world import ByteUpstream, Server

OURS = "/api/tenants/tenant_1"
THEIRS = "/api/tenants/tenant_2"

SLASHES = ["/", "%2F", "%2f", "%5C", "%5c", "%252F", "%252f", "%255c", "%25252F", "%EF%BC%8F", "%E2%88%95",
           "%E2%81%84", "%C0%AF", "%EF%BC%BC", "%25EF%25BC%258F", "%e0%80%af", ";/", "%3B/", "/;/", "//"]
DOTS = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%25252e%25252e", "%E2%80%A5", "%EF%BC%8E%EF%BC%8E",
        "%E2%80%A4.", "%C0%AE%C0%AE", "..;", "..;a=b", "..%20", "%2e%2e%09", "..%0A", ".%E2%80%8B."]
LIKE = {"\uff0f": "/", "\u2215": "/", "\u2044": "/", "\uff3c": "/", "\\": "/", "\u2025": "..", "\u2024": ".",
        "\uff0e": ".", "\u200b": ""}


def readings(path):
    """What servers may make of a path, as a set of resolved ones."""
    seen, waiting = set(), [path.encode("latin-1")]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        text = one
        for bad, good in ((b"\xc0\xaf", b"/"), (b"\xc0\xae", b"."), (b"\xe0\x80\xaf", b"/")):
            text = text.replace(bad, good)
        text = text.decode("utf-8", "surrogateescape")
        for like, plain in LIKE.items():
            text = text.replace(like, plain)
        waiting += [urllib.parse.unquote_to_bytes(one), text.encode("utf-8", "surrogateescape"),
                    re.sub(rb";[^/]*", b"", one), re.sub(rb"/+", b"/", one), one.split(b"\0")[0],
                    re.sub(rb"[\x00-\x1f ]", b"", one), one.lower()]
    resolved = set()
    for one in seen:
        parts = []
        for part in one.split(b"/"):
            if part == b"..":
                del parts[-1:]
            elif part not in (b"", b"."):
                parts.append(part)
        resolved.add(b"/" + b"/".join(parts))
    return resolved


def is_theirs(path):
    return any(one == THEIRS.encode() or one.startswith(THEIRS.encode() + b"/")
               for one in readings(path))


def climbing():
    """Spellings of a dot segment, each with what may stand around it."""
    for slash, dots in itertools.product(SLASHES, DOTS):
        yield f"{OURS}/x{slash}{dots}{slash}{dots}{slash}tenant_2/orders"
    for dots in DOTS:
        yield f"{OURS}/{dots}/tenant_2/orders"
        yield f"/api/tenants/{dots}/tenants/tenant_1/orders"
        yield f"{OURS}/orders/{dots}"


def joining():
    """Something in the tenant's segment or before it that is a slash, or an end, to others."""
    for slash in SLASHES[1:]:
        if not slash.endswith("/"):
            yield f"/api/tenants/tenant_2{slash}x/orders"
            yield f"/api/tenants/tenant_1{slash}orders"
            yield f"/api/tenants{slash}tenant_2/orders"
            yield f"/api{slash}tenants/tenant_2/orders"
    for end in ("%00", "%2500", ";", ";a=b", "%3B", "%09", "%0A", "%20", "%E2%80%8B", "%23", "%3F"):
        yield f"/api/tenants/tenant_1{end}/orders"


PASSING = ["/projects/group%2Fproj", "/projects/group%2fproj", "/gid%3A%2F%2Fgitlab%2FProject%2F1", "/a%20b",
           "/100%25", "/a%252Fb", "/a%25252Fb", "/caf%C3%A9", "/caf%E9", "/%FF%FE", "/a+b", "/a;v=1", "/a;b/c;d",
           "/a%3Bb", "/a%3Fb%23c", "/a//b", "/a/", "/.well-known/x", "/a..b", "/...", "/a%2E%2Eb", "/a%5Cb",
           "/%7Etilde", "/~tilde", "/a%0Ab", "/a[0]", "/a%5B0%5D", "/a|b^c", "/a:b@c", "/!$&'()*+,=",
           "/main...next%2Fbranch", "/AC%EF%BC%8FDC", "/a%E2%80%A5b", "/%E6%97%A5%E6%9C%AC", "/x?q=%2F..%2F&r=a%20b",
           "/x?..%2f..%2f", "/x??a", "/%61%62", "/Orders", "/orders%2F", "/%2Forders", "/a%2F%2Fb"]


def expect(server, upstream, token, faults, target, statuses):
    status, _, _ = server.ask("GET", target, f"Authorization: Bearer {token}")
    heads = upstream.take()
    lines = [head.split(b"\r\n")[0] for head in heads]
    if status not in statuses:
        faults.append(f"{target}: {status}, not {statuses}")
    if status == 200 and lines != [b"GET " + target.encode("latin-1") + b" HTTP/1.1"]:
        faults.append(f"{target}: the upstream saw {lines}")
    if status != 200 and lines:
        faults.append(f"{target}: answered with {status}, and the upstream saw {lines}")
    if lines and is_theirs(target.split("?")[0]):
        faults.append(f"{target}: may be read as another tenant's, and passed")


def try_one_upstream(program, faults):
    upstream = ByteUpstream()
    with Server(program, {"UPSTREAM_URL": f"http://127.0.0.1:{upstream.port}"}) as server:
        token = server.token("tenant_1")
        refused = list(dict.fromkeys([*climbing(), *joining()]))
        for target in refused:
            expect(server, upstream, token, faults, target, {400})
        for end in PASSING:
            expect(server, upstream, token, faults, OURS + end, {200})
        # The tenant's own id may be spelled in escapes: it is decoded once, by us as by the upstream.
        expect(server, upstream, token, faults, "/api/tenants/tenant%5F1/orders", {200})
        expect(server, upstream, token, faults, "/api/tenants/tenant%5F2/orders", {403})
        for number in range(300):
            server.ask("GET", f"{OURS}/files/dir%2Ffile-{number}.txt",
                       f"Authorization: Bearer {token}")
        rows = server.run("find", "api_calls", "{}", "--limit", "1000")
        endpoints = set(re.findall(r'"endpoint": ?"([^"]*)"', rows))
        files = [name for name in endpoints if "/files/" in name]
        if files != ["GET /api/tenants/{tenant_id}/files/{id}"]:
            faults.append(f"300 files are the endpoints {files[:5]}")
        return len(refused) + len(PASSING) + 2


TWO_UPSTREAMS = """
[[upstream]]
name = "all"
urls = ["{url}"]
path = "/"
[upstream.tenant]
from = "claim"
[[upstream.open]]
path = "/public/"
[[upstream]]
name = "tenants"
urls = ["{url}"]
"""


def try_two_upstreams(program, faults):
    """What one upstream takes for a claim's tenant must not be a path of another tenant's, nor an open path a closed one."""
    upstream = ByteUpstream()
    count = 0
    server = Server(program, {"UPSTREAMS_FILE": "upstreams.toml"})
    url = f"http://127.0.0.1:{upstream.port}"
    (server.folder / "upstreams.toml").write_text(TWO_UPSTREAMS.replace("{url}", url))
    with server:
        token = server.token("tenant_1")
        expect(server, upstream, token, faults, "/anything/else", {200})
        for target in ["/API/tenants/tenant_2/x", "/api/Tenants/tenant_2/x", "//api/tenants/tenant_2/x",
                       "/api%2Ftenants%2Ftenant_2%2Fx", "/api/tenants%2Ftenant_2/x", "/api//tenants/tenant_2/x",
                       "/;/api/tenants/tenant_2/x", "/api;x/tenants/tenant_2/x", "/api%5Ctenants%5Ctenant_2%5Cx",
                       "/%252Fapi%252Ftenants%252Ftenant_2/x", "/api%EF%BC%8Ftenants%EF%BC%8Ftenant_2/x/",
                       "/api%20/tenants/tenant_2/x", "/api%0A/tenants/tenant_2/x",
                       "/api;%2Fx/tenants/tenant_2/y"]:
            count += 1
            expect(server, upstream, token, faults, target, {400})
        for target, statuses in [("/public/x", {200}), ("/public/a%2Fb", {200}), ("/publicity", {401}),
                                 ("/public;/x", {401}), ("/public%2Fx", {401}), ("/public/..%2Fsecret", {400}),
                                 ("/public/%2e%2e/secret", {400}), ("/Public/x", {401})]:
            count += 1
            expect(server, upstream, "", faults, target, statuses)
    return count


def main():
    faults = []
    count = try_one_upstream(sys.argv[1], faults) + try_two_upstreams(sys.argv[1], faults)
    for fault in faults[:20]:
        print(fault)
    print(f"paths: {count} spellings, {len(faults)} faults")
    return 1 if faults or count < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
