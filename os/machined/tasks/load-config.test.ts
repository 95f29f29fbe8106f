import { describe, expect, test } from "vitest";
import { State } from "../../../cosi/state.ts";
import { MemoryStore } from "../../../cosi/stores/memory.ts";
import { VirtualClock } from "../../../cosi/virtual-clock.ts";
import { BootIsOver } from "../../config/config-url.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { ConfigSource } from "../config-sources.ts";
import { parseKernelArguments } from "../kernel-arguments.ts";
import { ProblemLog } from "../problems.ts";
import { loadConfig } from "./load-config.ts";

const good = "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: rack-7\n";
const source = (name: string, text: string | undefined): ConfigSource => ({
  name,
  read: () => Promise.resolve(text),
});

async function load(sources: readonly ConfigSource[]) {
  const state = new State({ store: new MemoryStore({ history: 10 }), clock: new VirtualClock() });
  const log = new ProblemLog({ write: () => {} }, () => new Date(0));
  const args = () => parseKernelArguments("");
  await loadConfig(sources).run({ state, log, arguments: args }, new AbortController().signal);
  const found = (await state.list(MachineConfig)).resources[0]?.spec;
  return { from: found?.from, problems: log.problems.map(({ text }) => text) };
}

describe("the machine config", () => {
  test("is the first that there is", async () => {
    const sources = [source("a disk", undefined), source("the image", good), source("elsewhere", good)];
    expect(await load(sources)).toEqual({ from: "the image", problems: [] });
  });

  test("may be nowhere", async () => {
    expect(await load([source("the image", undefined)])).toEqual({ from: undefined, problems: [] });
  });

  test("is looked for nowhere else when this boot is over: the machine has to boot once more", async () => {
    const over: ConfigSource = {
      name: "talos.config",
      read: () => Promise.reject(new BootIsOver("This boot gets no machine config: it leaves")),
    };
    await expect(load([over, source("elsewhere", good)])).rejects.toThrow("it leaves");
  });

  test.each([
    ["0 bytes", ""],
    ["half of one", good.slice(0, 30)],
    ["what is none", "\u0000\u0001"],
  ])("of %s is named, and the next is taken", async (_, text) => {
    const { from, problems } = await load([source("a disk", text), source("the image", good)]);
    expect(from).toBe("the image");
    expect(problems).toEqual([expect.stringMatching(/^The machine config from a disk cannot be used: ./)]);
  });
});
