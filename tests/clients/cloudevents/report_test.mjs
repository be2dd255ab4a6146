// A month sent by the `cloudevents` SDK, unchanged, in structured mode, with one request in twenty sent twice; then
// the report's line of the tenant against figures worked out by hand.
//
//   node report_test.mjs PATH_OF_METERGATE
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudEvent, emitterFor, Mode } from "cloudevents";

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

// What is sent, and by the free plan (1 store, 2 devices, 10,000 calls, 100 webhooks, 1 GB) what it must cost:
//   stores   2 − 1         = 1   × 10     = 10.00
//   devices  2 − 2         = 0
//   calls    10,500 − 10,000 = 500 × 0.001  =  0.50
//   webhooks 120 − 100     = 20  × 0.01   =  0.20
//   storage  1.5 − 1       = 0.5 × 2      =  1.00     together 11.70
const wanted = "park,Adventure Park,free,active,2,1,2,2,10500,10000,120,100,1.50,1.00,Yes,11.70,critical";

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

const server = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => server.on("exit", resolve));
try {
  await new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("ready") && resolve());
    server.on("exit", () => reject(new Error("the server did not start")));
  });
  run("tenants", "add", "park", "--name", "Adventure Park", "--plan", "free");
  const key = run("keys", "add", "--permission", "events.write", "--name", "sdk");
  const send = emitterFor(async ({ headers, body }) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/events`,
      { method: "POST", headers: { ...headers, authorization: `Bearer ${key}` }, body });
    if (answer.status !== 204) throw new Error(`${answer.status}: ${await answer.text()}`);
  }, { mode: Mode.STRUCTURED });
  let sent = 0;
  const events = month();
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let next = events.next(); !next.done; next = events.next()) {
      const [type, data] = next.value;
      const event = new CloudEvent({ source: "/orders", type, subject: "park", data });
      await send(event);
      if (++sent % 20 === 0) await send(event);
    }
  }));
  const period = new Date().toISOString().slice(0, 7);
  const line = run("report", period, "--format", "csv").split(/\r?\n/).find((row) => row.startsWith("park,"));
  if (line !== wanted) throw new Error(`the report says\n  ${line}\ninstead of\n  ${wanted}`);
  run("verify");
  console.log(`sent ${sent} events, one in twenty twice; the report says ${line}`);
  console.log("1 passed, 0 failed");
} finally {
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true });
}
