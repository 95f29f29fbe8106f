import { describe, expect, test } from "vitest";
import { hardeningArguments, kernelParameters, type SecurityFacts, unmetDemands } from "./hardening.ts";

const strict = "nosuid,nodev,noexec,relatime";
const hardened: SecurityFacts = {
  parameters: kernelParameters,
  lockdown: "none [integrity] confidentiality",
  moduleSignatureEnforced: true,
  secureBoot: true,
  mounts: [
    "/dev/loop0 / squashfs ro,nosuid,nodev 0 0",
    ...["/tmp", "/run", "/var", "/system", "/dev/shm", "/proc", "/sys"].map(
      (it) => `x ${it} tmpfs rw,${strict} 0 0`,
    ),
  ],
  cmdline: `console=ttyS0 ${hardeningArguments.join(" ")}`,
};

describe("hardening", () => {
  test("has no demands on a node that meets them all", () => {
    expect(unmetDemands(hardened)).toEqual([]);
  });

  test.each<[string, Partial<SecurityFacts>]>([
    [
      "kernel.kptr_restrict is 0, not 2",
      { parameters: { ...kernelParameters, "kernel.kptr_restrict": "0" } },
    ],
    ["the kernel is not locked down", { lockdown: "[none] integrity confidentiality" }],
    ["kernel modules need no signature", { moduleSignatureEnforced: false }],
    ["Secure Boot is off", { secureBoot: false }],
    [
      "/tmp is mounted without nosuid, nodev or noexec",
      {
        mounts: hardened.mounts.map((line) => (line.includes(" /tmp ") ? line.replace("noexec,", "") : line)),
      },
    ],
    [
      "the root is writable",
      { mounts: hardened.mounts.map((line) => line.replace("ro,nosuid", "rw,nosuid")) },
    ],
    ["the kernel was started without slab_nomerge", { cmdline: hardeningArguments.slice(1).join(" ") }],
    [
      "the kernel was started without init_on_free=1",
      { cmdline: `${hardened.cmdline} ingot.system=guid ingot.slot=a` },
    ],
    ["the kernel was started with mitigations=off", { cmdline: `${hardened.cmdline} mitigations=off` }],
  ])("says that %s", (why, flaw) => {
    expect(unmetDemands({ ...hardened, ...flaw })).toEqual([why]);
  });

  test("does not ask a kernel for what it does not have", () => {
    const { "kernel.io_uring_disabled": _, ...parameters } = kernelParameters;
    expect(unmetDemands({ ...hardened, parameters })).toEqual([]);
  });
});
