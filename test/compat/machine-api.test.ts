// The machine API of our node against upstream's own Go client.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { hasGo } from "../../workshop/has-go.ts";
import { buildTimeoutMs, buildUpstreamClient } from "./upstream-client.ts";

const run = promisify(execFile);
const minutes = 60_000;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ingot-machine-api-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(!hasGo)("with Go on this machine (skipped where there is no `go`)", () => {
  let upstream: string;
  beforeAll(async () => {
    upstream = await buildUpstreamClient(directory);
  }, buildTimeoutMs);

  test("upstream's client operates our node", { timeout: 3 * minutes }, async () => {
    const { secrets, controlPlane: config } = await practiceCluster();
    const kernelLog = [
      {
        at: new Date("2026-08-14T12:00:00Z"),
        priority: 4,
        text: "a disk is hot",
        sequence: 7,
        sinceBootMs: 0,
      },
    ];
    // Nobody listens on the port of the discard service.
    const addressOf = () => "127.0.0.1:9";
    await using node = await openPracticeNode({ config, kernelLog, addressOf });
    node.logs.open("apid").write(Buffer.from("one\ntwo\n"));
    node.services.run({
      id: "apid",
      restart: "always",
      operable: ["restart"],
      run: async ({ started, signal }) => {
        started("Started");
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    });
    const endpoints = [node.address];
    const client = await generateClientConfig({ clusterName: "c", secrets, clock: systemClock, endpoints });
    const talosconfig = join(directory, "talosconfig");
    writeFileSync(talosconfig, clientConfigText(client), { mode: 0o600 });

    const { stdout } = await run(upstream, ["operate", talosconfig, "127.0.0.1"]);
    expect(stdout).toMatchInlineSnapshot(`
      "version: linux on 127.0.0.1, rbac true
      services: apid Running
      restart of a service: Service "apid" restarted
      read: Linux
      list: true
      copy: gzip true
      logs: two
      dmesg: kern: warning: [2026-08-14T12:00:00Z]: a disk is hot
      statistics: memory true, processes true, mounts true
      disks: 1
      resource: MachineConfigs.config.talos.dev
      watch: Created, Bootstrapped
      machine config: controlplane
      apply: AUTO is NO_REBOOT, NO_REBOOT is NO_REBOOT, STAGED is STAGED, TRY is TRY, REBOOT is Unimplemented
      events of a reboot: reboot, actor true
      reset: accepted
      install: writing factory/ingot:v2 on /dev/vda, exit code 0
      upgrade: writing factory/ingot:v3, exit code 0
      what is not served: Unimplemented
      two nodes, one gone: 1 answer, error true
      "
    `);
    expect(node.asked).toEqual([
      "reboot default",
      "reset gracefully, reboot",
      "install factory/ingot:v2 on /dev/vda",
      "write factory/ingot:v3",
    ]);
  });
});
