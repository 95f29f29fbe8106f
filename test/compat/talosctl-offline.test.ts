// What our talosctl does without any machine.
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { createSecrets, parseSecrets } from "../../machine-config/generate/secrets.ts";
import { createAuthority } from "../../pki/authority.ts";
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

  test("secrets are made of a Kubernetes that is there, with its authorities and its token", async () => {
    const pki = join(folder, "pki");
    mkdirSync(join(pki, "etcd"), { recursive: true });
    const pems: Record<string, { readonly crt: string; readonly key: string }> = {};
    for (const name of ["ca", "etcd/ca", "front-proxy-ca"]) {
      const clock = systemClock;
      const { certificate, key } = await createAuthority({ algorithm: "rsa-2048", clock, commonName: name });
      pems[name] = { crt: certificate.pem, key: key.pem };
      writeFileSync(join(pki, `${name}.crt`), certificate.pem);
      writeFileSync(join(pki, `${name}.key`), key.pem);
    }
    const account = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const accountPem = account.export({ format: "pem", type: "pkcs1" });
    writeFileSync(join(pki, "sa.key"), accountPem);
    const secrets = ["gen", "secrets", "-o", "-", "-p", pki, "-t", "abcdef.0123456789abcdef"];
    const { certs, secrets: own } = parseSecrets((await ours(secrets)).out);
    const text = (base64: string) => Buffer.from(base64, "base64").toString();
    const plain = ({ crt, key }: { crt: string; key: string }) => ({ crt: text(crt), key: text(key) });
    expect([plain(certs.k8s), plain(certs.etcd), plain(certs.k8saggregator)]).toEqual([
      ...[pems["ca"], pems["etcd/ca"], pems["front-proxy-ca"]],
    ]);
    expect(text(certs.k8sserviceaccount.key)).toBe(accountPem);
    expect(own.bootstraptoken).toBe("abcdef.0123456789abcdef");
    // The key of another authority makes no pair.
    writeFileSync(join(pki, "ca.key"), pems["etcd/ca"]!.key);
    expect(await ours(secrets)).toMatchObject({
      ...{ code: 1, error: expect.stringContaining("Cannot use ca.crt and ca.key") as string },
    });
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
