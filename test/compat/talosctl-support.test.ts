// The support archive of our talosctl: what is in it, and what is not.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { fillWithPractice } from "../../os/services/api/practice-resources.ts";
import { ourTalosctl } from "./our-talosctl.ts";

const untilAborted = ({ signal }: { readonly signal: AbortSignal }) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

let folder: string;
let node: PracticeNode;
let secretTexts: readonly string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-support-"));
  const { secrets, controlPlane } = await practiceCluster();
  const at = new Date("2026-08-14T12:00:00Z");
  const kernelLog = [{ at, priority: 6, text: "Linux version", sequence: 1, sinceBootMs: 0 }];
  node = await openPracticeNode({ config: controlPlane, kernelLog });
  await fillWithPractice(node.state);
  node.logs.open("machined").write(Buffer.from("one\ntwo\n"));
  node.services.run({ id: "apid", restart: "always", run: untilAborted });
  secretTexts = [secrets.certs.os.key, secrets.trustdinfo.token, secrets.cluster.secret];
  const plan = { clusterName: "practice", secrets, clock: systemClock, endpoints: [node.address] };
  writeFileSync(join(folder, "talosconfig"), clientConfigText(await generateClientConfig(plan)));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const support = (path: string, ...nodes: string[]) =>
  ourTalosctl({ HOME: folder, TALOSCONFIG: join(folder, "talosconfig") }, [
    ...["support", "-O", path, "-n", nodes.join(",")],
  ]);
const content = (path: string, file: string) =>
  execFileSync("unzip", ["-p", path, file], { encoding: "utf8", maxBuffer: 1e8 });

test("it has logs, states and resources of each node, without secrets, for its owner only", async () => {
  const path = join(folder, "support.zip");
  const { code, error } = await support(path, "127.0.0.1");
  expect({ code, error }).toEqual({
    code: 0,
    error: expect.stringMatching(/Support bundle is written to .*support\.zip\n$/) as string,
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const files = execFileSync("unzip", ["-Z1", path], { encoding: "utf8" }).trimEnd().split("\n");
  expect(files).toEqual(
    expect.arrayContaining(
      [
        ...["dmesg.log", "mounts", "processes", "summary", "io"],
        ...["service-logs/machined.log", "service-logs/apid.state"],
        ...["resources/linkstatuses.net.talos.dev.yaml", "resources/osrootsecrets.secrets.talos.dev.yaml"],
      ].map((file) => `127.0.0.1/${file}`),
    ),
  );
  const read = (file: string) => content(path, `127.0.0.1/${file}`);
  expect(read("dmesg.log")).toMatch(/Linux version\n$/);
  expect(read("service-logs/machined.log")).toBe("one\ntwo\n");
  expect(read("service-logs/apid.state")).toMatch(/^ID +apid$/m);
  expect(read("processes")).toMatch(new RegExp(`^127\\.0\\.0\\.1 +${process.pid} `, "m"));
  expect(read("summary")).toMatch(/Tag: +v1\.13\.0/);
  expect(read("resources/linkstatuses.net.talos.dev.yaml")).toMatch(
    /operationalState: up[^]*---[^]*id: lo$/m,
  );
  for (const type of ["osrootsecrets.secrets", "machineconfigs.config"])
    expect(read(`resources/${type}.talos.dev.yaml`)).toMatch(/^spec: <REDACTED>$/m);
  const everything = content(path, "*");
  for (const secret of secretTexts) {
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret, "base64").toString().split("\n")[1] ?? secret);
  }
});

test("it never takes the place of another", async () => {
  const path = join(folder, "there.zip");
  writeFileSync(path, "mine");
  expect(await support(path, "127.0.0.1")).toMatchObject({
    ...{ code: 1, error: `${path} is there already: name another file by --output\n` },
  });
});

test("what a node does not give is told of, and the rest is there", async () => {
  const path = join(folder, "two.zip");
  const { code, error } = await support(path, "127.0.0.1", "127.0.0.9");
  expect(code).toBe(0);
  expect(error).toMatch(
    /^Not all could be had:\n[^]*127\.0\.0\.9 +dmesg\.log +rpc error: code = Unavailable/,
  );
  expect(content(path, "127.0.0.1/summary")).toMatch(/Tag/);
});
