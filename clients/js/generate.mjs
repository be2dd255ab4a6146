// Writes events.d.ts, the types of the usage events, from ../events.schema.json.
//
//   node generate.mjs            writes the file
//   node generate.mjs --check    fails where the file is not what would be written
import { readFileSync, writeFileSync } from "node:fs";

const place = (name) => new URL(name, import.meta.url);
const types = JSON.parse(readFileSync(place("../events.schema.json"), "utf8")).$defs;
const KINDS = { string: "string", integer: "number", number: "number", boolean: "boolean" };

function boundsOf({ type, minimum, maximum, minLength, maxLength }) {
  if (maxLength !== undefined) return ` ${minLength} to ${maxLength} characters.`;
  if (maximum === undefined) return "";
  return ` ${type === "integer" ? "A whole number from" : "From"} ${minimum} to ${maximum}.`;
}

function interfaceOf(type, schema) {
  const lines = [`/** The data of \`${type}\`: ${schema.description} */`, `export interface ${schema.title} {`];
  for (const [name, property] of Object.entries(schema.properties)) {
    const mark = (schema.required ?? []).includes(name) ? "" : "?";
    lines.push(`  /** ${property.description}${boundsOf(property)} */`, `  ${name}${mark}: ${KINDS[property.type]};`);
  }
  return [...lines, "}", ""];
}

const text = [
  "// Generated from ../events.schema.json by generate.mjs: change that file, then run `npm run generate`.",
  "",
  ...Object.entries(types).flatMap(([type, schema]) => interfaceOf(type, schema)),
  "/** The data of each type of event. */",
  "export interface EventData {",
  ...Object.entries(types).map(([type, schema]) => `  "${type}": ${schema.title};`),
  "}",
  "",
  "/** A usage event as it is sent: a CloudEvent 1.0. */",
  "export interface UsageEvent<Type extends keyof EventData = keyof EventData> {",
  '  specversion: "1.0";',
  "  id: string;",
  "  source: string;",
  "  type: Type;",
  "  /** The tenant. */",
  "  subject: string;",
  "  time: string;",
  "  data: EventData[Type];",
  "}",
  "",
].join("\n");

const file = place("events.d.ts");
if (process.argv[2] !== "--check") {
  writeFileSync(file, text);
} else if (readFileSync(file, "utf8") !== text) {
  console.error("events.d.ts is not what generate.mjs makes of events.schema.json: run `npm run generate`");
  process.exit(1);
}
