// Deliveries of a real server, verified by the unchanged `standardwebhooks` library: sales of a tenant, one answered
// with 503 first, a secret that is rotated meanwhile, a limit that is passed, and the provider's alert.
//
//   node receive_test.mjs PATH_OF_METERGATE
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";

const binary = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "metergate-standardwebhooks-"));
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const probe = createServer();
const port = await listen(probe);
await new Promise((resolve) => probe.close(resolve));
const env = { ...process.env, JWT_SECRET: "a-secret-of-at-least-32-bytes-for-tests", DATA_DIR: join(folder, "data"),
  API_PORT: String(port), LISTEN_ADDRESS: "127.0.0.1", LOG_LEVEL: "error", WEBHOOK_ALLOW: "127.0.0.0/8",
  WEBHOOK_ALLOW_HTTP: "true" };

function run(...words) {
  const done = spawnSync(binary, words, { env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`metergate ${words.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

// Every request, verified with each secret that should be good for it at that moment.
const received = { tenant: [], provider: [] };
const secrets = { tenant: [], provider: [] };
let refusals = 1;
const faults = [];
const receiver = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const whose = request.url.slice(1);
    const body = Buffer.concat(chunks).toString();
    try {
      for (const secret of secrets[whose]) new Webhook(secret).verify(body, request.headers);
      let isRefused = false;
      try {
        new Webhook(secrets[whose][0]).verify(`${body} `, request.headers);
      } catch {
        isRefused = true;
      }
      check(isRefused, "a changed body was verified");
    } catch (error) {
      faults.push(`${whose} ${request.headers["webhook-id"]}: ${error.message}`);
    }
    received[whose].push({ id: request.headers["webhook-id"], ...JSON.parse(body) });
    response.writeHead(whose === "tenant" && refusals-- > 0 ? 503 : 204).end();
  });
});
const receiverPort = await listen(receiver);

async function until(holds, what) {
  for (const end = Date.now() + 30_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    check(Date.now() < end, `waited in vain for ${what}; faults: ${faults}`);
  }
}

const server = spawn(binary, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => server.on("exit", resolve));
try {
  await new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("ready") && resolve());
    server.on("exit", () => reject(new Error("the server did not start")));
  });
  run("tenants", "add", "park", "--name", "Adventure Park", "--plan", "free");
  const provider = run("token", "--scope", "provider", "--role", "Provider-Admin");
  const tenant = run("token", "--scope", "tenant", "--tenant", "park");
  const ask = async (token, method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`,
      { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body && JSON.stringify(body) });
    const { data, error } = await answer.json();
    check(answer.ok, `${method} ${path}: ${answer.status} ${error?.message}`);
    return data;
  };
  const url = (whose) => `http://127.0.0.1:${receiverPort}/${whose}`;
  const hooks = "/api/tenants/park/webhooks";
  const hook = await ask(tenant, "POST", hooks, { url: url("tenant"), events: ["*"] });
  secrets.tenant = [hook.secret];
  const alerts = await ask(provider, "POST", "/provider/webhooks", { url: url("provider"), events: ["alert.*"] });
  secrets.provider = [alerts.secret];

  const sales = Array.from({ length: 60 }, (_, n) => `sale-${n}`);
  for (const sale_id of sales.slice(0, 30)) {
    await ask(tenant, "POST", "/api/tenants/park/sales", { sale_id, amount: 250 });
  }
  await until(() => received.tenant.length === 31, "the first half of the sales, one of them twice");
  // From here on the old secret and the new one both sign.
  const rotated = await ask(tenant, "PATCH", `${hooks}/${hook.webhook_id}`, { rotate_secret: true });
  secrets.tenant = [rotated.secret, hook.secret];
  for (const sale_id of sales.slice(30)) {
    await ask(tenant, "POST", "/api/tenants/park/sales", { sale_id, amount: 250 });
  }
  await ask(tenant, "POST", `${hooks}/${hook.webhook_id}/test`);
  // The free plan has one store: the second passes the limit.
  for (const store_id of ["s1", "s2"]) await ask(tenant, "POST", "/api/tenants/park/stores", { store_id, name: "A" });
  const types = (whose) => received[whose].map(({ type }) => type);
  await until(() => types("tenant").includes("usage.limit_exceeded") && types("provider").length > 0, "the alert");

  const got = received.tenant.filter(({ type }) => type === "sale.created");
  check(got[0].id === got[1].id, "the attempt after a failure has another id");
  check(JSON.stringify(got.slice(1).map(({ data }) => data.sale_id)) === JSON.stringify(sales), "the order is wrong");
  check(new Set(received.tenant.map(({ id }) => id)).size === received.tenant.length - 1, "ids are not unique");
  check(types("tenant").filter((type) => type === "store.created").length === 2, "stores are missing");
  check(types("tenant").includes("webhook.test"), "the test is missing");
  check(received.provider[0].type === "alert.opened", `the provider was told ${types("provider")}`);
  check(received.provider[0].data.tenant_id === "park", "the alert names another tenant");
  check(faults.length === 0, faults.join("\n"));

  await until(() => run("find", "webhook_deliveries", '{"status":"waiting"}') === "", "the last outcome");
  const usage = (await ask(tenant, "GET", "/api/tenants/park/usage")).usage;
  check(usage.webhook_calls === received.tenant.length,
    `${received.tenant.length} attempts arrived, ${usage.webhook_calls} are counted`);
  run("verify");
  console.log(`${received.tenant.length + received.provider.length} deliveries verified, 0 refused, ` +
    `${usage.webhook_calls} counted`);
  console.log("1 passed, 0 failed");
} finally {
  server.kill("SIGTERM");
  await ended;
  receiver.close();
  receiver.closeAllConnections();
  rmSync(folder, { recursive: true });
}
