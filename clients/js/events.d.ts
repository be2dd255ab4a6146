// Generated from ../events.schema.json by generate.mjs: change that file, then run `npm run generate`.

/** The data of `api.call`: One API call of a tenant's. */
export interface ApiCallData {
  /** The HTTP method, GET or POST. 1 to 16 characters. */
  method: string;
  /** The route, not the path: /orders/{order_id}. 1 to 495 characters. */
  endpoint: string;
  /** The path as it was requested, without the query. 1 to 2048 characters. */
  path?: string;
  /** The status of the answer. A whole number from 100 to 599. */
  status: number;
  /** The size of the request's body. A whole number from 0 to 1125899906842624. */
  request_bytes: number;
  /** The size of the answer's body. A whole number from 0 to 1125899906842624. */
  response_bytes: number;
  /** How long it took, in milliseconds; three decimals are kept. From 0 to 68719476. */
  duration_ms: number;
  /** The caller's address. 1 to 64 characters. */
  ip?: string;
  /** The tenant's store that called. 1 to 64 characters. */
  store_id?: string;
  /** The tenant's device that called. 1 to 64 characters. */
  device_id?: string;
  /** Who called: the id of a key, or the subject of a token. 1 to 256 characters. */
  caller?: string;
  /** The trace of the call (W3C Trace Context), as in the header of that name; one that is not valid is left out of the record. */
  traceparent?: string;
}

/** The data of `webhook.call`: One attempt to deliver a webhook, a failed one too. */
export interface WebhookCallData {
  /** Which webhook it was. 1 to 256 characters. */
  webhook_id: string;
  /** Whether it was delivered. */
  success: boolean;
  /** How long it took, in milliseconds; three decimals are kept. From 0 to 68719476. */
  duration_ms: number;
  /** The status of the receiver's answer. A whole number from 100 to 599. */
  status?: number;
}

/** The data of `storage.usage`: What a tenant has stored, all of it, now. */
export interface StorageUsageData {
  /** Whole bytes. A whole number from 0 to 1152921504606847000. */
  bytes: number;
}

/** The data of `device.count`: How many active devices a tenant has now. */
export interface DeviceCountData {
  /** Left out: the server counts the active records again. A whole number from 0 to 1000000000. */
  count?: number;
}

/** The data of `store.count`: How many active stores a tenant has now. */
export interface StoreCountData {
  /** Left out: the server counts the active records again. A whole number from 0 to 1000000000. */
  count?: number;
}

/** The data of each type of event. */
export interface EventData {
  "api.call": ApiCallData;
  "webhook.call": WebhookCallData;
  "storage.usage": StorageUsageData;
  "device.count": DeviceCountData;
  "store.count": StoreCountData;
}

/** A usage event as it is sent: a CloudEvent 1.0. */
export interface UsageEvent<Type extends keyof EventData = keyof EventData> {
  specversion: "1.0";
  id: string;
  source: string;
  type: Type;
  /** The tenant. */
  subject: string;
  time: string;
  data: EventData[Type];
}
