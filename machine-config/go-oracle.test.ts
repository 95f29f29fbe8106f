// The public Go module that Talos's own tools are built on, asked the same questions as ours. Nothing of it is kept
// here: its sample configs are read from the module cache. Skipped, with the reason, where Go or the module is missing.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { clientConfigText, parseClientConfig } from "./client-config.ts";
import { yamlText } from "./decode/syntax.ts";
import { generateConfigs } from "./generate/configs.ts";
import { createSecrets, parseSecrets, secretsText } from "./generate/secrets.ts";
import { parseMachineConfig } from "./machine-config.ts";
import { applyPatches, parsePatch } from "./patch/patch.ts";
import { validate } from "./validation.ts";

const module = "github.com/siderolabs/talos/pkg/machinery";
const version = "v1.13.0";

/** Only what is on this machine already: tests do not download. */
const environment = {
  ...process.env,
  GOFLAGS: "-mod=mod",
  GOPROXY: "off",
  GONOSUMDB: "*",
  GOTOOLCHAIN: "local",
};

/** The oracle, built; undefined where Go, or the module with all that it needs, is missing. */
const oracle = (() => {
  const { error, status, stdout } = spawnSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" });
  if (error || status !== 0) return undefined;
  const sources = join(stdout.trim(), `${module}@${version}`);
  if (!existsSync(sources)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "machine-config-oracle-"));
  copyFileSync(join(import.meta.dirname, "go-oracle/main.go"), join(folder, "main.go"));
  writeFileSync(join(folder, "go.mod"), `module oracle\n\ngo 1.26.1\n\nrequire ${module} ${version}\n`);
  const build = spawnSync("go", ["build", "-o", "oracle", "."], { cwd: folder, env: environment });
  if (build.status === 0) return { folder, sources };
  rmSync(folder, { recursive: true, force: true });
  return undefined;
})();
const title = oracle
  ? "the Go module"
  : `the Go module (skipped: needs Go, and ${module}@${version} with its dependencies in the module cache)`;

/** Every path below a value. */
function* pathsIn(
  value: unknown,
  path: readonly (string | number)[],
): Generator<readonly (string | number)[]> {
  if (typeof value !== "object" || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, inner] of entries) {
    yield [...path, key];
    yield* pathsIn(inner, [...path, key]);
  }
}

interface Question {
  readonly Text?: string;
  readonly Secrets?: string;
  readonly Client?: string;
  readonly Patches?: readonly string[];
  readonly Worker?: boolean;
}
interface Answer {
  readonly Text: string;
  readonly Error: string;
  readonly Invalid: string;
}

describe.skipIf(!oracle)(title, () => {
  const { folder, sources } = oracle ?? { folder: "", sources: "" };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (questions: readonly Question[]): Answer[] => {
    const input = questions.map((question) => JSON.stringify(question)).join("\n");
    const { stdout } = spawnSync(join(folder, "oracle"), { input, maxBuffer: 2 ** 30 });
    return stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Answer);
  };
  const sample = (path: string) => readFileSync(join(sources, "config", path), "utf8");
  const samples = (pattern: string) => globSync(pattern, { cwd: join(sources, "config") }).sort();
  const attempt = <T>(body: () => T): T | undefined => {
    try {
      return body();
    } catch (error) {
      if (error instanceof Error && error.name === "InvalidMachineConfig") return undefined;
      throw error;
    }
  };

  test("reads, judges and writes the same samples", () => {
    const files = samples("**/*.{yaml,test}");
    expect(files.length).toBeGreaterThan(150);
    const texts = files.map(sample);
    const theirs = ask(texts.map((Text) => ({ Text })));
    const ours = texts.map((text) => attempt(() => parseMachineConfig(text)));
    expect(files.filter((_, index) => (ours[index] === undefined) !== (theirs[index]!.Error !== ""))).toEqual(
      [],
    );
    // Written again from our YAML nodes, not the text as it was.
    const written = ours.map((config) => config && yamlText(config.documents.map(({ yaml }) => yaml)));
    const again = ask(written.map((text) => ({ Text: text ?? "" })));
    const judged = ours.map((config) => config !== undefined && validate(config, "metal").errors.length > 0);
    for (const [index, file] of files.entries()) {
      if (theirs[index]!.Error) continue;
      expect.soft(again[index]!.Text, file).toBe(theirs[index]!.Text);
      expect.soft(judged[index], `${file}: ${theirs[index]!.Invalid}`).toBe(theirs[index]!.Invalid !== "");
    }
  });

  /** Documents without a name, a driver or a certificate make no sense: we say so, they do not. */
  const ours = /^types\/(?:hardware|security)\/.* (?:name|targetDriver|certificates)$/;

  test("misses the same fields when they are taken out of the samples, one at a time", () => {
    const cases = samples("types/{network,block,cri,hardware,runtime,security,siderolink}/**/*.yaml")
      .concat(samples("types/v1alpha1/testdata/stability/v1.13/*.yaml"))
      .flatMap((file) => {
        const [document] = parseAllDocuments(sample(file));
        const paths = document ? [...pathsIn(document.toJS(), [])] : [];
        return paths.map((path) => {
          const text = parseAllDocuments(sample(file))[0]!;
          text.deleteIn(path);
          return { name: `${file} ${path.join(".")}`, text: text.toString() };
        });
      })
      .filter(({ name }) => !ours.test(name));
    expect(cases.length).toBeGreaterThan(500);
    const theirs = ask(cases.map(({ text }) => ({ Text: text })));
    for (const [index, { name, text }] of cases.entries()) {
      const config = attempt(() => parseMachineConfig(text));
      const isRefused = config === undefined || validate(config, "metal").errors.length > 0;
      const why = theirs[index]!.Error || theirs[index]!.Invalid;
      expect.soft(isRefused, `${name}: ${why}`).toBe(why !== "");
    }
  });

  test("patches the same samples alike", () => {
    const cases = [
      // 001 is left out: it merges a URL's path, which we replace with the rest of the URL.
      ...samples("types/v1alpha1/testdata/strategic/00[2-9]/left.yaml").map(
        (file) => [sample(file), sample(file.replace("left", "right"))] as const,
      ),
      ...samples("configpatcher/testdata/*/{config,controlplane_orig}.yaml").flatMap((file) =>
        samples(file.replace(/[^/]+$/, "{strategic,patch,jsonpatch}*.yaml")).map(
          (patch) => [sample(file), sample(patch)] as const,
        ),
      ),
      ...samples("types/v1alpha1/testdata/stability/*/*.yaml").map(
        (file) => [sample(file), sample("types/v1alpha1/testdata/stability/patch.yaml")] as const,
      ),
    ];
    expect(cases.length).toBeGreaterThan(50);
    expectAlike(cases);
  });

  /** Both refuse, or both come to the same config. */
  function expectAlike(cases: readonly (readonly [config: string, patch: string])[]) {
    const theirs = ask(cases.map(([Text, patch]) => ({ Text, Patches: [patch] })));
    const ours = cases.map(([config, patch]) =>
      attempt(() => applyPatches(parseMachineConfig(config), [parsePatch(patch)])),
    );
    const normal = ask(ours.map((config) => ({ Text: config?.text ?? "" })));
    for (const [index, [config, patch]] of cases.entries()) {
      const name = `${theirs[index]!.Error}\n${config}\n+\n${patch}`;
      if (theirs[index]!.Error) expect(ours[index], name).toBeUndefined();
      else expect(normal[index]!.Text, name).toBe(theirs[index]!.Text);
    }
  }

  test("merges configs made at random alike", () => {
    const word = fc.constantFrom("", "a", "b", "c");
    const words = fc.array(word, { maxLength: 3 });
    const map = fc.dictionary(fc.constantFrom("x", "y", "z"), word, { maxKeys: 3 });
    const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const number = fc.constantFrom(0, 1, 1500);
    const section = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
      fc.record(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, some(value)])));
    const vlan = fc.record({
      vlanId: fc.constantFrom(5, 6),
      mtu: some(number),
      dhcp: some(fc.boolean()),
      addresses: some(words),
    });
    const device = fc.record({
      interface: fc.constantFrom("eth0", "eth1"),
      mtu: some(number),
      dhcp: some(fc.boolean()),
      addresses: some(words),
      vlans: some(fc.uniqueArray(vlan, { maxLength: 2, selector: ({ vlanId }) => vlanId })),
    });
    const config = fc.record({
      debug: some(fc.boolean()),
      machine: section({
        type: fc.constantFrom("worker", "controlplane"),
        token: word,
        certSANs: words,
        env: map,
        nodeLabels: map,
        kubelet: section({ image: word, extraArgs: map, registerWithFQDN: fc.boolean() }),
        network: section({
          hostname: word,
          nameservers: words,
          interfaces: fc.uniqueArray(device, { maxLength: 2, selector: (item) => item.interface }),
          kubespan: section({ enabled: fc.boolean(), mtu: number }),
        }),
        install: section({ disk: word, wipe: fc.boolean(), extraKernelArgs: words }),
        features: section({ kubePrism: section({ enabled: fc.boolean(), port: number }) }),
        // Always both: a patch that says only one of them takes the other away there, and leaves it alone here.
        ca: some(fc.record({ crt: fc.constantFrom("", "YQ==", "Yg=="), key: fc.constantFrom("", "YQ==") })),
      }),
      cluster: section({
        clusterName: word,
        network: section({ podSubnets: words, serviceSubnets: words, dnsDomain: word }),
        apiServer: section({
          auditPolicy: map,
          admissionControl: fc.uniqueArray(
            fc.record({ name: fc.constantFrom("A", "B"), configuration: fc.record({ x: map }) }),
            { maxLength: 2, selector: ({ name }) => name },
          ),
        }),
      }),
    });
    const text = config.map((value) => JSON.stringify({ version: "v1alpha1", ...value }));
    expectAlike(fc.sample(fc.tuple(text, text), { numRuns: 500, seed: 20260801 }));
  });

  test("generates the same configs from our secrets, and reads our client config", async () => {
    const clock = { now: () => new Date() };
    const secrets = await createSecrets({ clock });
    const text = secretsText(secrets);
    expect(parseSecrets(text)).toEqual(secrets);
    const ours = await generateConfigs({
      clusterName: "base",
      endpoint: "https://10.0.0.1:6443",
      secrets,
      clock,
      kubernetesVersion: "1.36.0",
      installDisk: "/dev/sda",
      installImage: "example.org/installer:v1",
      certSans: ["a.example"],
      allowSchedulingOnControlPlanes: true,
      endpoints: ["10.0.0.1"],
    });
    const [controlPlane, worker, oursControlPlane, oursWorker] = ask([
      { Secrets: text },
      { Secrets: text, Worker: true },
      { Text: ours.controlPlane.text },
      { Text: ours.worker.text },
    ]);
    expect(controlPlane?.Error).toBe("");
    expect(oursControlPlane).toEqual(controlPlane);
    expect(oursWorker).toEqual(worker);
    expect([controlPlane?.Invalid, worker?.Invalid]).toEqual(["", ""]);

    const [client] = ask([{ Client: clientConfigText(ours.client) }]);
    expect(client?.Error).toBe("");
    expect(parseClientConfig(client!.Text)).toMatchObject(ours.client);
  });
});
