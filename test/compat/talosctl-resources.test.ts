// Every type of resource of our node, as upstream's own talosctl prints it; and its dashboard of our node.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { fillWithPractice } from "../../os/services/api/practice-resources.ts";
import { resourceTypes } from "../../os/services/api/resource-types.ts";
import { ourTalosctl } from "./our-talosctl.ts";
import { theirTalosctl, upstreamTalosctl, upstreamTitle } from "./upstream-talosctl.ts";

const minutes = 60_000;
let folder: string;
let node: PracticeNode;
let environment: { readonly HOME: string; readonly TALOSCONFIG: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-resources-"));
  const { secrets, controlPlane: config } = await practiceCluster();
  node = await openPracticeNode({ config });
  await fillWithPractice(node.state);
  const plan = { clusterName: "practice", secrets, clock: systemClock, endpoints: [node.address] };
  environment = { HOME: folder, TALOSCONFIG: join(folder, "talosconfig") };
  writeFileSync(environment.TALOSCONFIG, clientConfigText(await generateClientConfig(plan)), { mode: 0o600 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What is called as many things as it has kinds must be called by its whole name. */
const types = resourceTypes.map(({ type }) => type.type.toLowerCase());

describe.skipIf(!upstreamTalosctl)(upstreamTitle, () => {
  test.each(types)("gets %s, and prints what ours prints", { timeout: minutes }, async (type) => {
    const both = async (output: string) => {
      const words = ["get", type, "-o", output, "-n", "127.0.0.1"];
      const [theirs, ours] = await Promise.all([
        theirTalosctl(environment, words),
        ourTalosctl(environment, words),
      ]);
      return [theirs.out, ours.out] as const;
    };
    const [theirTable, ourTable] = await both("table");
    expect(theirTable).toMatch(/^NODE +NAMESPACE[^]*\n127\.0\.0\.1 /);
    expect(ourTable).toBe(theirTable);
    // Lists within lists are indented in another way, which says the same.
    const documents = (text: string) => parseAllDocuments(text).map((it) => it.toJS() as unknown);
    const [theirYaml, ourYaml] = await both("yaml");
    expect(documents(ourYaml)).toEqual(documents(theirYaml));
  });

  test("draws its dashboard of our node", { timeout: minutes }, async () => {
    const command = `stty rows 50 cols 160; exec ${upstreamTalosctl} dashboard -n 127.0.0.1`;
    const drawing = spawn("script", ["-qfec", command, "/dev/null"], {
      env: { ...process.env, ...environment, TERM: "xterm" },
      stdio: ["pipe", "pipe", "ignore"],
    });
    const closed = once(drawing, "close");
    try {
      const seen = new Set<string>();
      const shown = [
        ...["Ingot", "v1.13.0", "practice", "controlplane", "10.0.0.5/24", "10.0.0.1", "2001:db8::53"],
        ...["time.example.org", "4c4c4544-0042-3510-8052-b4c04f4d3732", "Shutting down"],
      ];
      let text = "";
      for await (const chunk of drawing.stdout as AsyncIterable<Buffer>) {
        text = (text + chunk.toString()).slice(-100_000);
        for (const word of shown) if (text.includes(word)) seen.add(word);
        if (seen.size === shown.length) break;
      }
      expect([...seen].sort()).toEqual(shown.toSorted());
    } finally {
      drawing.kill();
      await closed;
    }
  });
});
