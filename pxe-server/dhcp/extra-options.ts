// Options that boot.yaml adds to a subnet's replies, by their names in the table of wire/dhcp, or by number with the
// value in hexadecimal.
import { z } from "zod";
import { rest } from "../../wire/bytes.ts";
import { type Codec, decode, encode } from "../../wire/codec.ts";
import { type Options, optionRows } from "../../wire/dhcp/options.ts";

/** What the server decides by itself, for each reply anew. */
const ours: ReadonlySet<string> = new Set<keyof Options>([
  "messageType",
  "serverIdentifier",
  "requestedAddress",
  "leaseTimeS",
  "subnetMask",
  "message",
  "relayAgentInformation",
  "clientIdentifier",
  "clientMachineUuid",
  "clientArchitectures",
  "parameterRequestList",
]);

const rows: Readonly<Record<string, readonly [code: number, codec: Codec<unknown>]>> = optionRows;
const codes = new Map(Object.entries(rows).map(([name, [code]]) => [code, name]));

/** Options as a person writes them: names or numbers, and values as JSON has them. */
export const extraOptions = z.record(z.string(), z.unknown()).transform((given, context): Options => {
  const options: Record<string, unknown> = {};
  const unknown: { code: number; value: Uint8Array }[] = [];
  for (const [name, value] of Object.entries(given)) {
    try {
      if (/^\d+$/.test(name)) unknown.push({ code: codeOf(Number(name)), value: bytesOf(value) });
      else options[name] = valueOf(name, value);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", message, path: [name] });
    }
  }
  return { ...options, ...(unknown.length > 0 && { unknown }) };
});

function codeOf(code: number): number {
  const name = codes.get(code);
  if (name !== undefined) throw new Error(`option ${code} has a name: ${name}`);
  if (code < 1 || code > 254) throw new Error("options are numbered from 1 to 254");
  return code;
}

function valueOf(name: string, given: unknown): unknown {
  const row = rows[name];
  if (!row) throw new Error("no option has this name");
  if (ours.has(name)) throw new Error("the server decides this by itself");
  const [, codec] = row;
  const value = codec === rest ? bytesOf(given) : given;
  // What a codec writes of a value that is not its own, it reads as something else.
  const read = decode(codec, encode(codec, value));
  if (JSON.stringify(read) !== JSON.stringify(value)) {
    throw new Error(`${JSON.stringify(given)} is not a value of this option`);
  }
  return value;
}

function bytesOf(given: unknown): Uint8Array {
  const digits = typeof given === "string" ? given.replace(/[\s:]/g, "") : "x";
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error("its value is bytes, in hexadecimal");
  return Uint8Array.fromHex(digits);
}
