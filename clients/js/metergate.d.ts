import type { ApiCallData } from "./events.js";
export * from "./events.js";

/** Something that whoever runs the application should hear of. */
export interface Problem {
  /**
   * `retrying`: the server is away, or says "later" or "no"; nothing is lost. `refused`: the server will
   * never take this event. `dropped`: the buffer was full. `unsent`: the client was closed before.
   */
  kind: "retrying" | "refused" | "dropped" | "unsent";
  /** How many this is about. */
  events: number;
  /** Of the server's answer; 0: there was none. */
  status: number;
  message: string;
  /** Of `refused`: the event as JSON. */
  event: string;
}

export interface MetergateOptions {
  /** http(s)://HOST[:PORT][/PREFIX] */
  url: string;
  /** An API key (`metergate keys add --permission events.write`), or a token. */
  token: string;
  /** Which application this is; default "js-client". */
  source?: string;
  /** A batch is sent when it has so many events (default 500), or bytes, or its first has waited so long. */
  batchEventsMax?: number;
  batchBytesMax?: number;
  batchDelayMs?: number;
  /** What is not yet recorded lives in memory: at most so many events (default 100,000) and bytes (64 MiB). */
  bufferEventsMax?: number;
  bufferBytesMax?: number;
  requestTimeoutMs?: number;
  /** The first pause after a failure, doubled with each up to `retryMaxMs`; a Retry-After may be longer. */
  retryFirstMs?: number;
  retryMaxMs?: number;
  /** How long flush() and close() go on, where they are not told. */
  exitFlushMs?: number;
  /** Must not throw. Default: a warning on the console. */
  onProblem?: (problem: Problem) => void;
}

/** tracked = recorded + refused + dropped + waiting */
export interface MetergateCounts {
  tracked: number;
  recorded: number;
  refused: number;
  dropped: number;
  waiting: number;
}

export declare class Metergate {
  /** Throws where the options cannot work. */
  constructor(options: MetergateOptions);
  /** This and the next four: true where the event is in the buffer, false where it was dropped. */
  trackApiCall(tenant: string, call: ApiCallData): boolean;
  trackWebhookCall(tenant: string, webhook: string, success: boolean, durationMs: number): boolean;
  trackStorageUsage(tenant: string, bytes: number): boolean;
  /** Without a count the server counts the tenant's active records again. */
  trackDeviceCount(tenant: string, count?: number): boolean;
  trackStoreCount(tenant: string, count?: number): boolean;
  readonly counts: MetergateCounts;
  /** True when everything tracked before the call is recorded or refused; false after the time given. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Sends what waits, for at most so long, and ends: what is tracked later is dropped. */
  close(timeoutMs?: number): Promise<boolean>;
}
