import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { unknownSystem } from "../simulation/unknown-system.ts";
import { parseTemplate, renderTemplate, type TemplateFacts } from "./config-template.ts";
import { render as renderFor, servedConfig, type Wanted } from "./render.ts";

function render(text: string, facts: TemplateFacts): string {
  const template = parseTemplate(text);
  const result = template.is === "template" ? renderTemplate(template, facts) : template;
  if (result.is === "rendered") return result.text;
  return result.problems.map(({ line, column, why }) => `${line}:${column} ${why}`).join("; ");
}

const facts = { "machine.name": "node-1", "machine.serial": "A\nrogue: true", "machine.uuid": undefined };

describe("a template", () => {
  test.each([
    ["no placeholder", "a: {b: 1}\n", "a: {b: 1}\n"],
    ["a fact", "name: {{ machine.name }}\nagain: {{machine.name}}!", "name: node-1\nagain: node-1!"],
    ["a quoted fact", "serial: {{ machine.serial | quote }}", 'serial: "A\\nrogue: true"'],
    ["braces of another system", "x: \\{{ ds.meta }}", "x: {{ ds.meta }}"],
    ["a fact that the machine does not have", "{{ machine.uuid }}", "1:1 this machine has no machine.uuid"],
    [
      "a fact that there is not",
      "a\n  {{ machine.colour }}",
      "2:3 there is no machine.colour; there are machine.name, machine.serial, machine.uuid",
    ],
    [
      "a label that it does not have",
      "{{ machine.labels.rack }}",
      "1:1 this machine has no machine.labels.rack",
    ],
    [
      "a fact that would become config",
      "s: {{ machine.serial }}",
      '1:4 machine.serial is "A\\nrogue: true", which could be read as config: add | quote',
    ],
    ["a placeholder that does not end", "{{ machine.name\n}}", "1:1 {{ without }} on the same line"],
    ["an expression", "{{ 1 + 1 }}", "1:1 not the name of a fact, such as machine.name"],
    ["a filter that there is not", "{{ machine.name | upper }}", "1:1 no such filter: upper; there is quote"],
    ["a name of every object", "{{ machine.constructor }}", expect.stringContaining("there is no")],
  ])("with %s", (_, text, expected) => expect(render(text, facts)).toEqual(expected));

  test("never lets what a machine says of itself become more than one value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (value, quoted) => {
        const text = render(`before: 1\nvalue: {{ machine.serial${quoted ? " | quote" : ""} }}\nafter: 2\n`, {
          "machine.serial": value,
        });
        if (text.startsWith("2:")) return;
        const config = parse(text) as Record<string, unknown>;
        expect(Object.keys(config)).toEqual(["before", "value", "after"]);
        if (quoted) expect(config["value"]).toBe(value);
      }),
    );
  });
});

const at = new Date("2026-01-01T00:00:00Z");
const records = (change: Partial<Wanted["records"]> = {}): Wanted["records"] => ({
  machine: {
    metadata: {
      namespace: "default",
      type: "Machines.ingot.dev",
      id: "m1",
      version: 1n,
      owner: "",
      phase: "running",
      finalizers: [],
      labels: { rack: "r1" },
      annotations: {},
      created: at,
      updated: at,
    },
    spec: {
      name: "node-1",
      identity: { macs: ["aa:bb:cc:00:11:22"] },
      admission: { is: "accepted", by: "ann" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    },
  },
  admission: { spec: { state: "accepted", by: "ann", why: "", at } },
  assignment: { metadata: { phase: "running" }, spec: { profile: "p", how: "install", wipeId: 1 } },
  inventory: { spec: inventory },
  wipe: {
    spec: {
      wipedAt: 1,
      run: { state: "done", wipeId: 1, attempt: 1, orderId: "o", startedAt: at, endedAt: at, disks: [] },
    },
  },
  ...change,
});
const text = "";
const inventory: NonNullable<Wanted["records"]["inventory"]>["spec"] = {
  at,
  system: { ...unknownSystem, manufacturer: "Dell Inc." },
  firmware: { mode: "uefi", vendor: text, version: text, date: text },
  processors: [],
  memory: [],
  disks: [
    {
      id: "wwid-1",
      device: "/dev/nvme0n1",
      model: text,
      serial: text,
      wwid: text,
      busPath: text,
      transport: "nvme",
      sizeBytes: 1e12,
      logicalSectorBytes: 512,
      physicalSectorBytes: 512,
      rotational: false,
      removable: false,
      readOnly: false,
      firmwareVersion: text,
      signatures: [],
    },
  ],
  networkInterfaces: [],
  pciDevices: [],
  gaps: [],
};
const profile = (template: string | undefined, atLeastBytes = 0): Wanted["profile"] => ({
  spec: {
    boots: { what: "chain", url: "https://factory.example/pxe" },
    ...(template !== undefined && { config: { template } }),
    installDisk: { atLeastBytes },
    installedBy: { evidence: "phoneHome" },
  },
});
const template =
  "host: {{ machine.name }}\nrack: {{ machine.labels.rack }}\ndisk: {{ machine.installDisk }}\ncall: {{ provisioner.phoneHome }}\n";
/** Of no cluster. */
const none = { clock: { now: () => at }, secretsOf: async () => undefined };
const addresses = { phoneHome: "https://192.0.2.1:8446/installed/t_-" };

describe("the config of a machine", () => {
  test("has its own facts, and the disk that was chosen for it", async () => {
    expect(await servedConfig({ records: records(), profile: profile(template), addresses }, none)).toEqual({
      is: "text",
      text: `host: node-1\nrack: r1\ndisk: /dev/nvme0n1\ncall: ${addresses.phoneHome}\n`,
    });
  });

  test.each<[string, Wanted["records"], Wanted["profile"], "over" | "refused", string]>([
    [
      "was rejected",
      records({ admission: { spec: { state: "rejected", by: "ann", why: "", at } } }),
      profile(template),
      "refused",
      "it is not to be installed: it was rejected",
    ],
    [
      "nobody accepted",
      records({ admission: undefined }),
      profile(template),
      "over",
      "it is not to be installed: waiting to be accepted",
    ],
    [
      "is nobody's",
      records({ assignment: undefined }),
      profile(template),
      "over",
      "it is not to be installed: idle in the pool",
    ],
    [
      "was never wiped",
      records({ wipe: undefined }),
      profile(template),
      "over",
      "it is not to be installed: never wiped",
    ],
    [
      "has no disk that fits",
      records(),
      profile(template, 2e12),
      "refused",
      "none of its 1 disks fits: wwid-1 has 1000 GB, and 2000 GB are asked for",
    ],
    ["has a profile without one", records(), profile(undefined), "refused", "its profile has no config"],
    [
      "has a profile that is wrong",
      records(),
      profile("{{ machine.uuid }}"),
      "refused",
      "a template of its profile, line 1, column 1: this machine has no machine.uuid",
    ],
  ])("that %s is not handed out", async (_, records, profile, is, why) => {
    expect(await servedConfig({ records, profile, addresses }, none)).toEqual({ is, why });
  });
});

test("an address has facts spelt as addresses have them", () => {
  const spec = { ...records().machine.spec, name: "a b/../c?d" };
  const wanted = records();
  const machine = { ...wanted.machine, spec };
  const asked = { records: { ...wanted, machine }, profile: profile(undefined), addresses };
  expect(renderFor("https://f.example/pxe?name={{machine.name}}", asked, "address")).toEqual({
    is: "text",
    text: "https://f.example/pxe?name=a%20b%2F..%2Fc%3Fd",
  });
});
