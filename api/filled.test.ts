// Every message of the machine API with all of its fields set, byte by byte as upstream's own Go code wrote it
// (test/compat/talos prints them).
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createRegistry,
  type DescField,
  type DescFile,
  type DescMessage,
  equals,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { beforeAll, expect, test } from "vitest";

/** How many messages within messages are filled. */
const deepest = 2;

/** What no client calls any more (wire-shape.test.ts). */
const leftOut =
  /^machine\.(CNIConfig|ClusterConfig|ClusterNetworkConfig|ControlPlaneConfig|DHCPOptionsConfig|EtcdRemoveMember|EtcdRemoveMemberRequest|EtcdRemoveMemberResponse|InstallConfig|MachineConfig|NetworkConfig|NetworkDeviceConfig|RouteConfig)$/;

const captures = readFileSync(join(import.meta.dirname, "captures/talos-v1.13.0-filled.txt"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split(" ") as [name: string, hex: string])
  .filter(([name]) => !leftOut.test(name));

let registry: ReturnType<typeof createRegistry>;
beforeAll(async () => {
  const gen = join(import.meta.dirname, "gen");
  const folders = "{cluster,common,cosi,google,inspect,machine,resource,security,storage,time}";
  const modules = await Promise.all(
    globSync(`${folders}/**/*_pb.js`, { cwd: gen }).map(
      (file) => import(join(gen, file)) as Promise<Record<string, unknown>>,
    ),
  );
  const files = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => (name.startsWith("file_") ? [value as DescFile] : [])),
  );
  registry = createRegistry(...files);
});

function filled(schema: DescMessage, depth = 0): Message {
  const message = reflect(schema);
  for (const field of schema.fields) {
    // Of several that exclude each other, the first.
    if (field.oneof && field.oneof.fields[0] !== field) continue;
    if (field.fieldKind !== "map" && field.message && depth >= deepest) continue;
    if (field.fieldKind === "map") {
      if (field.mapKind === "scalar")
        message.get(field).set(scalar(field.mapKey, 1), scalar(field.scalar, 2));
    } else if (field.fieldKind === "list") {
      const list = message.get(field);
      for (let count = 0; count < 2; count += 1) list.add(valueOf(field, depth));
    } else message.set(field, valueOf(field, depth));
  }
  return message.message;
}

function valueOf(field: DescField, depth: number): unknown {
  if (field.message) return reflect(field.message, filled(field.message, depth + 1) as never);
  // The greatest may be another one in the next release.
  if (field.enum) return Math.min(...field.enum.values.map(({ number }) => number).filter((it) => it > 0));
  return scalar(field.scalar, field.number);
}

function scalar(type: ScalarType, number: number): unknown {
  switch (type) {
    case ScalarType.BOOL:
      return true;
    case ScalarType.STRING:
      return `f${number}`;
    case ScalarType.BYTES:
      return Uint8Array.of(number, 0xff);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return number + 0.5;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return -number;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return BigInt(-number);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return 0xffff_ffff - number;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return 0xffff_ffff_ffff_ffffn - BigInt(number);
  }
}

test.each(captures)("%s is written and read as upstream does", (name, hex) => {
  const schema = registry.getMessage(name)!;
  const message = filled(schema);
  expect(Buffer.from(toBinary(schema, message)).toString("hex")).toBe(hex);
  expect(equals(schema, fromBinary(schema, Buffer.from(hex, "hex")), message)).toBe(true);
});

test("that is all of them", () => expect(captures.length).toBeGreaterThan(240));
