import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ApplyConfigurationRequestSchema,
  ApplyConfigurationRequest_Mode as Mode,
} from "../../../../api/gen/machine/configuration_pb.js";
import type { Call } from "../../../../api/grpc/handlers.ts";
import { VirtualClock } from "../../../../cosi/virtual-clock.ts";
import { type MachineConfig, parseMachineConfig } from "../../../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../../../machine-config/patch/patch.ts";
import { ConfigKeeper } from "../../config/config-keeper.ts";
import { practiceCluster } from "../practice-node.ts";
import { applyConfiguration } from "./apply-configuration.ts";

let base: MachineConfig;
beforeAll(async () => {
  base = (await practiceCluster()).controlPlane;
});

const patched = (patch: string) => applyPatches(base, [parsePatch(patch)]);
const live = () => patched("machine: {sysctls: {vm.swappiness: '10'}}");

let current: MachineConfig | undefined;
let persisted: MachineConfig | undefined;
let isInstalled: boolean;
let clock: VirtualClock;
let keeper: ConfigKeeper;
beforeEach(() => {
  current = base;
  persisted = base;
  isInstalled = false;
  clock = new VirtualClock();
  keeper = new ConfigKeeper({
    current: () => current,
    follow: (next) => Promise.resolve(void (current = next)),
    persist: (next) => Promise.resolve(void (persisted = next)),
    clock,
    failed: (error) => expect.fail(String(error)),
  });
});

async function apply(
  config: MachineConfig | string,
  request: MessageInitShape<typeof ApplyConfigurationRequestSchema>,
) {
  const handlers = applyConfiguration({ config: keeper, isInstalled: () => Promise.resolve(isInstalled) });
  const data = Buffer.from(typeof config === "string" ? config : config.text);
  const message = create(ApplyConfigurationRequestSchema, { data, ...request });
  const { messages = [] } = await handlers.applyConfiguration(message, {} as Call);
  return messages[0]!;
}

describe("a config", () => {
  test("that nothing speaks against is followed at once and kept", async () => {
    const next = live();
    expect(await apply(next, { mode: Mode.AUTO })).toMatchObject({
      mode: Mode.NO_REBOOT,
      modeDetails: "Applied configuration without a reboot",
    });
    expect([current?.text, persisted?.text]).toEqual([next.text, next.text]);
  });

  test.each([Mode.AUTO, Mode.NO_REBOOT])(
    "is followed without a restart whatever it changes (mode %i)",
    async (mode) => {
      const next = patched(
        "machine: {token: abcdef.0123456789abcdef, udev: {rules: ['SUBSYSTEM==\"net\"']}}",
      );
      expect(await apply(next, { mode })).toMatchObject({ mode: Mode.NO_REBOOT });
      expect([current?.text, persisted?.text]).toEqual([next.text, next.text]);
    },
  );

  test("is refused in the mode that clients before v1.14 restart a machine by", async () => {
    await expect(apply(live(), { mode: Mode.REBOOT })).rejects.toMatchObject({
      code: "unimplemented",
      details: "the REBOOT mode is not supported, please use AUTO or NO_REBOOT modes instead",
    });
    expect([current?.text, persisted?.text]).toEqual([base.text, base.text]);
  });

  test("is only kept when it is staged", async () => {
    const next = live();
    await apply(next, { mode: Mode.STAGED });
    expect([current?.text, persisted?.text]).toEqual([base.text, next.text]);
  });

  test("is taken back when it was only tried", async () => {
    const next = live();
    const { modeDetails } = await apply(next, { mode: Mode.TRY });
    expect(modeDetails).toMatch(/automatically reverted back in 1m0s$/);
    expect([current?.text, persisted?.text]).toEqual([next.text, base.text]);
    await clock.advance(59_999);
    expect(current?.text).toBe(next.text);
    await clock.advance(1);
    expect(current?.text).toBe(base.text);
  });

  test("that is tried after another gives way to what is kept, and so does one that is staged meanwhile", async () => {
    const second = patched("machine: {sysctls: {vm.swappiness: '20'}}");
    await apply(live(), { mode: Mode.TRY, tryModeTimeout: { seconds: 5n } });
    await apply(second, { mode: Mode.TRY, tryModeTimeout: { seconds: 20n } });
    await apply(live(), { mode: Mode.STAGED });
    await clock.advance(19_999);
    expect(current?.text).toBe(second.text);
    await clock.advance(1);
    expect([current?.text, persisted?.text]).toEqual([base.text, live().text]);
  });

  test("stays when it is applied after it was tried", async () => {
    const next = live();
    await apply(next, { mode: Mode.TRY, tryModeTimeout: { seconds: 5n } });
    await apply(next, { mode: Mode.NO_REBOOT });
    await clock.advance(10_000);
    expect([current?.text, persisted?.text]).toEqual([next.text, next.text]);
  });

  test("changes nothing in a dry run, which shows what would change", async () => {
    const { modeDetails } = await apply(live(), { mode: Mode.AUTO, dryRun: true });
    expect(modeDetails).toMatch(
      /^Dry run summary:\nApplied configuration without a reboot \(skipped in dry-run\)\.\nConfig diff:\n\n@@ /,
    );
    expect(modeDetails).toMatch(/^\+ +sysctls: \{ vm\.swappiness: '10' \}$/m);
    expect([current?.text, persisted?.text]).toEqual([base.text, base.text]);
    expect((await apply(base, { mode: Mode.AUTO, dryRun: true })).modeDetails).toMatch(/No changes\.$/);
  });

  test.each([
    ["machine: [", /Cannot read machine config/],
    [
      "version: v1alpha1\nmachine: {sysctl: {}}\n",
      /line 2, column \d+: machine\.sysctl: unknown key; did you mean "sysctls"/,
    ],
    ["apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: x\n", /doesn't contain v1alpha1 config/],
  ])("%j is refused with the reason", async (text, why) => {
    const refusal = apply(text, { mode: Mode.AUTO });
    await expect(refusal).rejects.toMatchObject({
      code: "invalidArgument",
      details: expect.stringMatching(why) as string,
    });
  });

  test("says where the system goes, unless it is on a disk already or a document says it", async () => {
    const without = patched("machine: {install: {$patch: delete}}");
    await expect(apply(without, { mode: Mode.AUTO })).rejects.toMatchObject({ code: "invalidArgument" });
    const document =
      "apiVersion: v1alpha1\nkind: UnattendedInstallConfig\nprovisioning: {diskSelector: {match: system_disk}}\n";
    await apply(`${without.text}---\n${document}`, { mode: Mode.AUTO });
    isInstalled = true;
    await apply(without, { mode: Mode.AUTO });
    expect(persisted?.text).toBe(without.text);
  });

  test("is refused while another is being applied", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = keeper.alone(() => promise);
    await expect(apply(live(), { mode: Mode.AUTO })).rejects.toMatchObject({ code: "failedPrecondition" });
    resolve();
    await first;
    await apply(live(), { mode: Mode.AUTO });
  });

  test("is answered with what of it is not used, in a dry run as well", async () => {
    const next = patched(
      "machine: {systemDiskEncryption: {ephemeral: {provider: luks2, keys: [{slot: 0, nodeID: {}}]}}}",
    );
    for (const dryRun of [true, false]) {
      const { warnings } = await apply(next, { mode: Mode.STAGED, dryRun });
      expect(warnings).toContainEqual(expect.stringMatching(/not used: machine\.systemDiskEncryption \(/));
    }
  });

  test("may be partial, and always applies, before there is one", async () => {
    current = undefined;
    const partial = parseMachineConfig("apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: x\n");
    for (const mode of [Mode.REBOOT, Mode.TRY])
      expect(await apply(partial, { mode })).toMatchObject({ mode: Mode.NO_REBOOT });
    expect(await apply(base, { mode: Mode.AUTO })).toMatchObject({ mode: Mode.NO_REBOOT });
  });
});
