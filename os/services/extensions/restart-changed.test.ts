import { once } from "node:events";
import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { LogBook } from "../logs/log-book.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { restartChanged } from "./restart-changed.ts";

test("services begin again when their environment or files change, and only those that run", async () => {
  const { clock, state } = new TestBench();
  const over = new AbortController();
  const begun: string[] = [];
  await using services = new Supervisor({ clock, logs: new LogBook(() => clock.now()), changed: () => {} });
  for (const id of ["ext-one", "ext-two", "apid"])
    services.run({
      ...{ id, restart: "always", operable: ["start", "stop", "restart"] },
      async run({ started, signal }) {
        begun.push(id);
        started("Started");
        await once(signal, "abort");
      },
    });
  const following = restartChanged({ state, services, signal: over.signal });
  const configure = async (...documents: string[]) => {
    await state.set(MachineConfig, "v1alpha1", { spec: { yaml: documents.join("---\n"), from: "a test" } });
    await clock.run();
    return begun.splice(0);
  };
  const environment = (name: string, line: string) =>
    `apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: ${name}\nenvironment: [${line}]\n`;
  await configure("machine: {}\n", environment("one", "A=1"));
  expect(await configure("machine: {sysctls: {a: b}}\n", environment("one", "A=1"))).toEqual([]);
  expect(await configure("machine: {}\n", environment("one", "A=2"))).toEqual(["ext-one"]);
  await services.operate("stop", "ext-two");
  expect(await configure("machine: {env: {B: '1'}}\n", environment("one", "A=2"))).toEqual(["ext-one"]);
  const file = "configFiles: [{mountPath: /var/a, content: b}]\n";
  expect(await configure("machine: {env: {B: '1'}}\n", environment("one", "A=2") + file)).toEqual([
    "ext-one",
  ]);
  over.abort();
  await following;
});
