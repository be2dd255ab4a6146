// A real browser uses the page of tests/gateway/pages through the gateway, in several tabs at once, and prints what its
// network saw: [[method, path, status, count], …].
//
//   node visit.mjs CHROMIUM URL_OF_THE_TENANT TOKEN TABS ROUNDS
import { chromium } from "playwright-core";

const [executablePath, base, token, tabs, rounds] = process.argv.slice(2);
const seen = new Map();

// Counts what went over the wire: of an answer that the browser had in its cache and asked about, the page sees 200, the
// wire 304. What is asked and what is answered are told in any order.
async function watch(context, page) {
  const session = await context.newCDPSession(page);
  const asked = new Map(), answered = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => asked.set(requestId, request));
  session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => answered.set(requestId, statusCode));
  await session.send("Network.enable");
  return () => {
    for (const [requestId, status] of answered) {
      const { method, url } = asked.get(requestId);
      if (!url.startsWith(base)) continue;
      const key = JSON.stringify([method, new URL(url).pathname, status]);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  };
}

async function step(page, button, orders) {
  await page.click(`#${button}`);
  await page.waitForFunction((text) => document.getElementById("state").textContent === text, `ready ${orders}`);
}

async function visit(browser, customer) {
  const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  const page = await context.newPage();
  page.on("pageerror", (error) => { throw error; });
  const count = await watch(context, page);
  await page.goto(`${base}/app/?customer=${customer}`, { waitUntil: "networkidle" });
  for (let round = 0; round < Number(rounds); ++round) {
    await step(page, "add", 1);
    await step(page, "add", 2);
    await step(page, "look", 2);
    await step(page, "delete", 1);
    await step(page, "delete", 0);
    await page.reload({ waitUntil: "networkidle" });  // from its cache where the application agrees: 304
  }
  count();
  await context.close();
}

// Nothing but this machine is looked up or asked.
const browser = await chromium.launch({ executablePath,
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
try {
  await Promise.all(Array.from({ length: Number(tabs) }, (_, n) => visit(browser, 1000 + n)));
} finally {
  await browser.close();
}
console.log(JSON.stringify([...seen].map(([key, times]) => [...JSON.parse(key), times])));
