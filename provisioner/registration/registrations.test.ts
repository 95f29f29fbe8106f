import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { planRegistrations } from "./plan-registrations.ts";
import { readRegistrations } from "./read-registrations.ts";

const uuid = "4c4c4544-0042-3510-8052-b4c04f4d3732";
const csv = `name,uuid,serial,macs,bmc.address,bmc.port,bmc.user,bmc.password,bmc.tls,accept,labels.rack
node-1,${uuid.toUpperCase()},ABC1234,AA-BB-CC-00-11-22 aabb.cc00.1133,192.0.2.7,,root,"pa,ss""word",off,yes,r1

node-2,,,aa:bb:cc:00:11:44,,,,,,,r2
`;
const yaml = `# two machines
- name: node-1
  uuid: ${uuid}
  serial: ABC1234
  macs: ["aa:bb:cc:00:11:22", "aa:bb:cc:00:11:33"]
  bmc: { address: 192.0.2.7, user: root, password: 'pa,ss"word', tls: "off" }
  accept: true
  labels: { rack: r1 }
- name: node-2
  macs: ["aa:bb:cc:00:11:44"]
  labels: { rack: r2 }
`;
const first = {
  name: "node-1",
  uuid,
  serial: "ABC1234",
  macs: ["aa:bb:cc:00:11:22", "aa:bb:cc:00:11:33"],
  bmc: {
    address: "192.0.2.7",
    driver: "automatic",
    user: "root",
    password: 'pa,ss"word',
    tls: { verify: "off" },
  },
  accept: true,
  labels: { rack: "r1" },
};
const second = { name: "node-2", macs: ["aa:bb:cc:00:11:44"], accept: false, labels: { rack: "r2" } };

describe("a list of machines", () => {
  test.each([
    ["csv", csv, [2, 4]],
    ["yaml", yaml, [2, 9]],
  ] as const)("says the same as %s, line by line", (format, text, [one, two]) => {
    expect(readRegistrations(text, format)).toEqual({
      machines: [
        { line: one, machine: first },
        { line: two, machine: second },
      ],
      problems: [],
    });
  });

  test.each<[what: string, format: "csv" | "yaml", text: string, problem: string]>([
    ["no text", "csv", "", "1 : the file is empty"],
    ["an unknown column", "csv", "macs,colour\naa:bb:cc:00:11:22,red\n", '2 : Unrecognized key: "colour"'],
    ["two columns of one name", "csv", "macs,macs\na,b\n", '1 : two columns are called "macs"'],
    ["a row that is too long", "csv", "name,serial\na,b,c\n", "2 : more cells than the first line has names"],
    ["a quote that is never closed", "csv", 'name\n"a\nb', "2 : Cannot read line 2: a quote is never closed"],
    ["a MAC address that is none", "csv", "macs\naa:bb\n", "2 macs.0: not a MAC address"],
    [
      "a UUID that boards share",
      "csv",
      "uuid\n03000200-0400-0500-0006-000700080009\n",
      "2 uuid: not a UUID, or one that whole series of boards share",
    ],
    [
      "a placeholder",
      "csv",
      "serial\nTo be filled by O.E.M.\n",
      "2 serial: a placeholder, not a serial number",
    ],
    [
      "nothing to know it by",
      "csv",
      "name\nnode-1\n",
      "2 : nothing to know it by: a UUID, a serial number or a MAC address",
    ],
    [
      "a machine that is there twice",
      "csv",
      "macs\naa:bb:cc:00:11:22\n\nAA:BB:CC:00:11:22\n",
      "4 macs: the same as in line 2",
    ],
    [
      "a BMC without a user",
      "csv",
      "serial,bmc.address,bmc.password\nABC1,192.0.2.1,x\n",
      "2 bmc.user: Invalid input: expected string, received undefined",
    ],
    ["a YAML that is no list", "yaml", "name: a\n", "1 : not a list of machines"],
    ["a YAML that is none", "yaml", "- a: [1\n- b\n", "2 : "],
    ["a key that is there twice", "yaml", "- serial: ABC1\n  serial: ABC2\n", "2 : Map keys must be unique"],
    ["an escape in a name", "yaml", '- name: "\\e[2J"\n  serial: ABC1\n', "1 name: no control characters"],
  ])("with %s is refused by line and field", (_, format, text, problem) => {
    const { problems } = readRegistrations(text, format);
    const [told] = problems.map(({ line, field, why }) => `${line} ${field}: ${why}`);
    expect(told).toContain(problem);
  });

  test("whatever it is, is read or refused, and never breaks the reader", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("csv", "yaml"), (text, format) => {
        readRegistrations(text, format);
        readRegistrations(`macs,bmc.address,__proto__.x\n${text}`, format);
      }),
    );
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("comes back from CSV as it was written, whatever is in the cells", () => {
    const cell = fc.string().map((text) => `x${text}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        expect(
          parseCsv(`a,b\r\n${quoted.join("\r\n")}`)
            .slice(1)
            .map(({ cells }) => cells),
        ).toEqual(rows);
      }),
    );
  });
});

describe("an import", () => {
  const { machines } = readRegistrations(csv, "csv");

  test("makes machines that nobody knows, and adds to those that somebody does", () => {
    const known = [{ id: "mac-aabbcc001144", identity: { macs: ["aa:bb:cc:00:11:44"] } }];
    expect(planRegistrations(machines, known, "ann")).toMatchObject([
      {
        do: "create",
        id: uuid,
        machine: { admission: { is: "accepted", by: "ann" } },
        bmc: { origin: "given" },
      },
      { do: "add", id: "mac-aabbcc001144", name: "node-2", accept: false, labels: { rack: "r2" } },
    ]);
  });

  test("merges nobody with somebody else", () => {
    const known = [{ id: "m1", identity: { serial: "OTHER99", macs: ["aa:bb:cc:00:11:44"] } }];
    const both = readRegistrations("serial,macs\nABC1234,aa:bb:cc:00:11:44\n", "csv").machines;
    expect(planRegistrations(both, known, "ann")).toEqual([
      { do: "refuse", line: 2, why: "it has the MAC address of m1, but not its serial number" },
    ]);
  });
});
