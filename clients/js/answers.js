// The meaning of a server's answer for the events of a batch: the only place that knows statuses.

const RETRY_AFTER_MAX_MS = 3_600_000;
const SENDER = new Set([401, 403, 404, 405, 407, 415, 431]);

/** "120" or an HTTP date, in milliseconds from now, at most an hour; null where it is neither. */
export function retryAfterMs(value, now = Date.now()) {
  if (value === null || value === "") return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** The faults of a problem+json body that name one of so many events, each event once. */
export function namedFaults(problem, events) {
  const faults = new Map();
  for (const fault of Array.isArray(problem?.errors) ? problem.errors : []) {
    const index = fault?.index;
    if (!Number.isInteger(index) || index < 0 || index >= events || faults.has(index)) continue;
    faults.set(index, fault.field ? `${fault.field}: ${fault.message}` : String(fault.message));
  }
  return faults;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/**
 * `kind` is "recorded"; "again": later, the same batch; "muchLater": no event is at fault, but a token
 * or an address; "dropNamed": those in `faults` will never be taken, the others at once; "halve": one at
 * least will never be taken, and nobody says which. An answer is { status, retryAfter, body }, with
 * status 0 where there was none.
 */
export function judge(answer, events) {
  const { status } = answer;
  const problem = parsed(answer.body);
  const message = status === 0 ? answer.body : `status ${status}${problem?.detail ? `: ${problem.detail}` : ""}`;
  const verdict = { kind: "again", faults: new Map(), message, pauseMs: retryAfterMs(answer.retryAfter) };
  // Not any 2xx: a captive portal's 200 must not pass for "on disk".
  if (status === 204) return { ...verdict, kind: "recorded" };
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return verdict;
  const faults = namedFaults(problem, events);
  if (faults.size > 0) return { ...verdict, kind: "dropNamed", faults };
  return { ...verdict, kind: status < 400 || SENDER.has(status) ? "muchLater" : "halve" };
}
