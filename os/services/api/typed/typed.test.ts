// The messages of our resources, byte by byte as upstream's own Go code writes them (test/compat/typed-resources prints
// them). It writes the fields of some in another order, which says the same.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { encodeProtoSpec } from "../../../../cosi/grpc/served-type.ts";
import { practiceResources } from "../practice-resources.ts";
import { resourceTypes } from "../resource-types.ts";

const captures = readFileSync(join(import.meta.dirname, "../captures/talos-v1.13.0-resources.txt"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split(" ") as [type: string, id: string, hex: string]);

const served = new Map(resourceTypes.map((it) => [it.type.type, it]));

/** The fields of a message in the order of their numbers. */
function fieldsOf(bytes: Uint8Array): string[] {
  const reader = new BinaryReader(bytes);
  const fields: [number, string][] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number);
    fields.push([number, Buffer.from(bytes.subarray(start, reader.pos)).toString("hex")]);
  }
  return fields.sort(([a], [b]) => a - b).map(([, hex]) => hex);
}

test.each(captures)("%s %s says what upstream's message says", (type, id, hex) => {
  const practice = practiceResources.find((it) => it.type.type === type && it.id === id)!;
  const key = { namespace: practice.type.namespace, type, id };
  const bytes = encodeProtoSpec(served.get(type)!, key, practice.spec);
  expect(fieldsOf(bytes)).toEqual(fieldsOf(Buffer.from(hex, "hex")));
});

test("there is a resource for practice of every type that is served, and a capture of every type that upstream knows", () => {
  const practiced = new Set(practiceResources.map(({ type }) => type.type));
  const captured = new Set(captures.map(([type]) => type));
  const named = [...served.keys()].filter((type) => type !== "MachineConfigs.config.talos.dev");
  expect(named.filter((type) => !practiced.has(type))).toEqual([]);
  // Upstream has boot ids since v1.14.
  const known = named.filter((type) => type.endsWith(".talos.dev") && !type.startsWith("BootIDs."));
  expect(known.filter((type) => !captured.has(type))).toEqual([]);
  expect(captured.size).toBeGreaterThanOrEqual(30);
});
