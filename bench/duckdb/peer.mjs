// DuckDB with one row a tenant and day in a native table, asked what bench/scale.py asks metergate.
//
//   node peer.mjs ROWS.csv     reads one question a line, answers { ms, text } a line
//
// The time is taken here, around the query and the encoding of its answer as JSON: no pipe, no HTTP.
import { createInterface } from "node:readline";
import { DuckDBInstance } from "@duckdb/node-api";

const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(`CREATE TABLE days AS SELECT * FROM read_csv('${process.argv[2]}', header = true, columns = {
  tenant: 'VARCHAR', day: 'DATE', calls: 'BIGINT', ok: 'BIGINT', duration_us: 'BIGINT', webhooks: 'BIGINT', bytes: 'BIGINT'})`);

// The API's figures of a month, except for percentiles: sums, active tenants, bytes stored at its end.
const MONTHS = (where) => `
  WITH tenant_months AS (
    SELECT date_trunc('month', day) AS month, tenant, sum(calls) AS calls, sum(ok) AS ok, sum(duration_us) AS duration_us,
           sum(webhooks) AS webhooks, arg_max(bytes, day) AS bytes
    FROM days WHERE day >= $first ${where} GROUP BY ALL)
  SELECT strftime(month, '%Y-%m-%d') AS date, sum(calls)::BIGINT AS total_api_calls, sum(webhooks)::BIGINT AS total_webhook_calls,
         round(sum(bytes) / 1073741824.0, 6) AS total_storage_gb, count(*) FILTER (calls > 0 OR webhooks > 0) AS active_tenants,
         round(100.0 * sum(ok) / sum(calls), 1) AS success_rate_percent,
         round(sum(duration_us) / sum(calls) / 1000.0, 3) AS avg_response_time_ms
  FROM tenant_months GROUP BY month ORDER BY month`;
const QUESTIONS = {
  all: MONTHS(""),
  one: MONTHS("AND tenant = $tenant"),
  // The least that could be asked: one sum a month.
  sums: `SELECT strftime(month, '%Y-%m-%d') AS date, total_api_calls FROM (
           SELECT date_trunc('month', day) AS month, sum(calls)::BIGINT AS total_api_calls FROM days WHERE day >= $first GROUP BY 1)
         ORDER BY 1`,
  cells: `SELECT strftime(date_trunc('month', day), '%Y-%m-%d') AS date, tenant, sum(calls)::BIGINT AS value
          FROM days WHERE day >= $first GROUP BY 1, 2 ORDER BY 1, 2`,
};
const prepared = {};
for (const [name, text] of Object.entries(QUESTIONS)) prepared[name] = await connection.prepare(text);

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const { name, first, tenant } = JSON.parse(line);
  const begun = performance.now();
  prepared[name].bindVarchar(1, first);
  if (tenant) prepared[name].bindVarchar(2, tenant);
  const rows = await (await prepared[name].runAndReadAll()).getRowObjectsJson();
  const text = JSON.stringify(rows);
  console.log(JSON.stringify({ ms: performance.now() - begun, bytes: text.length, rows: rows.length <= 40 ? rows : rows.length }));
}
