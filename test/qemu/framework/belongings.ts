// What an operator has put on a node, and must find there after whatever has happened to it: a config, and data.
import { expect } from "vitest";
import { applyPatches, parsePatch } from "../../../machine-config/patch/patch.ts";
import { deadlineMs } from "./deadlines.ts";
import type { NodeUnderTest } from "./node-under-test.ts";

const data = { path: "/var/lib/kept/since", content: "the first day" };
const file = `machine: {files: [{path: ${data.path}, content: ${data.content}, permissions: 0o640}]}`;
const configOf = (hostname: string) => `
apiVersion: v1alpha1
kind: HostnameConfig
auto: off
hostname: ${hostname}
---
apiVersion: v1alpha1
kind: SysctlConfig
params: {vm.swappiness: "7"}
`;

/** Gives it a config, live, and data that afterwards nothing but its disk has. */
export async function moveIn(node: NodeUnderTest, hostname: string): Promise<void> {
  const its = applyPatches(await node.config(), [parsePatch(configOf(hostname))]);
  await node.configure(applyPatches(its, [parsePatch(file)]));
  await shows(node, hostname);
  // Files below /var stay when no config names them any more.
  await node.configure(its);
}

/** Has it follow another name, live. */
export async function rename(node: NodeUnderTest, hostname: string): Promise<void> {
  await node.configure(applyPatches(await node.config(), [parsePatch(configOf(hostname))]));
  await shows(node, hostname);
}

/** All of it is there, of a node that may still be starting. */
export async function hasAll(node: NodeUnderTest, hostname: string): Promise<void> {
  expect((await node.config()).text).toContain(`hostname: ${hostname}`);
  await shows(node, hostname);
}

const shows = (node: NodeUnderTest, hostname: string) =>
  expect
    .poll(() => node.textsOf(["/proc/sys/kernel/hostname", "/proc/sys/vm/swappiness", data.path]), {
      timeout: deadlineMs.operatingSystem,
    })
    .toEqual([`${hostname}\n`, "7\n", data.content]);
