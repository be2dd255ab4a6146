"""The grammar of framing.py: a request as its parts, and what can be done to one of them.

Each mutation changes a request and says what may come of it: PASS, it reaches the upstream; REFUSE, it must not; EITHER.
"""
import random

TENANT = "tenant_1"

PASS, REFUSE, EITHER = "pass", "refuse", "either"


class Request:
    def __init__(self, rng, case, token):
        self.rng = rng
        self.method = rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
        query = rng.choice(["", "", "?a=b", "?q=%20&r"])
        self.line = [self.method, " ", f"/api/tenants/{TENANT}/case/{case}{query}", " ", "HTTP/1.1"]
        self.end = "\r\n"
        self.fields = [("Host", ": ", "api.example.com"), ("Authorization", ": ", f"Bearer {token}")]
        for i in range(rng.randrange(4)):
            self.fields.append((f"X-Field-{i}", ": ", rng.choice(["", "a", "b c", "é", '"q"'])))
        self.body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 3, 40])))
        self.framing = rng.choice(["none", "length", "chunked"])
        if self.method == "GET" and rng.random() < 0.7:
            self.framing = "none"
        if self.framing == "none":
            self.body = b""
        self.chunks = self.cut(self.body)
        self.chunk_parts = []  # (size text, extension, data, end)
        for data in self.chunks:
            self.chunk_parts.append([f"{len(data):x}", "", data, b"\r\n"])
        self.last = b"0\r\n"
        self.trailers = b"\r\n"
        self.after = b""
        if self.framing == "length":
            self.fields.append(("Content-Length", ": ", str(len(self.body))))
        if self.framing == "chunked":
            self.fields.append(("Transfer-Encoding", ": ", "chunked"))
        rng.shuffle(self.fields)

    def cut(self, body):
        chunks = []
        while body:
            size = self.rng.randrange(1, len(body) + 1)
            chunks.append(body[:size])
            body = body[size:]
        return chunks

    def wire(self):
        text = "".join(self.line) + self.end
        for name, separator, value in self.fields:
            text += name + separator + value + self.end
        head = text.encode("utf-8", "surrogateescape") + self.end.encode()
        if self.framing == "length":
            return head + self.body + self.after
        if self.framing == "chunked":
            body = b"".join(size.encode() + extension.encode() + b"\r\n" + data + end
                            for size, extension, data, end in self.chunk_parts)
            return head + body + self.last + self.trailers + self.after
        return head + self.after

    def field(self, name):
        return next(i for i, field in enumerate(self.fields) if field[0] == name)

    def add(self, name, value, separator=": "):
        self.fields.insert(self.rng.randrange(len(self.fields) + 1), (name, separator, value))


SMUGGLED = f"GET /api/tenants/{TENANT}/case/smuggled HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def needs(framing):
    def mark(mutation):
        mutation.framing = framing
        return mutation
    return mark


def nothing(r):
    return PASS


def second_length(r):
    r.fields = [f for f in r.fields if f[0] not in ("Content-Length", "Transfer-Encoding")]
    r.framing = "length"
    value = str(len(r.body))
    r.add("Content-Length", value)
    r.add(r.rng.choice(["Content-Length", "content-length", "CONTENT-LENGTH"]),
          r.rng.choice([value, "0", "5", value + "0"]))
    return REFUSE


def length_and_chunks(r):
    if r.framing == "chunked":
        r.add("Content-Length", r.rng.choice(["0", "3", "100"]))
    else:
        r.add("Transfer-Encoding", "chunked")
        if r.framing == "none":
            r.add("Content-Length", "0")
    return REFUSE


@needs("length")
def odd_length(r):
    n = str(len(r.body))
    i = r.field("Content-Length")
    value = r.rng.choice(["+" + n, "-" + n, "0x" + n, n + ",", n + ", " + n, n + ";", "", n + " 0",
                          n + "\v", "1e1", "0" * 20 + n, "99999999999999999999", n + "\0", "٣"])
    r.fields[i] = ("Content-Length", ": ", value)
    return REFUSE


@needs("length")
def padded_length(r):
    i = r.field("Content-Length")
    pad = r.rng.choice(["  ", "\t", " \t "])
    r.fields[i] = ("Content-Length", ":" + pad, str(len(r.body)) + pad)
    return PASS


@needs("chunked")
def odd_coding(r):
    i = r.field("Transfer-Encoding")
    value = r.rng.choice(["xchunked", "chunked, identity", "identity", "identity, chunked",
                          "chunked, chunked", "chunked\v", "chunked;q=1", "", "gzip, chunked",
                          "\"chunked\"", "chunke", "chunked,", ",chunked", "chunked\0"])
    r.fields[i] = ("Transfer-Encoding", ": ", value)
    return REFUSE


@needs("chunked")
def second_coding(r):
    r.add("Transfer-Encoding", r.rng.choice(["chunked", "identity", "x"]))
    return REFUSE


@needs("chunked")
def coding_in_any_case(r):
    i = r.field("Transfer-Encoding")
    r.fields[i] = (r.rng.choice(["transfer-encoding", "TRANSFER-ENCODING"]), ":",
                   r.rng.choice(["Chunked", "CHUNKED", "chunked "]))
    return PASS


@needs("chunked")
def coding_in_an_old_version(r):
    r.line[4] = "HTTP/1.0"
    return REFUSE


def field_before_colon(r):
    i = r.rng.randrange(len(r.fields))
    name, separator, value = r.fields[i]
    r.fields[i] = (name + r.rng.choice([" ", "\t", "\v", "\0"]), separator, value)
    return REFUSE


def folded(r):
    i = r.rng.randrange(len(r.fields))
    name, separator, value = r.fields[i]
    r.fields[i] = (name, separator, value + "\r\n" + r.rng.choice([" ", "\t"]) + "x")
    return REFUSE


def folded_first(r):
    name, separator, value = r.fields[0]
    r.fields[0] = (" " + name, separator, value)
    return REFUSE


def bare_line_end(r):
    i = r.rng.randrange(len(r.fields))
    name, separator, value = r.fields[i]
    bad = r.rng.choice(["\n", "\r", "\r\r\n", "\n\r\n"])
    r.fields[i] = (name, separator, value + bad + "X-Hidden: 1")
    return REFUSE


def all_bare(r):
    r.end = "\n"
    return REFUSE


def control_in_value(r):
    r.add("X-Control", "a" + r.rng.choice(["\0", "\x01", "\x0b", "\x0c", "\x1f", "\x7f"]) + "b")
    return REFUSE


def odd_name(r):
    r.add(r.rng.choice(["X(Y)", "X,Y", "X/Y", "X@Y", "X[Y]", "X{Y}", "X\"Y", "É", ""]), "1")
    return REFUSE


def without_colon(r):
    r.add("X-None", "1", r.rng.choice(["", " ", "="]))
    return REFUSE


def line_begins_early(r):
    early = r.rng.choice(["\r\n", "\r\n\r\n", "\n", " ", "\t"])
    r.line[0] = early + r.line[0]
    return PASS if early == "\r\n" else REFUSE  # one empty line is skipped (RFC 9112, 2.2)


def absolute_target(r):
    """It is taken like the path in it, whatever host stands there."""
    r.line[2] = r.rng.choice(["http://a", "HTTP://api.example.com:80", "https://[::1]"]) + r.line[2]
    return PASS


def odd_separators(r):
    r.line[r.rng.choice([1, 3])] = r.rng.choice(["  ", "\t", "\v", " \t", "", "\r"])
    return REFUSE


def odd_version(r):
    r.line[4] = r.rng.choice(["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/1.10",
                              "HTTP/11", "HTTP/01.1", "HTTP 1.1", "", "ICY/1.1"])
    return REFUSE


def odd_method(r):
    r.line[0] = r.rng.choice(["G ET", "G(T", "GET:", "", "G\0T", "X" * 33, "GÉT"])
    return REFUSE


def odd_target(r):
    path = r.line[2]
    r.line[2] = r.rng.choice(["http://u@a" + path, path.replace("/case", "/../case"), path + "#f",
                              path.replace("/case", "/%2e%2e/case"), path.replace("/case", "%2fcase"),
                              path + " x", path[1:], "*", path.replace("case", "c%00se"),
                              path.replace("case", "c%zzse"), path.replace("/case", "\\case"),
                              path.replace("/case", "/..;/case"), path.replace("case", "%252e%252e")])
    return REFUSE


def host_trouble(r):
    i = r.field("Host")
    choice = r.rng.randrange(4)
    if choice == 0:
        del r.fields[i]
    elif choice == 1:
        r.add("Host", "other.example.com")
    elif choice == 2:
        r.fields[i] = ("Host", ": ", r.rng.choice(["a, b", "a b", "a/b", "u@a", "", "a:99999x", ":80"]))
    else:
        r.add("host", "api.example.com")
    return REFUSE


@needs("chunked")
def odd_chunk_size(r):
    if not r.chunk_parts:
        r.last = r.rng.choice([b"00x\r\n", b"+0\r\n", b"-0\r\n", b"0x0\r\n", b" 0\r\n", b"0 \r\n",
                               b"0\n", b"\r\n"])
        return REFUSE
    part = r.rng.choice(r.chunk_parts)
    n = part[0]
    part[0] = r.rng.choice(["0x" + n, "+" + n, "-" + n, " " + n, n + " ", n + "\t", "g", "",
                            "0" * 9 + n, n + "\0", n + ",", n + ".0", "FFFFFFFFF" + n])
    return REFUSE


@needs("chunked")
def long_chunk_size(r):
    for part in r.chunk_parts:
        part[0] = r.rng.choice([part[0].rjust(8, "0"), part[0].upper(), part[0]])
        part[1] = r.rng.choice(["", ";a", ";a=b", ";a=\"b\"", ";" + "x" * 100])
    return PASS


@needs("chunked")
def odd_extension(r):
    if not r.chunk_parts:
        return PASS
    r.rng.choice(r.chunk_parts)[1] = r.rng.choice([";\n", ";\r", ";a\0", "x", " ;a=\x01",
                                                   ";" + "x" * 2000])
    return REFUSE


@needs("chunked")
def chunk_of_another_size(r):
    if not r.chunk_parts:
        return PASS
    part = r.rng.choice(r.chunk_parts)
    part[2] = part[2] + r.rng.choice([b"x", b"xy", SMUGGLED])
    return REFUSE


@needs("chunked")
def chunk_without_end(r):
    if not r.chunk_parts:
        return PASS
    r.rng.choice(r.chunk_parts)[3] = r.rng.choice([b"", b"\n", b"\r", b"\n\r", b"\r\r\n"])
    return EITHER  # the next bytes may happen to be its end


@needs("chunked")
def trailers(r):
    r.trailers = r.rng.choice([b"X-Trailer: 1\r\n\r\n", b"Authorization: Bearer x\r\n\r\n",
                               b"A: b\r\nHost: c\r\n\r\n"])
    return PASS


@needs("chunked")
def odd_trailers(r):
    r.trailers = r.rng.choice([b"no colon\r\n\r\n", b" folded: 1\r\n\r\n", b"A : b\r\n\r\n",
                               b"A: b\nC: d\r\n\r\n", b"A: \0\r\n\r\n",
                               b"Content-Length: 100\r\n\r\n",
                               b"Transfer-Encoding: x\r\nHost: b\r\n\r\n"])
    return REFUSE


def names_of_one_hop(r):
    r.add("Connection", r.rng.choice(["content-length", "transfer-encoding, host", "x-field-0, close",
                                      "authorization", "keep-alive, te", "content-length, x-request-id"]))
    r.add("TE", "trailers")
    r.add("Keep-Alive", "timeout=5")
    r.add("Proxy-Connection", "keep-alive")
    return PASS


def names_like_framing(r):
    r.add(r.rng.choice(["Content_Length", "Transfer_Encoding", "X-Content-Length"]),
          r.rng.choice(["5", "chunked", "0"]))
    return PASS


def odd_expectation(r):
    r.add("Expect", r.rng.choice(["200-ok", "100-continue, x", "", "100-continued"]))
    return REFUSE


def upgrades(r):
    r.add("Connection", "Upgrade, HTTP2-Settings")
    r.add("Upgrade", r.rng.choice(["h2c", "TLS/1.0", "h2c, websocket"]))
    r.add("HTTP2-Settings", "AAMAAABkAAQAAP__")
    return PASS


def followed(r):
    """A second request behind the first: it has no token, so it must not arrive."""
    r.after = SMUGGLED
    return PASS


@needs("length")
def length_too_short(r):
    """What is beyond the length is another request, and none that may pass."""
    r.body += SMUGGLED
    return PASS


@needs("length")
def length_too_long(r):
    i = r.field("Content-Length")
    r.fields[i] = ("Content-Length", ": ", str(len(r.body) + 5))
    return REFUSE  # never whole


MUTATIONS = [
    nothing, second_length, length_and_chunks, odd_length, padded_length, odd_coding, second_coding,
    coding_in_any_case, coding_in_an_old_version, field_before_colon, folded, folded_first,
    bare_line_end, all_bare, control_in_value, odd_name, without_colon, line_begins_early, absolute_target,
    odd_separators, odd_version, odd_method, odd_target, host_trouble, odd_chunk_size,
    long_chunk_size, odd_extension, chunk_of_another_size, chunk_without_end, trailers, odd_trailers,
    names_of_one_hop, names_like_framing, odd_expectation, upgrades, followed, length_too_short,
    length_too_long]


def random_bytes(rng, wire, target):
    """A few bytes changed anywhere but in the target, by which the case is known."""
    wire = bytearray(wire)
    for _ in range(rng.randrange(1, 4)):
        start = wire.find(target)
        at = rng.randrange(len(wire))
        if start <= at <= start + len(target):
            continue
        odd = rng.choice(b"\0\r\n\t :;,=+-0123456789abcdefx\x7f\x80\xff")
        what = rng.randrange(3)
        if what == 0:
            wire[at] = odd
        elif what == 1:
            wire.insert(at, odd)
        elif len(wire) > 1:
            del wire[at]
    return bytes(wire)


class Case:
    def __init__(self, seed, number, token):
        self.number = number
        rng = random.Random(f"{seed}/{number}")
        while True:
            request = Request(rng, number, token)
            mutation = rng.choice(MUTATIONS)
            if getattr(mutation, "framing", request.framing) == request.framing:
                break
        self.body = request.body
        self.method = request.method
        self.expected = mutation(request)
        self.wire = request.wire()
        self.name = mutation.__name__
        if mutation is not odd_target and rng.random() < 0.25:
            self.wire = random_bytes(rng, self.wire, f"/tenants/{TENANT}/case/{number}".encode())
            self.expected = EITHER
            self.name += "+bytes"
        self.pieces = []
        rest = self.wire
        while rest and rng.random() < 0.5 and len(self.pieces) < 4:
            cut = rng.randrange(1, len(rest) + 1)
            self.pieces.append(rest[:cut])
            rest = rest[cut:]
        if rest:
            self.pieces.append(rest)
