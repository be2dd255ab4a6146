// OpenMeter's own SDK, unchanged, against a server: meters are defined, events sent, usage asked for, and what comes back is held
// against figures worked out by hand. The built-in meters, errors and a tenant's own token too.
//
//   node sdk_test.mjs PATH_OF_METERGATE
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HTTPError, OpenMeter } from "@openmeter/sdk";

const binary = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "metergate-openmeter-"));
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const env = { ...process.env, JWT_SECRET: "a-secret-of-at-least-32-bytes-for-tests", DATA_DIR: join(folder, "data"),
  API_PORT: String(port), LISTEN_ADDRESS: "127.0.0.1", LOG_LEVEL: "error" };
const baseUrl = `http://127.0.0.1:${port}`;

function run(...words) {
  const done = spawnSync(binary, words, { env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`metergate ${words.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

// An hour of yesterday in UTC, so that it lies in the past and within the grace of its month.
const hour = new Date(Date.now() - 24 * 3600 * 1000);
hour.setUTCHours(10, 0, 0, 0);
const at = (minutes) => new Date(hour.getTime() + minutes * 60_000);

const tests = {
  async "a meter is defined, listed and found by slug and id"(om) {
    const made = await om.meters.create({ slug: "tokens_total", name: "Tokens", aggregation: "SUM", eventType: "prompt",
      valueProperty: "$.tokens", groupBy: { model: "$.model", type: "$.type" } });
    assert.equal(made.slug, "tokens_total");
    assert(made.createdAt instanceof Date);
    const slugs = (await om.meters.list()).map((meter) => meter.slug);
    assert.deepEqual(slugs, ["stores_count", "devices_count", "api_calls", "webhook_calls", "storage_gb", "tokens_total"]);
    assert.equal((await om.meters.get(made.id)).slug, "tokens_total");
    assert.deepEqual((await om.meters.get("tokens_total")).groupBy, { model: "$.model", type: "$.type" });
  },

  async "usage comes back by window, subject and group"(om) {
    const event = (subject, minutes, tokens, model, type) =>
      ({ type: "prompt", subject, time: at(minutes), source: "app", data: { tokens, model, type } });
    await om.events.ingest([event("acme", 0, "1.5", "x", "in"), event("acme", 1, 2, "x", "out"),
      event("acme", 61, 4, "y", "in"), event("bolt", 1, 8, "x", "in")]);
    const range = { from: at(0), to: at(120) };
    const whole = await om.meters.query("tokens_total", range);
    assert.equal(whole.data.length, 1);
    assert.equal(whole.data[0].value, 15.5);
    assert.equal(whole.data[0].subject, null);
    assert.deepEqual(whole.data[0].windowStart, at(0));
    const hours = await om.meters.query("tokens_total", { ...range, windowSize: "HOUR", subject: ["acme"] });
    assert.deepEqual(hours.data.map((row) => [row.windowStart, row.subject, row.value]),
      [[at(0), "acme", 3.5], [at(60), "acme", 4]]);
    const models = await om.meters.query("tokens_total",
      { ...range, groupBy: ["subject", "model"], filterGroupBy: { type: "in" } });
    assert.deepEqual(models.data.map((row) => [row.subject, row.groupBy, row.value]),
      [["acme", { model: "x" }, 1.5], ["acme", { model: "y" }, 4], ["bolt", { model: "x" }, 8]]);
    const minutes = await om.meters.query("tokens_total",
      { ...range, windowSize: "MINUTE", windowTimeZone: "Asia/Kathmandu", subject: ["bolt"] });
    assert.deepEqual(minutes.data.map((row) => [row.windowStart, row.windowEnd]), [[at(1), at(2)]]);
  },

  async "a question may be a body, with any of several values of a group"(om) {
    const body = { from: at(0), to: at(120), clientId: "me", groupBy: ["subject"] };
    const rows = async (more) =>
      (await om.meters.queryPost("tokens_total", { ...body, ...more })).data.map((row) => [row.subject, row.value]);
    assert.deepEqual(await rows({}), [["acme", 7.5], ["bolt", 8]]);
    assert.deepEqual(await rows({ subject: ["bolt"] }), [["bolt", 8]]);
    assert.deepEqual(await rows({ filterGroupBy: { model: ["y"], type: ["in", "out"] } }), [["acme", 4]]);
    const advanced = (filters) => rows({ advancedMeterGroupByFilters: filters });
    assert.deepEqual(await advanced({ model: { $eq: "x" } }), [["acme", 3.5], ["bolt", 8]]);
    assert.deepEqual(await advanced({ model: { $ne: "x" } }), [["acme", 4]]);
    assert.deepEqual(await advanced({ model: { $or: [{ $like: "y%" }, { $in: ["z"] }] }, type: { $ilike: "IN" } }), [["acme", 4]]);
    await assert.rejects(advanced({ model: { $equals: "x" } }), (error) => error.status === 400);
    await assert.rejects(advanced({ kind: { $eq: "x" } }), (error) => error.status === 400);
    const asked = await om.meters.query("tokens_total", { from: at(0), to: at(120),
      advancedMeterGroupByFilters: JSON.stringify({ model: { $eq: "y" } }) });
    assert.equal(asked.data[0].value, 4);
    assert.equal((await om.meters.query("tokens_total", { clientId: "me", from: at(0), to: at(120) })).data[0].value, 15.5);
  },

  async "the values of a group are listed"(om) {
    const range = { from: at(0), to: at(120) };
    assert.deepEqual(await om.meters.listGroupByValues("tokens_total", "model", range), ["x", "y"]);
    assert.deepEqual(await om.meters.listGroupByValues("tokens_total", "type", { from: at(60), to: at(120) }), ["in"]);
    await assert.rejects(om.meters.listGroupByValues("tokens_total", "kind", range), (error) => error.status === 400);
  },

  async "events are listed as they were sent, the newest first"(om) {
    const listed = await om.events.list({ from: at(0), to: at(120) });
    assert.equal(listed.length, 4);
    assert.deepEqual(listed[0].event.time, at(61));
    assert.equal(listed[0].event.subject, "acme");
    assert.equal(listed[0].event.specversion, "1.0");
    assert.deepEqual(listed[0].event.data, { tokens: 4, model: "y", type: "in" });
    assert(listed[0].ingestedAt instanceof Date && listed[0].storedAt instanceof Date);
    assert.equal(listed[0].validationError, undefined);
    assert.deepEqual((await om.events.list({ subject: "bol" })).map(({ event }) => event.subject), ["bolt"]);
    assert.equal((await om.events.list({ limit: 2 })).length, 2);
    const id = listed[1].event.id;
    assert.deepEqual((await om.events.list({ id: id.slice(3, 20) })).map(({ event }) => event.id), [id]);
    assert.deepEqual(await om.events.list({ subject: "nobody" }), []);
    await assert.rejects(om.events.list({ ingestedAtFrom: at(0) }), (error) => error.status === 400);
    await om.events.ingest({ id: "odd", type: "odd.type", subject: "bolt", time: at(2), source: "app", data: { any: "thing" } });
    assert.equal((await om.events.list({ id: "odd" }))[0].validationError, "no meter counts events of this type");
    const own = new OpenMeter({ baseUrl, apiKey: run("token", "--scope", "tenant", "--tenant", "bolt") });
    assert.deepEqual(new Set((await own.events.list()).map(({ event }) => event.subject)), new Set(["bolt"]));
    assert.deepEqual(await own.events.list({ subject: "acme" }), []);
  },

  async "a meter keeps metadata"(om) {
    const made = await om.meters.create({ slug: "seats", aggregation: "LATEST", eventType: "seats", valueProperty: "$.n",
      metadata: { owner: "billing", "cost.centre": "42" } });
    assert.deepEqual(made.metadata, { owner: "billing", "cost.centre": "42" });
    assert.deepEqual((await om.meters.update("seats", { name: "Seats" })).metadata, made.metadata);
    assert.deepEqual((await om.meters.update("seats", { metadata: { owner: "sales" } })).metadata, { owner: "sales" });
    assert.deepEqual((await om.meters.get("seats")).metadata, { owner: "sales" });
    await assert.rejects(om.meters.update("seats", { metadata: { n: 5 } }), (error) => error.status === 400);
    await om.meters.delete("seats");
  },

  async "Kong's consumers are tenants"(om) {
    const send = (subject, id) => fetch(`${baseUrl}/api/v3/openmeter/events`, { method: "POST",
      headers: { authorization: `Bearer ${provider}`, "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify([{ specversion: "1.0", id, source: "kong", type: "kong.request", subject, time: at(3), data: {} }]) });
    assert.equal((await send("consumer:bolt", "k1")).status, 204);
    assert.equal((await send("bolt", "k1")).status, 204, "the same event, sent again");
    assert.equal((await send("consumer:nobody", "k2")).status, 404);
    assert.deepEqual((await om.events.list({ id: "k1" })).map(({ event }) => event.subject), ["bolt"]);
  },

  async "a meter is renamed and counts on, and what it groups by stays"(om) {
    const changed = await om.meters.update("tokens_total", { name: "All tokens", description: "in and out" });
    assert.equal(changed.name, "All tokens");
    assert.deepEqual(changed.groupBy, { model: "$.model", type: "$.type" });
    assert.equal((await om.meters.get("tokens_total")).description, "in and out");
    await assert.rejects(om.meters.update("tokens_total", { groupBy: { kind: "$.kind" } }), (error) => error.status === 400);
    await assert.rejects(om.meters.update("api_calls", { name: "mine" }), (error) => error.status === 400);
  },

  async "subjects are the tenants"(om) {
    assert.deepEqual((await om.subjects.list()).map((subject) => subject.key).sort(), ["acme", "bolt"]);
    const [named] = await om.subjects.upsert({ key: "acme", displayName: "Acme Inc" });
    assert.equal(named.displayName, "Acme Inc");
    assert.equal((await om.subjects.get("acme")).displayName, "Acme Inc");
    await assert.rejects(om.subjects.upsert({ key: "new" }), (error) => error.status === 400);
  },

  async "the built-in meters answer too"(om) {
    await om.events.ingest({ type: "api.call", subject: "acme", time: at(5), source: "app",
      data: { method: "GET", endpoint: "/orders", status: 200, request_bytes: 1, response_bytes: 2, duration_ms: 3 } });
    for (const windowSize of ["MINUTE", "HOUR", "DAY", "MONTH"]) {
      const calls = await om.meters.query("api_calls", { windowSize, subject: ["acme"], from: at(-24 * 60) });
      assert.deepEqual(calls.data.map((row) => row.value), [1], windowSize);
    }
  },

  async "an event that was wrong is replaced, and usage follows"(om) {
    await om.events.ingest({ id: "wrong", type: "prompt", subject: "bolt", time: at(90), source: "app", data: { tokens: 1000 } });
    const correct = () => fetch(`${baseUrl}/api/v1/corrections`, { method: "POST",
      headers: { authorization: `Bearer ${provider}`, "content-type": "application/json" },
      body: JSON.stringify({ tenant_id: "bolt", source: "app", id: "wrong", action: "replace", reason: "sent in thousands",
        event: { data: { tokens: 1 } } }) });
    assert.equal((await correct()).status, 201);
    assert.equal((await correct()).status, 409);
    assert.deepEqual((await om.meters.query("tokens_total", { subject: ["bolt"] })).data.map((row) => row.value), [9]);
  },

  async "an error is a problem that the SDK understands"(om) {
    await assert.rejects(om.meters.get("nothing"), (error) => error instanceof HTTPError && error.status === 404);
    await assert.rejects(om.meters.create({ slug: "tokens_total", aggregation: "COUNT", eventType: "x" }),
      (error) => error instanceof HTTPError && error.status === 409);
    await assert.rejects(om.meters.create({ slug: "x", aggregation: "SUM", eventType: "x" }),
      (error) => error.status === 400 && error.getField("errors")[0].field === "valueProperty");
  },

  async "a tenant's token sees its own usage only"() {
    const own = new OpenMeter({ baseUrl, apiKey: run("token", "--scope", "tenant", "--tenant", "bolt") });
    assert.deepEqual((await own.meters.query("tokens_total")).data.map((row) => [row.subject, row.value]), [["bolt", 9]]);
    await assert.rejects(own.meters.query("tokens_total", { subject: ["acme"] }), (error) => error.status === 403);
  },

  async "an event without a time counts once, though each retry has one of its own"(om) {
    const event = { id: "retried", type: "prompt", subject: "acme", source: "app", data: { tokens: 100, model: "z" } };
    for (let tries = 0; tries < 3; ++tries) {
      await om.events.ingest(event);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const usage = await om.meters.query("tokens_total", { subject: ["acme"], filterGroupBy: { model: "z" } });
    assert.deepEqual(usage.data.map((row) => row.value), [100]);
  },

  async "a meter that is deleted is gone"(om) {
    await om.meters.delete("tokens_total");
    await assert.rejects(om.meters.query("tokens_total"), (error) => error.status === 404);
  },
};

const server = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => server.on("exit", resolve));
let failed = 0;
let provider;
try {
  await new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("ready") && resolve());
    server.on("exit", () => reject(new Error("the server did not start")));
  });
  for (const tenant of ["acme", "bolt"]) run("tenants", "add", tenant, "--name", tenant, "--plan", "free");
  provider = run("token", "--scope", "provider", "--role", "Provider-Admin");
  const om = new OpenMeter({ baseUrl, apiKey: provider });
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(om);
      console.log(`ok  ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  run("verify");
  console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
} finally {
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;
