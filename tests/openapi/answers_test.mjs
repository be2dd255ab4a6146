// The OpenAPI document held against a real server: the example of every operation is sent, and each answer, good or bad, is
// validated by ajv against the schema that the document has for it. Answers' schemas are closed first, so that a member that the
// document does not name is a fault.
//
//   node answers_test.mjs PATH_OF_METERGATE
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import addFormats from "ajv-formats";
import Ajv from "ajv/dist/2020.js";

const binary = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "metergate-openapi-"));
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const env = { ...process.env, JWT_SECRET: "a-secret-of-at-least-32-bytes-for-tests", DATA_DIR: join(folder, "data"),
  API_PORT: String(port), LISTEN_ADDRESS: "127.0.0.1", LOG_LEVEL: "error" };
const base = `http://127.0.0.1:${port}`;

function run(...words) {
  const done = spawnSync(binary, words, { env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`metergate ${words.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

async function until(claim, isSo) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
    if (await isSo()) return;
  throw new Error(`not so within a minute: ${claim}`);
}

// Every object of the components says that it is all.
function closed(value) {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== "object") return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  if (copy.type === "object" && copy.properties && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
}

class Checker {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: "api", ...document, components: { ...document.components, schemas: closed(document.components.schemas) } });
    this.operations = new Map();
    for (const [path, item] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(item))
        this.operations.set(operation.operationId, { path, method, operation });
    this.answered = new Map(); // "operation status" → how often
  }

  validate(value, where) {
    const pointer = where.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent).join("/");
    const isValid = this.ajv.getSchema(`api#/${pointer}`);
    assert(isValid, `no schema at ${where.join(" / ")}`);
    assert(isValid(value), `${where.join(" / ")}: ${JSON.stringify(isValid.errors?.slice(0, 5))}\n${JSON.stringify(value).slice(0, 1500)}`);
  }

  checkAnswer(name, status, type, text) {
    const { path, method, operation } = this.operations.get(name);
    const response = operation.responses[status];
    assert(response, `${name} answered ${status}, which the document does not have: ${text.slice(0, 500)}`);
    const key = `${name} ${status}`;
    this.answered.set(key, (this.answered.get(key) ?? 0) + 1);
    if (!response.content) return assert.equal(text, "", `${name} ${status} has no body`);
    assert(response.content[type], `${name} answered ${type}: ${text.slice(0, 300)}`);
    const value = type.endsWith("json") ? JSON.parse(text) : text;
    this.validate(value, ["paths", path, method, "responses", String(status), "content", type, "schema"]);
    return value;
  }

  // What the document gives as an example, but where something else is said.
  async ask(name, { values = {}, query = "", body, token = provider, headers = {}, type, raw, status } = {}) {
    const found = this.operations.get(name);
    assert(found, `no operation ${name}`);
    const { path, method, operation } = found;
    let target = path;
    for (const parameter of operation.parameters ?? [])
      if (parameter.in === "path")
        target = target.replace(`{${parameter.name}}`, encodeURIComponent(values[parameter.name] ?? parameter.example));
    const contents = operation.requestBody?.content ?? {};
    const mediaType = type ?? Object.keys(contents)[0];
    const sent = raw ?? body ?? contents[mediaType]?.example;
    if (sent !== undefined && raw === undefined && status === undefined)
      this.validate(sent, ["paths", path, method, "requestBody", "content", mediaType, "schema"]);
    const answer = await fetch(base + target + query, { method: method.toUpperCase(), headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(mediaType ? { "Content-Type": mediaType } : {}), ...headers },
      body: sent === undefined ? undefined : raw ?? JSON.stringify(sent) });
    const text = await answer.text();
    const value = this.checkAnswer(name, answer.status, answer.headers.get("content-type")?.split(";")[0], text);
    if (status === undefined) assert(answer.status < 300, `${name}${query}: ${answer.status} ${text.slice(0, 500)}`);
    else assert.equal(answer.status, status, `${name}${query}: ${text.slice(0, 500)}`);
    return value && Object.hasOwn(value, "data") && Object.hasOwn(value, "server_time") ? value.data : value;
  }
}

let provider;
let tenant;

const parts = {
  async "system and reference"(api) {
    for (const name of ["show_health", "show_alive", "show_ready", "show_metrics", "show_openapi", "show_docs"]) await api.ask(name, { token: null });
    assert.deepEqual(JSON.parse(run("openapi")), api.document, "the command prints what the server answers");
  },

  async "directory"(api) {
    await api.ask("add_tenant");
    await api.ask("add_tenant", { status: 409 });
    await api.ask("add_tenant", { body: { tenant_id: "tiny", name: "Tiny", limits_override: { max_api_calls_per_month: null } } });
    await api.ask("list_tenants", { query: "?status=active,suspended&sort=-name" });
    await api.ask("show_tenant");
    await api.ask("change_tenant", { query: "?dry_run=true" });
    await api.ask("change_tenant");
    await api.ask("list_plans");
    await api.ask("change_plan", { query: "?dry_run=true" });
    await api.ask("change_plan", { headers: { "Idempotency-Key": "k1" } });
    await api.ask("change_plan", { status: 400 });
    tenant = run("token", "--scope", "tenant", "--tenant", "tenant_456");
  },

  async "meters and events"(api) {
    await api.ask("add_meter", { query: "?dry_run=true", body: { slug: "tokens_total", eventType: "prompt", aggregation: "SUM",
      valueProperty: "$.tokens", from: "period_start" } });
    await api.ask("add_meter");
    await api.ask("record_events");
    const event = (id, more) => ({ specversion: "1.0", id, source: "shop", type: "prompt", subject: "tenant_456",
      data: { tokens: 5, model: "x" }, ...more });
    await api.ask("record_events", { headers: { Prefer: "return=representation" }, type: "application/cloudevents-batch+json",
      body: [event("p1"), event("p2"), event("p2"), event("u1", { type: "unheard.of" })] });
    await api.ask("record_events", { type: "application/json", body: event("p3") });
    await api.ask("record_events", { type: "application/x-ndjson", raw: [event("p4"), event("p5")].map((one) => JSON.stringify(one)).join("\n") });
    await api.ask("record_events", { headers: { Prefer: "return=representation" }, body: event("p6", { subject: "nobody at all" }), status: 400 });
    await api.ask("record_events", { body: event("p7"), token: tenant, status: 403 });
    await api.ask("record_events_of_kong", { body: event("k1") });
    await api.ask("list_meters");
    await api.ask("show_meter");
    await api.ask("show_meter", { values: { slug: "nothing" }, status: 404 });
    await api.ask("change_meter", { body: { metadata: { team: "search" } } });
    await api.ask("change_meter");
    await api.ask("query_meter", { query: "?groupBy=subject&groupBy=model&windowSize=DAY&filterGroupBy[model]=x" });
    assert.match(await api.ask("query_meter", { headers: { Accept: "text/csv" } }), /window_start/);
    await api.ask("query_meter_by_body", { token: tenant });
    await api.ask("query_meter", { query: "?windowSize=YEAR", status: 400 });
    await api.ask("query_meter", { query: `?advancedMeterGroupByFilters=${encodeURIComponent('{"model":{"$eq":"x"}}')}` });
    await api.ask("list_meter_subjects");
    await api.ask("list_group_values");
    await api.ask("list_ingested_events", { query: "?subject=456&limit=2" });
    await api.ask("list_ingested_events", { query: "?ingestedAtFrom=2026-01-01", status: 400 });
    const first = await api.ask("list_events", { query: "?limit=1" });
    await api.ask("list_events", { query: `?limit=1&cursor=${first.next_cursor}` });
    await api.ask("correct_event");
    await api.ask("correct_event", { body: { tenant_id: "tenant_456", source: "shop", id: "p1", action: "replace", reason: "Wrong",
      event: { data: { tokens: 9, model: "x" } } } });
    await api.ask("list_corrections");
    await api.ask("list_subjects");
    await api.ask("show_subject");
    await api.ask("name_subjects");
  },

  async "records of a tenant"(api) {
    for (const kind of ["store", "device", "sale", "ticket"]) {
      await api.ask(`add_${kind}`, { token: tenant });
      await api.ask(`list_${kind}s`, { token: tenant, query: "?limit=1" });
    }
    await api.ask("add_store", { token: tenant, status: 409 });
    await api.ask("add_store", { token: tenant, body: { nmae: "x" }, status: 400 });
    for (const kind of ["store", "device"]) {
      await api.ask(`show_${kind}`, { token: tenant });
      await api.ask(`change_${kind}`, { token: tenant });
    }
    await api.ask("show_own_statement", { token: tenant });
    await api.ask("show_allowance", { token: tenant });
    await api.ask("delete_device", { token: tenant });
    await api.ask("delete_store", { token: tenant, query: "?devices=delete" });
    await api.ask("show_store", { token: tenant, values: { store_id: "nowhere" }, status: 404 });
    await api.ask("show_store", { values: { tenant_id: "nobody" }, status: 404 });
  },

  async "billing"(api) {
    await api.ask("list_statements", { query: "?sort=-api_calls&health_status=healthy,critical,caution,warning&cost_min=0" });
    await api.ask("show_statement");
    await api.ask("show_statement", { values: { tenant_id: "nobody" }, status: 404 });
    for (const group of ["day", "week", "month"]) await api.ask("show_usage", { query: `?group_by=${group}` });
    for (const query of ["", "?detail=lines"]) await api.ask("show_report", { query });
    for (const query of ["?format=csv", "?format=csv&detail=lines"])
      assert.match(await api.ask("show_report", { query }), /^Tenant ID,/);
    for (const name of ["show_report", "download_statement"]) {
      assert.match(await api.ask(name, { query: "?format=xlsx" }), /^PK/);
      assert.match(await api.ask(name, { query: "?format=pdf" }), /^%PDF/);
    }
    for (const query of ["", "?format=csv"]) await api.ask("download_statement", { query });
    await api.ask("download_statement", { values: { tenant_id: "nobody" }, status: 404 });
    await api.ask("show_overview");
  },

  async "alerts"(api) {
    for (const id of ["s1", "s2"]) await api.ask("add_store", { values: { tenant_id: "tiny" }, body: { store_id: id, name: id } });
    let alerts = [];
    await until("a tenant over its limit is an alert", async () => {
      ({ alerts } = await api.ask("list_alerts", { query: "?tenant_id=tiny&status=open&type=billing.over_limit" }));
      return alerts.length > 0;
    });
    const values = { alert_id: alerts[0].alert_id };
    await api.ask("acknowledge_alert", { values });
    await api.ask("resolve_alert", { values, body: { reason: "x" }, status: 400 });
    await api.ask("resolve_alert", { values });
    await api.ask("resolve_alert", { values, status: 409 });
    await api.ask("resolve_alert", { values: { alert_id: "none" }, status: 404 });
  },

  async "users, keys, webhooks"(api) {
    await api.ask("add_user");
    await api.ask("list_users", { query: "?sort=-created_at" });
    await api.ask("log_in", { token: null });
    await api.ask("log_in", { token: null, body: { email: "ada@example.com", password: "no" }, status: 401 });
    await api.ask("change_user");
    const { key_id, key } = await api.ask("add_key");
    await api.ask("list_tenants", { token: key, status: 403 });
    await api.ask("list_keys");
    await api.ask("revoke_key", { values: { key_id } });
    await api.ask("add_provider_webhook", { body: { kind: "slack", url: "https://hooks.slack.com/services/T/B/x", events: ["*"] } });
    for (const [kind, token] of [["", tenant], ["provider_", provider]]) {
      const values = { webhook_id: (await api.ask(`add_${kind}webhook`, { token })).webhook_id };
      for (const verb of ["show", "change", "test"]) await api.ask(`${verb}_${kind}webhook`, { token, values });
      await api.ask(`list_${kind}webhooks`, { token });
      await api.ask(`list_${kind}deliveries`, { token, values });
      await api.ask(`replay_${kind}deliveries`, { token, values });
      await api.ask(`delete_${kind}webhook`, { token, values });
      await api.ask(`show_${kind}webhook`, { token, values, status: 404 });
    }
    await api.ask("list_audits", { query: "?from=2026-01-01" });
    await api.ask("list_workers");
    await api.ask("delete_meter");
  },

  // What may go wrong with any operation is answered as the document says.
  async "refusals of every operation"(api) {
    const { key } = await api.ask("add_key", { body: { name: "reports only", permissions: ["reports.read"] } });
    for (const [name, { operation }] of api.operations) {
      const isOpen = operation.security.length === 0;
      await api.ask(name, { query: "?surplus=1", status: 400 });
      if (isOpen) continue;
      await api.ask(name, { token: null, status: 401 });
      if (!operation.description.includes("reports.read")) await api.ask(name, { token: key, status: 403 });
    }
  },

  async "every operation was answered well"(api) {
    for (const name of api.operations.keys())
      assert([...api.answered.keys()].some((key) => key.startsWith(`${name} 2`)), `${name} was never answered well`);
  },
};

let server;
try {
  provider = run("token", "--scope", "provider", "--role", "Provider-Admin");
  server = spawn(binary, ["serve"], { env, stdio: "inherit" });
  await until("the server is ready", () => fetch(`${base}/readyz`).then((answer) => answer.ok, () => false));
  const api = new Checker(await (await fetch(`${base}/openapi.json`)).json());
  let failed = 0;
  for (const [claim, part] of Object.entries(parts)) {
    try {
      await part(api);
      console.log(`ok: ${claim}`);
    } catch (error) {
      failed += 1;
      console.error(`not ok: ${claim}: ${error.message}`);
    }
  }
  const answers = [...api.answered.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${api.operations.size} operations, ${answers} answers validated, ${api.answered.size} kinds of them`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  server?.kill("SIGTERM");
  await new Promise((resolve) => (server ? server.on("exit", resolve) : resolve()));
  rmSync(folder, { recursive: true, force: true });
}
