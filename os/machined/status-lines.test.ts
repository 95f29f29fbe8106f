import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fatalLines, type Status, statusLines, statusSummary } from "./status-lines.ts";

const status: Status = {
  mode: "agent",
  hostname: "rack-7",
  machineId: "52540000-0000-4000-8000-000000000001",
  machine: "Lab machine",
  provisioner: "10.0.0.1:8444",
  addresses: ["192.0.2.10/24"],
  links: [
    { name: "eth0", plugged: true, speedMbit: 25_000, neighbor: "leaf-1 Ethernet1/7" },
    { name: "eth1", plugged: false, speedMbit: 0, neighbor: "" },
  ],
  time: "not compared yet",
  waitingFor: "a way out: there is an address, but no default route",
  problems: [
    {
      at: "12:00:01",
      text: "Cannot reach the provisioner at 10.0.0.1:8444: nothing answers there (the connection timed out)",
    },
  ],
};

describe("the screen", () => {
  test("says what somebody in front of the machine wants to know", () => {
    expect(statusLines(status)).toMatchInlineSnapshot(`
      [
        "",
        " Ingot",
        "",
        " Mode          agent",
        " Machine       Lab machine, 52540000-0000-4000-8000-000000000001",
        " Name          rack-7",
        " Provisioner   10.0.0.1:8444",
        " Address       192.0.2.10/24",
        " Ports         eth0: link, 25000 Mbit/s, at leaf-1 Ethernet1/7",
        "               eth1: no link",
        " Time          not compared yet",
        " Waiting for   a way out: there is an address, but no default route",
        "",
        " Last problems",
        "   12:00:01 Cannot reach the provisioner at 10.0.0.1:8444: nothing answers",
        "            there (the connection timed out)",
        "",
        " Alt+F1: kernel messages    Alt+F2: this screen",
      ]
    `);
  });

  test("says why the machine cannot go on, and what happens next", () => {
    const lines = fatalLines("Cannot mount /proc: EPERM", "The machine restarts in 10 seconds.");
    expect(lines).toContain(" Cannot mount /proc: EPERM");
    expect(lines).toContain(" The machine restarts in 10 seconds.");
  });

  test("is never wider than a screen, and moves no cursor, whatever it is told", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const told = { ...status, waitingFor: text, problems: [{ at: "12:00:01", text }] };
        for (const line of [...statusLines(told), ...fatalLines(text, text)]) {
          expect(line.length).toBeLessThan(80);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });

  test("has a summary for logs", () => {
    expect(statusSummary({ ...status, addresses: [], waitingFor: "" })).toBe(
      "status: agent mode, rack-7, no address, waiting for nothing",
    );
  });
});
