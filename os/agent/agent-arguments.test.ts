import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKernelArguments } from "../machined/kernel-arguments.ts";
import { agentMode } from "./agent-arguments.ts";

const digits = "0a".repeat(32);
const modeOf = (line: string) => agentMode(parseKernelArguments(line));
const rest = `ingot.ca=sha256:${digits} ingot.token=t0k-en_ ingot.boot=b7`;

describe("agent mode", () => {
  test("is off where no provisioner is named", () => {
    expect(modeOf("console=ttyS0 ingot.token=x")).toEqual({ is: "off" });
  });

  test.each([
    ["a name", "rack.example:8444", "rack.example", 8444],
    ["an IPv4 address", "10.1.0.1:8444", "10.1.0.1", 8444],
    ["an IPv6 address", "[fd00::1]:1", "fd00::1", 1],
  ])("knows its provisioner by %s", (_, provisioner, host, port) => {
    expect(modeOf(`ingot.provisioner=${provisioner} ${rest}`)).toEqual({
      is: "agent",
      arguments: { host, port, authorityFingerprint: digits, bootToken: "t0k-en_", bootId: "b7" },
    });
  });

  test.each([
    ["a provisioner without a port", `ingot.provisioner=10.1.0.1 ${rest}`, "not host:port"],
    ["port 0", `ingot.provisioner=10.1.0.1:0 ${rest}`, "not host:port"],
    ["an empty provisioner", `ingot.provisioner= ${rest}`, "not host:port"],
    ["a bare IPv6 address", `ingot.provisioner=fd00::1:8444 ${rest}`, "not host:port"],
    ["no fingerprint", "ingot.provisioner=p:1 ingot.token=t", "ingot.ca is not sha256:"],
    ["half a fingerprint", "ingot.provisioner=p:1 ingot.ca=sha256:0a ingot.token=t", "ingot.ca is not"],
    ["no token", `ingot.provisioner=p:1 ingot.ca=sha256:${digits}`, "ingot.token is missing"],
  ])("says what is wrong with %s", (_, line, why) => {
    expect(modeOf(line)).toEqual({ is: "unusable", why: expect.stringContaining(why) });
  });

  test("takes any line at all", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        modeOf(`ingot.provisioner=${text}`);
      }),
    );
  });
});
