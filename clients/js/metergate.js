// The Metergate client for Node.js from 18 on and for browsers: tells a Metergate server what tenants
// use, exactly once.
//
// A track call puts an event into a buffer and returns; batches are sent behind the application's back.
// An event has its id and its time from the call on, so that it may be sent any number of times and
// counts once. What cannot be sent is sent again until it is recorded or refused. The buffer is bounded:
// what does not fit is dropped, counted and told.
import { judge } from "./answers.js";

const DEFAULTS = {
  source: "js-client",
  batchEventsMax: 500,
  batchBytesMax: 1024 * 1024,
  batchDelayMs: 500,
  bufferEventsMax: 100_000,
  bufferBytesMax: 64 * 1024 * 1024,
  requestTimeoutMs: 10_000,
  retryFirstMs: 100,
  retryMaxMs: 30_000,
  exitFlushMs: 5_000,
  onProblem: (problem) => console.warn(`metergate client: ${problem.events} event(s) ${problem.kind}: ${problem.message}`),
};
const RANGES = {
  batchEventsMax: [1, 10_000], batchBytesMax: [1024, 8 * 1024 * 1024], batchDelayMs: [0, 3_600_000],
  bufferEventsMax: [1, 2 ** 40], bufferBytesMax: [1024, 2 ** 40], requestTimeoutMs: [1, 3_600_000],
  retryFirstMs: [1, 3_600_000], retryMaxMs: [1, 3_600_000], exitFlushMs: [0, 3_600_000],
};
const ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Node.js 18 has the Web Crypto API, but not under its global name. The name stands in a variable so
// that what bundles for browsers does not look for it.
const nodeCrypto = "node:crypto";
const random = globalThis.crypto ?? (await import(nodeCrypto)).webcrypto;
const encoder = new TextEncoder();

function ulid(now) {
  let time = "";
  for (let rest = now; time.length < 10; rest = Math.floor(rest / 32)) time = ULID_LETTERS[rest % 32] + time;
  return time + Array.from(random.getRandomValues(new Uint8Array(16)), (byte) => ULID_LETTERS[byte & 31]).join("");
}

// Half of a surrogate pair is no text, and would make a whole batch unreadable.
function plain(key, value) {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\uFFFD") : value;
}
const rounded = (ms) => Math.round(Math.max(ms, 0) * 1000) / 1000;

function checked(given) {
  const options = { ...DEFAULTS, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  for (const name of Object.keys(given)) {
    if (!(name in DEFAULTS) && name !== "url" && name !== "token") throw new TypeError(`metergate: there is no option ${name}`);
  }
  if (!/^https?:\/\/[^\s?#]+$/.test(options.url ?? "")) {
    throw new TypeError(`metergate: the url '${options.url}' is none; use http(s)://HOST[:PORT][/PREFIX]`);
  }
  if (!/^[!-~]+$/.test(options.token ?? "")) throw new TypeError("metergate: there is no token, or it is none");
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    if (!(options[name] >= min && options[name] <= max)) {
      throw new RangeError(`metergate: ${name} is ${options[name]}; ${min} to ${max} are allowed`);
    }
  }
  return options;
}

export class Metergate {
  #options;
  #url;
  #waiting = [];         // { json, bytes, since }, not yet on their way
  #waitingBytes = 0;
  #bytes = 0;            // of those on their way too
  #counts = { tracked: 0, recorded: 0, refused: 0, dropped: 0, waiting: 0 };
  #dropsTold = 0;
  #accepted = 0;         // events are numbered as they come in, and batches go out in that order
  #taken = 0;
  #finished = 0;
  #flushThrough = 0;
  #flushWaiters = new Set();
  #isRunning = false;
  #isClosed = false;
  #nap = null;           // { end, isAskedFor } while the sender sleeps
  #request = null;       // the AbortController of the request under way
  #failures = 0;
  #toldFailure = "";
  #onExit = () => this.close();

  constructor(options) {
    this.#options = checked(options);
    this.#url = `${this.#options.url.replace(/\/+$/, "")}/api/v1/events`;
    // The timers here do not keep a process alive; when it has nothing else to do, it sends and ends.
    globalThis.process?.once?.("beforeExit", this.#onExit);
  }

  trackApiCall(tenant, call) {
    return this.#track("api.call", tenant, { ...call, duration_ms: rounded(call.duration_ms) });
  }

  trackWebhookCall(tenant, webhook, success, durationMs) {
    return this.#track("webhook.call", tenant, { webhook_id: webhook, success, duration_ms: rounded(durationMs) });
  }

  trackStorageUsage(tenant, bytes) {
    return this.#track("storage.usage", tenant, { bytes });
  }

  trackDeviceCount(tenant, count) {
    return this.#track("device.count", tenant, { count });
  }

  trackStoreCount(tenant, count) {
    return this.#track("store.count", tenant, { count });
  }

  get counts() {
    return { ...this.#counts };
  }

  flush(timeoutMs = this.#options.exitFlushMs) {
    const through = this.#accepted;
    if (this.#finished >= through) return Promise.resolve(true);
    this.#flushThrough = Math.max(this.#flushThrough, through);
    if (this.#nap && !this.#nap.isAskedFor) this.#nap.end();
    return new Promise((resolve) => {
      const waiter = { through, resolve };
      const timer = setTimeout(() => this.#endFlush(waiter, false), timeoutMs);  // keeps a process alive
      waiter.clear = () => clearTimeout(timer);
      this.#flushWaiters.add(waiter);
      this.#run();
    });
  }

  async close(timeoutMs = this.#options.exitFlushMs) {
    if (this.#isClosed) return this.#counts.waiting === 0;
    const isSent = await this.flush(timeoutMs);
    this.#isClosed = true;
    globalThis.process?.removeListener?.("beforeExit", this.#onExit);
    this.#request?.abort();
    this.#nap?.end();
    this.#tellDrops();
    if (!isSent) this.#tell("unsent", this.#counts.waiting, 0, "the client was closed");
    return isSent;
  }

  #track(type, tenant, data) {
    ++this.#counts.tracked;
    const now = Date.now();
    const json = JSON.stringify({ specversion: "1.0", id: ulid(now), source: this.#options.source, type,
      subject: String(tenant), time: new Date(now).toISOString(), data }, plain);
    const bytes = encoder.encode(json).length + 1;  // with its comma
    if (this.#isClosed || this.#counts.waiting >= this.#options.bufferEventsMax ||
        this.#bytes + bytes > this.#options.bufferBytesMax) {
      ++this.#counts.dropped;
      this.#endDelay();
      return false;
    }
    ++this.#counts.waiting;
    ++this.#accepted;
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
    this.#waiting.push({ json, bytes, since: now });
    if (this.#isFull()) this.#endDelay();
    this.#run();
    return true;
  }

  #endDelay() {
    if (this.#nap?.isDelay) this.#nap.end();
  }

  #isFull() {
    return this.#waiting.length >= this.#options.batchEventsMax || this.#waitingBytes >= this.#options.batchBytesMax;
  }

  // One sender at a time; it ends when there is nothing more to send.
  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    await null;  // whoever tracks goes on first
    while (this.#waiting.length > 0 && !this.#isClosed) {
      if (!this.#isFull() && this.#flushThrough <= this.#finished) {
        const delay = this.#options.batchDelayMs - (Date.now() - this.#waiting[0].since);
        if (delay > 0) await this.#sleep(delay, { isDelay: true });
        if (this.#isClosed) break;
      }
      await this.#deliver(this.#take());
      this.#tellDrops();
      if (this.#isClosed) break;
      this.#finished = this.#taken;
      for (const waiter of this.#flushWaiters) if (waiter.through <= this.#finished) this.#endFlush(waiter, true);
    }
    this.#isRunning = false;
  }

  #take() {
    let count = 0;
    let bytes = 0;
    for (const event of this.#waiting) {
      if (count >= this.#options.batchEventsMax) break;
      if (count > 0 && bytes + event.bytes > this.#options.batchBytesMax) break;
      bytes += event.bytes;
      ++count;
    }
    this.#waitingBytes -= bytes;
    this.#taken += count;
    return this.#waiting.splice(0, count);
  }

  // Whole, or, where a server will not say which event it does not take, in parts.
  async #deliver(batch) {
    const parts = [batch];
    while (parts.length > 0 && !this.#isClosed) {
      const part = parts.at(-1);
      const answer = await this.#post(`[${part.map((event) => event.json).join(",")}]`);
      if (this.#isClosed && answer.status === 0) return;
      const verdict = judge(answer, part.length);
      if (verdict.kind === "again" || verdict.kind === "muchLater") {
        await this.#waitAfterFailure(verdict, answer.status);
        continue;
      }
      parts.pop();
      parts.push(...this.#settle(part, verdict, answer.status));
      this.#failures = 0;
      this.#toldFailure = "";
    }
  }

    // Returns the parts that still have to be sent; the last one is next.
  #settle(part, verdict, status) {
    if (verdict.kind === "recorded") {
      this.#leave(part, "recorded");
      return [];
    }
    if (verdict.kind === "halve" && part.length > 1) {
      const middle = Math.floor(part.length / 2);
      return [part.slice(middle), part.slice(0, middle)];
    }
    const faults = verdict.kind === "halve" ? new Map([[0, verdict.message]]) : verdict.faults;
    for (const [index, message] of faults) {
      this.#leave([part[index]], "refused");
      this.#tell("refused", 1, status, message, part[index].json);
    }
    const rest = part.filter((_, index) => !faults.has(index));
    return rest.length > 0 ? [rest] : [];
  }

  #leave(events, outcome) {
    this.#counts[outcome] += events.length;
    this.#counts.waiting -= events.length;
    for (const event of events) this.#bytes -= event.bytes;
  }

  async #post(body) {
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(new Error("no answer in time")), this.#options.requestTimeoutMs);
    timer.unref?.();
    this.#request = request;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.#options.token}`, "Content-Type": "application/cloudevents-batch+json" },
        body,
        redirect: "error",
        signal: request.signal,
      });
      return { status: response.status, retryAfter: response.headers.get("Retry-After"), body: await response.text() };
    } catch (error) {
      return { status: 0, retryAfter: null, body: String(error?.cause?.message ?? error?.message ?? error) };
    } finally {
      clearTimeout(timer);
      this.#request = null;
    }
  }

  async #waitAfterFailure(verdict, status) {
    ++this.#failures;
    if (this.#toldFailure !== verdict.message) {
      this.#toldFailure = verdict.message;
      this.#tell("retrying", this.#counts.waiting, status, verdict.message);
    }
    this.#tellDrops();
    const { retryFirstMs, retryMaxMs } = this.#options;
    const longest = Math.min(retryFirstMs * 2 ** Math.min(this.#failures - 1, 30), retryMaxMs);
        // A random part of the pause, between a half and the whole, so that many clients do not return together.
    const own = verdict.kind === "muchLater" ? retryMaxMs : longest * (0.5 + Math.random() / 2);
    await this.#sleep(Math.max(own, verdict.pauseMs ?? 0), { isAskedFor: verdict.pauseMs !== null });
  }

  #sleep(ms, marks) {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#nap = null;
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref?.();
      this.#nap = { ...marks, end };
    });
  }

  #endFlush(waiter, isDone) {
    waiter.clear();
    this.#flushWaiters.delete(waiter);
    waiter.resolve(isDone);
  }

  #tellDrops() {
    const drops = this.#counts.dropped - this.#dropsTold;
    this.#dropsTold = this.#counts.dropped;
    if (drops > 0) this.#tell("dropped", drops, 0, "the buffer was full");
  }

  #tell(kind, events, status, message, event = "") {
    this.#options.onProblem({ kind, events, status, message, event });
  }
}
