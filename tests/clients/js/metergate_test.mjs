// The JavaScript client against a scripted server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";
import { judge, namedFaults, retryAfterMs } from "../../../clients/js/answers.js";
import { Metergate } from "../../../clients/js/metergate.js";

const LONG = 20_000;
const NO_CONTENT = { status: 204 };

/** Answers the n-th request with script(n, events): { status, headers, body }, or null to hang up. */
async function scripted(script, then) {
  const bodies = [];
  const heads = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    bodies.push(body);
    heads.push(request);
    const answer = await script(bodies.length - 1, body);
    if (answer === null) return request.socket.destroy();
    response.writeHead(answer.status, answer.headers ?? {});
    response.end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  try {
    return await then(url, bodies, heads);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const open = [];
afterEach(() => Promise.all(open.splice(0).map((client) => client.close(0))));

function make(url, more = {}) {
  const problems = [];
  const client = new Metergate({ url, token: "mg_live_test", source: "tests", batchDelayMs: 5, retryFirstMs: 1,
    retryMaxMs: 5, onProblem: (problem) => problems.push(problem), ...more });
  open.push(client);
  return { client, problems };
}

const ids = (body) => JSON.parse(body).map((event) => event.id);
const refusal = (errors) => ({ status: 400, body: JSON.stringify({ detail: "bad", errors }) });

test("the five calls are CloudEvents", () => scripted(() => NO_CONTENT, async (url, bodies, heads) => {
  const { client } = make(`${url}/metering/`);
  const call = { method: "GET", endpoint: "/orders/{id}", status: 200, request_bytes: 1, response_bytes: 2,
    duration_ms: 1.23456, store_id: "s1" };
  assert.equal(client.trackApiCall("acme", call), true);
  assert.equal(client.trackWebhookCall("acme", "orders", false, 80), true);
  assert.equal(client.trackStorageUsage("acme", 5_000_000_000n), true);
  assert.equal(client.trackDeviceCount("acme"), true);
  assert.equal(client.trackStoreCount("acme", 7), true);
  assert.equal(await client.flush(LONG), true);
  const events = JSON.parse(bodies[0]);
  assert.deepEqual(events.map((event) => [event.type, event.subject, event.source, event.data]), [
    ["api.call", "acme", "tests", { ...call, duration_ms: 1.235 }],
    ["webhook.call", "acme", "tests", { webhook_id: "orders", success: false, duration_ms: 80 }],
    ["storage.usage", "acme", "tests", { bytes: 5_000_000_000 }],
    ["device.count", "acme", "tests", {}],
    ["store.count", "acme", "tests", { count: 7 }]]);
  for (const event of events) {
    assert.match(event.id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assert.equal(heads[0].url, "/metering/api/v1/events");
  assert.equal(heads[0].headers.authorization, "Bearer mg_live_test");
  assert.equal(client.counts.recorded, 5);
}));

test("a batch goes out when it has its number of events", () => scripted(() => NO_CONTENT, async (url, bodies) => {
  const { client } = make(url, { batchEventsMax: 3, batchDelayMs: 3_600_000 });
  for (let n = 0; n < 7; ++n) client.trackStorageUsage("acme", n);
  assert.equal(await client.flush(LONG), true);
  assert.deepEqual(bodies.map((body) => ids(body).length), [3, 3, 1]);
}));

test("a batch has at most its bytes", () => scripted(() => NO_CONTENT, async (url, bodies) => {
  const { client } = make(url, { batchBytesMax: 1024 });
  for (let n = 0; n < 50; ++n) client.trackStorageUsage("äcme", n);
  assert.equal(await client.flush(LONG), true);
  for (const body of bodies) assert.ok(Buffer.byteLength(body) <= 1024 + 2);
}));

test("what passes is tried again with the same bytes", () => {
  const script = [null, { status: 429 }, { status: 500 }, { status: 502 }, { status: 503 }, { status: 504 }];
  return scripted((n) => (n < script.length ? script[n] : NO_CONTENT), async (url, bodies) => {
    const { client } = make(url);
    client.trackStorageUsage("acme", 1);
    assert.equal(await client.flush(LONG), true);
    assert.equal(bodies.length, script.length + 1);
    assert.equal(new Set(bodies).size, 1);
    assert.equal(client.counts.recorded, 1);
  });
});

test("a Retry-After is kept", () => scripted((n) => (n === 0 ? { status: 503, headers: { "Retry-After": "1" } } : NO_CONTENT),
  async (url) => {
    const { client } = make(url);
    client.trackStorageUsage("acme", 1);
    const begin = performance.now();
    assert.equal(await client.flush(LONG), true);
    assert.ok(performance.now() - begin >= 950);
  }));

test("events that the server names are reported and the others sent", () => scripted(
  (n) => (n === 0 ? refusal([{ index: 2, field: "time", message: "late" }, { index: 0, message: "x" }, { index: 9 }]) : NO_CONTENT),
  async (url, bodies) => {
    const { client, problems } = make(url);
    for (let n = 0; n < 4; ++n) client.trackStorageUsage("acme", n);
    assert.equal(await client.flush(LONG), true);
    const [first, second] = bodies.map(ids);
    assert.deepEqual(second, [first[1], first[3]]);
    assert.deepEqual(problems.map(({ kind, message }) => [kind, message]), [["refused", "time: late"], ["refused", "x"]]);
    assert.equal(JSON.parse(problems[0].event).data.bytes, 2);
    assert.deepEqual({ ...client.counts }, { tracked: 4, recorded: 2, refused: 2, dropped: 0, waiting: 0 });
  }));

test("one bad event that nobody names is found by halves", () => scripted(
  (n, body) => (JSON.parse(body).some((event) => event.data.bytes === 5) ? { status: 400, body: "?" } : NO_CONTENT),
  async (url) => {
    const { client } = make(url);
    for (let n = 0; n < 8; ++n) client.trackStorageUsage("acme", n);
    assert.equal(await client.flush(LONG), true);
    assert.equal(client.counts.recorded, 7);
    assert.equal(client.counts.refused, 1);
  }));

test("half a surrogate pair does not make a batch unreadable", () => scripted(() => NO_CONTENT, async (url, bodies) => {
  const { client } = make(url);
  client.trackWebhookCall("acme", "a\uD800b😀", true, 1);
  assert.equal(await client.flush(LONG), true);
  assert.equal(JSON.parse(bodies[0])[0].data.webhook_id, "a\uFFFDb😀");
}));

test("what does not fit is dropped, counted and told", () => scripted(
  () => ({ status: 503, headers: { "Retry-After": "3600" } }), async (url) => {
    const { client, problems } = make(url, { bufferEventsMax: 3 });
    assert.deepEqual([1, 2, 3, 4, 5].map((n) => client.trackStorageUsage("acme", n)), [true, true, true, false, false]);
    assert.equal(await client.close(20), false);
    assert.deepEqual({ ...client.counts }, { tracked: 5, recorded: 0, refused: 0, dropped: 2, waiting: 3 });
    const of = (kind) => problems.filter((problem) => problem.kind === kind).reduce((sum, { events }) => sum + events, 0);
    assert.equal(of("dropped"), 2);
    assert.equal(of("unsent"), 3);
    assert.equal(client.trackStorageUsage("acme", 6), false);
  }));

test("close does not wait for a server that is silent", () => scripted(() => new Promise(() => {}), async (url) => {
  const { client } = make(url, { requestTimeoutMs: 3_600_000 });
  client.trackStorageUsage("acme", 1);
  assert.equal(await client.close(30), false);
}));

test("a request without an answer in time is tried again", () => scripted(
  (n) => (n === 0 ? new Promise(() => {}) : NO_CONTENT), async (url) => {
    const { client, problems } = make(url, { requestTimeoutMs: 50 });
    client.trackStorageUsage("acme", 1);
    assert.equal(await client.flush(LONG), true);
    assert.equal(problems[0].message, "no answer in time");
  }));

test("a process that has nothing else to do sends what waits, and ends", () => scripted(() => NO_CONTENT, async (url, bodies) => {
  const code = `import { Metergate } from ${JSON.stringify(new URL("../../../clients/js/metergate.js", import.meta.url))};
    new Metergate({ url: "${url}", token: "t", batchDelayMs: 3600000 }).trackStoreCount("acme");`;
  const program = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  assert.deepEqual(await once(program, "exit"), [0, null]);
  assert.equal(bodies.length, 1);
}));

test("options that cannot work are refused in words", () => {
  const why = (more) => {
    try {
      return make("http://127.0.0.1:1", more) && "";
    } catch (error) {
      return error.message;
    }
  };
  assert.match(why({ url: "ftp://a" }), /use http\(s\):/);
  assert.match(why({ token: "a\nb" }), /token/);
  assert.match(why({ batchEventsMax: 10_001 }), /batchEventsMax is 10001; 1 to 10000 are allowed/);
  assert.match(why({ batchEventMax: 5 }), /no option batchEventMax/);
  assert.equal(why({ source: undefined }), "");
});

test("an answer is judged by its status and what it names", () => {
  const kind = (status, body = "", events = 3) => judge({ status, retryAfter: null, body }, events).kind;
  const bad = JSON.stringify({ errors: [{ index: 1, message: "x" }] });
  assert.equal(kind(204), "recorded");
  for (const status of [200, 302, 401, 403, 404, 405, 415, 431]) assert.equal(kind(status), "muchLater", String(status));
  for (const status of [0, 408, 425, 429, 500, 503, 599]) assert.equal(kind(status, bad), "again", String(status));
  for (const status of [400, 403, 404, 409, 422]) assert.equal(kind(status, bad), "dropNamed", String(status));
  for (const status of [400, 409, 413]) assert.equal(kind(status, bad, 1), "halve", String(status));
});

test("faults that name no event are none", () => {
  for (const problem of [null, {}, { errors: "x" }, { errors: [null, {}, { index: -1 }, { index: 1.5 }, { index: "1" }] }]) {
    assert.equal(namedFaults(problem, 3).size, 0);
  }
});

test("a Retry-After is seconds or a date, and at most an hour", () => {
  const now = Date.UTC(2026, 2, 5, 10, 30);
  assert.equal(retryAfterMs("2", now), 2000);
  assert.equal(retryAfterMs("Thu, 05 Mar 2026 10:30:45 GMT", now), 45_000);
  assert.equal(retryAfterMs("Thu, 05 Mar 2026 10:00:00 GMT", now), 0);
  assert.equal(retryAfterMs("7200", now), 3_600_000);
  for (const value of [null, "", "soon"]) assert.equal(retryAfterMs(value, now), null);
});
