// The JavaScript client's part in ../exactly_once.py, which says what it does.
import { createInterface } from "node:readline";
import { Metergate } from "../../../clients/js/metergate.js";

const client = new Metergate({
  url: process.env.METERGATE_URL, token: process.env.METERGATE_TOKEN, source: "js-test", batchEventsMax: 100,
  retryMaxMs: 500,
});
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

for (let part = 1; part <= 3; ++part) {
  for (let n = 0; n < 2000; ++n) {
    const call = { method: "GET", endpoint: "/orders/{order_id}", status: 200, request_bytes: 200,
      response_bytes: 900, duration_ms: n / 1000 };
    client.trackApiCall("park", call);
    if (n % 4 === 0) client.trackApiCall("zoo", call);
    if (n % 10 === 0) client.trackWebhookCall("park", "orders", n % 100 !== 0, 80);
  }
  client.trackStorageUsage("nobody", 1);
  client.trackStorageUsage("park", part * 1_000_000);
  client.trackDeviceCount("park", part * 10);
  client.trackStoreCount("park", part);
  client.trackStoreCount("zoo");
  await new Promise((resolve) => setImmediate(resolve));  // the sender begins
  console.log(`part ${part}`);
  await answers.next();
}
const isSent = await client.close(20_000);
console.log(JSON.stringify(client.counts));
process.exit(isSent ? 0 : 1);
