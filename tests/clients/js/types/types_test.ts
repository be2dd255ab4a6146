// Compiled, never run: right uses compile, and each wrong one is an error where it says so.
import { Metergate, type ApiCallData, type EventData, type Problem, type UsageEvent } from "../../../../clients/js/metergate.js";

const client = new Metergate({ url: "http://127.0.0.1:48080", token: "t", onProblem: (problem: Problem) => problem.message });
const call: ApiCallData = { method: "GET", endpoint: "/orders", status: 200, request_bytes: 0, response_bytes: 9, duration_ms: 1.5 };
const isTaken: boolean = client.trackApiCall("acme", { ...call, store_id: "s1" });
client.trackWebhookCall("acme", "orders", isTaken, 80);
client.trackStorageUsage("acme", 1);
client.trackDeviceCount("acme");
client.trackStoreCount("acme", 3);
const isSent: Promise<boolean> = client.close();
const event: UsageEvent<"storage.usage"> = { specversion: "1.0", id: "1", source: "a", type: "storage.usage",
  subject: "acme", time: "2026-03-05T10:30:00Z", data: { bytes: 1 } };
const types: (keyof EventData)[] = ["api.call", "webhook.call", "storage.usage", "device.count", "store.count"];
export { event, isSent, types };

// @ts-expect-error: there is no token
new Metergate({ url: "http://127.0.0.1:48080" });
// @ts-expect-error: there is no such option
new Metergate({ url: "http://127.0.0.1:48080", token: "t", batchSize: 5 });
// @ts-expect-error: a status is a number
client.trackApiCall("acme", { ...call, status: "200" });
// @ts-expect-error: the status is missing
client.trackApiCall("acme", { method: "GET", endpoint: "/", request_bytes: 0, response_bytes: 0, duration_ms: 1 });
// @ts-expect-error: there is no such member
client.trackApiCall("acme", { ...call, user: "u" });
// @ts-expect-error: the bytes are missing
client.trackStorageUsage("acme");
// @ts-expect-error: there is no such type of event
const wrong: keyof EventData = "api.calls";
