import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { KernelParamDefault, KernelParamStatus } from "../../resources/runtime/kernel-param.ts";
import { kernelParamSpecs, kernelParams, parameterFile } from "./kernel-params.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ingot-params-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const has = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const value = (path: string) => readFileSync(join(root, path), "utf8");
const config = (...documents: string[]) => ({ spec: { yaml: documents.join("---\n"), from: "a test" } });
const sysctls = (params: string) => `apiVersion: v1alpha1\nkind: SysctlConfig\nparams: ${params}\n`;

describe("settings of the kernel", () => {
  test("follow the config, and go back to what they were", async () => {
    has("proc/sys/net/ipv4/ip_forward", "0\n");
    has("proc/sys/net/ipv4/tcp_rmem", "1\t2\t3\n");
    has("sys/block/sda/queue/scheduler", "none\n");
    const bench = new TestBench();
    await using _ = bench.run([kernelParamSpecs, kernelParams(root)]);
    const status = async (id: string) => (await bench.state.find(KernelParamStatus, id))?.spec;
    const apply = async (...documents: string[]) => {
      await bench.state.set(MachineConfig, "v1alpha1", config(...documents));
      await bench.settle();
    };
    await apply(
      sysctls('{net.ipv4.ip_forward: "1", net.ipv4.tcp_rmem: 1 2 3, net.no_such: "1"}'),
      "apiVersion: v1alpha1\nkind: SysfsConfig\nparams: {block.sda.queue.scheduler: mq-deadline}\n",
    );
    expect(value("proc/sys/net/ipv4/ip_forward")).toBe("1");
    expect(value("proc/sys/net/ipv4/tcp_rmem"), "it was so already").toBe("1\t2\t3\n");
    expect(value("sys/block/sda/queue/scheduler")).toBe("mq-deadline");
    const forwarding = "proc.sys.net.ipv4.ip_forward";
    expect(await status(forwarding)).toEqual({ current: "1", default: "0", unsupported: false });
    expect(await status("proc.sys.net.no_such")).toMatchObject({ unsupported: true });
    await apply(sysctls('{net.ipv4.ip_forward: "2"}'));
    expect(await status(forwarding)).toEqual({ current: "2", default: "0", unsupported: false });
    expect(value("sys/block/sda/queue/scheduler")).toBe("none");
    await apply("apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: a\n");
    expect(value("proc/sys/net/ipv4/ip_forward")).toBe("0");
    expect(await status(forwarding)).toBeUndefined();
  });

  test("that every node has give way to the config's, and come back after it", async () => {
    has("proc/sys/user/max_user_namespaces", "0\n");
    const bench = new TestBench();
    const id = "proc.sys.user.max_user_namespaces";
    await bench.state.set(KernelParamDefault, id, { spec: { value: "0", before: "11255" } });
    await using _ = bench.run([kernelParamSpecs, kernelParams(root)]);
    await bench.settle();
    const status = async () => (await bench.state.find(KernelParamStatus, id))?.spec;
    expect(await status()).toEqual({ current: "0", default: "11255", unsupported: false });
    await bench.state.set(MachineConfig, "v1alpha1", config(sysctls('{user.max_user_namespaces: "9"}')));
    await bench.settle();
    expect(await status()).toEqual({ current: "9", default: "11255", unsupported: false });
    await bench.state.destroy(MachineConfig, "v1alpha1");
    await bench.settle();
    expect(await status()).toEqual({ current: "0", default: "11255", unsupported: false });
  });

  test.each([
    ["proc.sys.net.ipv4.ip_forward", "proc/sys/net/ipv4/ip_forward"],
    ["proc.sys.net.ipv4.conf.eth0/100.forwarding", "proc/sys/net/ipv4/conf/eth0.100/forwarding"],
    ["proc.sys.net/ipv4/conf/eth0.100/forwarding", "proc/sys/net/ipv4/conf/eth0.100/forwarding"],
    ["sys.module.kvm.parameters.x", "sys/module/kvm/parameters/x"],
  ])("%s is %s", (id, file) => {
    expect(parameterFile(id)).toBe(file);
  });
});
