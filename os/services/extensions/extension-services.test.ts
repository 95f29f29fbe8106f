import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { UserFiles } from "../../config/user-files.ts";
import type { ProcessDescription } from "../supervisor/process.ts";
import type { Running } from "../supervisor/service.ts";
import { extensionServices } from "./extension-services.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-services-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("an extension's service runs as it says, with the config's environment", async () => {
  writeFileSync(
    join(folder, "agentd.json"),
    JSON.stringify({
      ...{ command: ["/usr/bin/agentd", "-f"], environment: { A: "1", B: "2" }, dependsOn: ["apid"] },
      ...{ capabilities: ["net_admin"], limits: { pidsMax: 10 } },
    }),
  );
  writeFileSync(join(folder, "broken.json"), JSON.stringify({ command: ["agentd"], colour: "red" }));
  const ran: ProcessDescription[] = [];
  const refused: string[] = [];
  const text = `machine: {env: {http_proxy: "http://proxy", C: "0"}}
---
apiVersion: v1alpha1
kind: ExtensionServiceConfig
name: agentd
environment: [B=3, C=4=5]
configFiles:
  - {mountPath: /var/lib/agentd/key, content: secret}
  - {mountPath: /usr/share/agentd.conf, content: "a: b"}
`;
  const placed: unknown[] = [];
  const services = await extensionServices({
    folder,
    config: () => parseMachineConfig(text),
    openFiles: () => ({
      release: (kept) => void placed.push([...kept]),
      bring({ path, mode, owner, operation }) {
        placed.push(`${operation} ${path} ${mode.toString(8)} ${owner}`);
        return { operation, mode: "", sha256: "", errorMessage: "" };
      },
    }),
    runProcess: (description) => async () => void ran.push(description),
    refused: (why) => void refused.push(why),
  });
  expect(services).toMatchObject([
    { id: "ext-agentd", dependsOn: ["apid"], restart: "always", operable: ["start", "stop", "restart"] },
  ]);
  await services[0]!.run({} as Running);
  expect(ran).toEqual([
    {
      ...{ id: "ext-agentd", command: ["/usr/bin/agentd", "-f"], uid: 65_534, capabilities: ["net_admin"] },
      environment: { A: "1", B: "3", C: "4=5", http_proxy: "http://proxy" },
      limits: { pidsMax: 10 },
    },
  ]);
  expect(placed).toEqual([
    ["/var/lib/agentd/key", "/usr/share/agentd.conf"],
    ...["create /var/lib/agentd/key 400 65534", "overwrite /usr/share/agentd.conf 400 65534"],
  ]);
  expect(refused.join("\n")).toMatch(
    /Cannot run the service of broken.json: .*colour[^]*is no absolute path/,
  );
});

test("a service does not start without its files, and says why", async () => {
  writeFileSync(join(folder, "agentd.json"), JSON.stringify({ command: ["/usr/bin/agentd"] }));
  const text =
    "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: agentd\nconfigFiles: [{mountPath: /a, content: b}]\n";
  const [service] = await extensionServices({
    folder,
    config: () => parseMachineConfig(text),
    openFiles: () => new UserFiles({ root: folder, bind: () => expect.fail(), unbind: () => expect.fail() }),
    runProcess: () => () => expect.fail(),
    refused: (why) => expect.fail(why),
  });
  await expect(service!.run({} as Running)).rejects.toThrow(/Cannot write the file \/a: .*ENOENT/);
});

test("an image without any has none", async () => {
  const openFiles = () => ({ release() {}, bring: () => expect.fail() });
  const nothing = { openFiles, config: () => undefined, runProcess: () => async () => {}, refused: () => {} };
  expect(await extensionServices({ folder: join(folder, "none"), ...nothing })).toEqual([]);
});
