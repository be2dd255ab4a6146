// A month sent by the `cloudevents` SDK, unchanged, once in each of its ways: binary mode and structured mode by its own
// HTTP binding, one event a request, and batches of its events (it writes their JSON; it has no binding for batches).
// One answer in twenty is swallowed and the server is killed in the middle: the sender sends again until it has a 204,
// and one event in twenty twice more, in the two other ways. Then the report's lines against figures worked out by hand.
//
//   node report_test.mjs PATH_OF_METERGATE
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CloudEvent, emitterFor, HTTP, Mode } from "cloudevents";
import { LossyLink } from "./lossy_link.mjs";

const binary = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "metergate-cloudevents-"));
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const env = { ...process.env, JWT_SECRET: "a-secret-of-at-least-32-bytes-for-tests", DATA_DIR: join(folder, "data"),
  API_PORT: String(port), LISTEN_ADDRESS: "127.0.0.1", LOG_LEVEL: "error" };

function run(...words) {
  const done = spawnSync(binary, words, { env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`metergate ${words.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

class Server {
  async start() {
    this.process = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    await new Promise((resolve, reject) => {
      this.process.stdout.on("data", (text) => String(text).includes("ready") && resolve());
      this.process.on("exit", () => reject(new Error("the server did not start")));
    });
  }

  async end(signal) {
    this.process.kill(signal);
    await this.ended;
  }
}

// The events sent, and their cost under the free plan (1 store, 2 devices, 10,000 calls, 100 webhooks, 1 GB):
//   stores   2 − 1         = 1   × 10     = 10.00
//   devices  2 − 2         = 0
//   calls    10,500 − 10,000 = 500 × 0.001  =  0.50
//   webhooks 120 − 100     = 20  × 0.01   =  0.20
//   storage  1.5 − 1       = 0.5 × 2      =  1.00     together 11.70
const wanted = (tenant) =>
  `${tenant},Adventure Park,free,active,2,1,2,2,10500,10000,120,100,1.50,1.00,Yes,11.70,critical,USD`;

function* month() {
  for (let n = 0; n < 10_500; ++n) {
    yield ["api.call", { method: "GET", endpoint: `/orders`, status: n % 50 ? 200 : 404, request_bytes: 200,
      response_bytes: 900, duration_ms: 3 + (n % 40) / 4 }];
  }
  for (let n = 0; n < 120; ++n) yield ["webhook.call", { webhook_id: "w1", success: n % 10 !== 0, duration_ms: 80 }];
  yield ["store.count", { count: 2 }];
  yield ["device.count", { count: 2 }];
  yield ["storage.usage", { bytes: 1.5 * 2 ** 30 }];
}

// Sends messages of the SDK until the server has them; counts what it takes.
class Sender {
  constructor(url, key) {
    this.url = url;
    this.key = key;
    this.requests = 0;
    this.unanswered = 0;
    this.one = {
      binary: emitterFor((message) => this.post(message), { binding: HTTP, mode: Mode.BINARY }),
      structured: emitterFor((message) => this.post(message), { binding: HTTP, mode: Mode.STRUCTURED }),
      batch: (event) => this.batch([event]),
    };
  }

  batch(events) {
    return this.post({ headers: { "content-type": "application/cloudevents-batch+json" }, body: JSON.stringify(events) });
  }

  async post({ headers, body }) {
    for (let tries = 0; tries < 400; ++tries) {
      ++this.requests;
      try {
        const answer = await fetch(this.url,
          { method: "POST", headers: { ...headers, authorization: `Bearer ${this.key}` }, body });
        if (answer.status !== 204) throw new Error(`${answer.status}: ${await answer.text()}`);
        return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;  // fetch's word for a connection that broke
        ++this.unanswered;
        await pause(tries === 0 ? 0 : 25);
      }
    }
    throw new Error("the server does not answer");
  }
}

async function sendMonth(sender, way, tenant, atHalf) {
  const size = way === "batch" ? 50 : 1;
  const others = Object.keys(sender.one).filter((other) => other !== way);
  const events = month();
  let sent = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (;;) {
      const pack = [];
      for (let next; pack.length < size && !(next = events.next()).done;) {
        const [type, data] = next.value;
        pack.push(new CloudEvent({ source: "/orders", type, subject: tenant, data }));
      }
      if (pack.length === 0) return;
      await (size === 1 ? sender.one[way](pack[0]) : sender.batch(pack));
      for (const event of pack) {
        const number = ++sent;
        if (number % 20 === 0) for (const other of others) await sender.one[other](event);
        if (number === 5000) await atHalf();
      }
    }
  }));
  return sent;
}

const server = new Server();
await server.start();
const link = new LossyLink(port, 20);
try {
  const key = run("keys", "add", "--permission", "events.write", "--name", "sdk");
  const sender = new Sender(`http://127.0.0.1:${await link.open()}/api/v1/events`, key);
  const period = new Date().toISOString().slice(0, 7);
  for (const way of ["binary", "structured", "batch"]) {
    const tenant = `park_${way}`;
    run("tenants", "add", tenant, "--name", "Adventure Park", "--plan", "free");
    const before = { ...sender, swallowed: link.swallowed };
    const sent = await sendMonth(sender, way, tenant, async () => {
      await server.end("SIGKILL");
      await server.start();
    });
    const line = run("report", period, "--format", "csv").split(/\r?\n/).find((row) => row.startsWith(`${tenant},`));
    if (line !== wanted(tenant)) throw new Error(`the report says\n  ${line}\ninstead of\n  ${wanted(tenant)}`);
    const swallowed = link.swallowed - before.swallowed;
    const unanswered = sender.unanswered - before.unanswered;
    if (swallowed < 20) throw new Error(`only ${swallowed} answers were swallowed: this proves little`);
    if (unanswered === swallowed) throw new Error("no request was under way when the server was killed");
    console.log(`${way}: ${sent} events in ${sender.requests - before.requests} requests, ${swallowed} answers swallowed, ` +
      `${unanswered} requests without an answer; the report says ${line}`);
  }
  run("verify");
  console.log("3 passed, 0 failed");
} finally {
  link.close();
  await server.end("SIGTERM");
  rmSync(folder, { recursive: true });
}
