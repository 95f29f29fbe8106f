// What our talosctl does without any machine.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { ourTalosctl } from "./our-talosctl.ts";

let folder: string;
let config: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-talosctl-"));
  config = join(folder, "talosconfig");
  const secrets = await createSecrets({ clock: systemClock });
  const plan = { clusterName: "practice", secrets, clock: systemClock, endpoints: ["10.0.0.9"] };
  writeFileSync(config, clientConfigText(await generateClientConfig(plan)), { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const ours = (words: readonly string[]) => ourTalosctl({ HOME: folder, TALOSCONFIG: config }, words);

describe("without a machine", () => {
  test("configs are generated, validated and patched", async () => {
    const secrets = join(folder, "secrets.yaml");
    expect((await ours(["gen", "secrets", "-o", secrets])).code).toBe(0);
    const out = join(folder, "generated");
    const plan = ["prod", "https://10.0.0.1:6443", "--with-secrets", secrets, "--install-disk", "/dev/vda"];
    expect((await ours(["gen", "config", ...plan, "-o", out])).code).toBe(0);
    const controlPlane = join(out, "controlplane.yaml");
    expect(await ours(["validate", "-m", "metal", "-c", controlPlane])).toMatchObject({
      out: `${controlPlane} is valid for metal mode\n`,
    });
    const again = await ours(["gen", "config", ...plan, "-o", out]);
    expect(again).toMatchObject({ code: 1, error: expect.stringContaining("use --force") as string });
    const patched = await ours(["machineconfig", "patch", controlPlane, "-p", "machine: {type: worker}"]);
    expect(patched.out).toMatch(/^ +type: worker$/m);
    const bad = join(folder, "bad.yaml");
    writeFileSync(bad, "version: v1alpha1\nmachine: {sysctl: {}}\n");
    expect((await ours(["validate", "-m", "metal", "-c", bad])).error).toMatch(
      /line 2, column \d+: machine\.sysctl/,
    );
  });

  test("contexts are added, chosen, merged and removed, in a file of its owner's", async () => {
    const path = join(folder, "contexts");
    const file = ["--talosconfig", path];
    await ours(["config", "add", "one", ...file]);
    await ours(["config", "endpoint", "10.0.0.1", "10.0.0.2", ...file]);
    await ours(["config", "node", "10.0.0.3", ...file]);
    await ours(["config", "merge", config, ...file]);
    expect((await ours(["config", "contexts", ...file])).out).toMatch(
      /^CURRENT +NAME +ENDPOINTS +NODES\n +one +10\.0\.0\.1,10\.0\.0\.2 +10\.0\.0\.3\n\* +practice /,
    );
    await ours(["config", "context", "one", ...file]);
    await ours(["config", "remove", "practice", "-y", ...file]);
    expect(readFileSync(path, "utf8")).not.toContain("practice");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each(["bash", "zsh", "fish"])("completion for %s knows the commands", async (shell) => {
    const { out } = await ours(["completion", shell]);
    expect(out).toContain("apply-config");
    if (shell === "bash") expect(spawnSync("bash", ["-n"], { input: out }).status).toBe(0);
  });
});
