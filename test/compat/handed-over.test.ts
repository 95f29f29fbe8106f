// What a machine that is to be installed is told by its provisioner, read by the system that boots with it: its config
// comes over TLS from whom it was told to trust, and that it is installed is heard.
import { afterEach, beforeEach, expect, test } from "vitest";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { pinArgument, pinnedFetch } from "../../os/agent/pinned-fetch.ts";
import { tellInstalled } from "../../os/install/tell-installed.ts";
import { configSources } from "../../os/machined/config-sources.ts";
import { parseKernelArguments } from "../../os/machined/kernel-arguments.ts";
import { ProblemLog } from "../../os/machined/problems.ts";
import { NetworkStatus } from "../../os/resources/network/node.ts";
import { PracticeSite, until, uuid } from "../../provisioner/practice-site.conformance.ts";
import { Cluster } from "../../provisioner/resources/cluster.ts";
import { Installation } from "../../provisioner/resources/installation.ts";

let site: PracticeSite;
beforeEach(async () => {
  site = await PracticeSite.open();
});
afterEach(() => site[Symbol.asyncDispose]());

test("the system that boots to be installed gets its config, and is heard when it is", async () => {
  await site.assign({
    boots: { what: "ingot", image: "default", arguments: [] },
    memberOf: { cluster: "one", as: "controlplane", endpoint: "https://192.0.2.1:6443" },
    installDisk: {},
    installedBy: { evidence: "nodeApi" },
  });
  await until(() => site.provisioner.state.find(Cluster, "one"));
  const told = [...(await site.bootedArguments())].map(([name, value]) => `${name}=${value ?? ""}`);
  const args = () => parseKernelArguments(told.join(" "));
  const state = new State({ store: new MemoryStore({ history: 100 }), clock: systemClock });
  await state.set(NetworkStatus, "status", {
    spec: {
      addressReady: true,
      connectivityReady: true,
      hostnameReady: true,
      etcFilesReady: true,
      waitingFor: "",
    },
  });
  const said: string[] = [];
  const log = new ProblemLog({ write: (_, text) => void said.push(text) }, () => new Date());
  const source = configSources.find(({ name }) => name === "talos.config")!;
  const { signal } = new AbortController();
  const text = await source.read({ state, log, arguments: args }, signal);
  expect(parseMachineConfig(text!).v1alpha1?.cluster?.clusterName).toBe("one");
  expect(args().last("talos.config")).toMatch(/^https:/);

  const heard = await tellInstalled(args().last("ingot.installed")!, {
    ...{ fetch: pinnedFetch(args().last(pinArgument), fetch), tries: 1, signal },
    failed: (reason) => void said.push(reason),
  });
  expect([heard, said]).toEqual([
    true,
    [expect.stringMatching(/^asking 127\.0\.0\.1:\d+ for the machine config$/)],
  ]);
  expect((await site.provisioner.state.get(Installation, uuid)).spec.node.is).toBe("unseen");
});
