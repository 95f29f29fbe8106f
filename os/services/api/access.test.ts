import { globSync } from "node:fs";
import { join } from "node:path";
import type { DescFile } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../cosi/system-clock.ts";
import { createAuthority, type Grant } from "../../../pki/authority.ts";
import { anyone, callerOf, mayCall } from "./access.ts";

const gen = join(import.meta.dirname, "../../../api/gen");
const files = globSync("{cluster,cosi,inspect,machine,storage,time}/**/*_pb.js", { cwd: gen });
const modules = await Promise.all(
  files.map((file) => import(join(gen, file)) as Promise<Record<string, unknown>>),
);
const paths = modules
  .flatMap((module) => Object.entries(module))
  .flatMap(([name, value]) => (name.startsWith("file_") ? (value as DescFile).services : []))
  .flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`));

const as = (...roles: string[]) => ({ roles: new Set(roles) });
const configured = { isConfigured: true };

describe("access", () => {
  test("an administrator may make every call that there is", () => {
    expect(paths.length).toBeGreaterThan(70);
    expect(paths.filter((path) => !mayCall(as("os:admin"), path, configured))).toEqual([]);
  });

  test.each(["", "os:impersonator", "os:nonsense"])("the role %j may call nothing", (role) => {
    expect(paths.filter((path) => mayCall(as(role), path, configured))).toEqual([]);
  });

  test("nobody may call what is in no row", () => {
    expect(mayCall(as("os:admin"), "/machine.MachineService/Explode", configured)).toBe(false);
  });

  const may = {
    "os:operator": ["Reboot", "ServiceRestart", "EtcdSnapshot", "Version", "List"],
    "os:reader": ["Version", "List", "Logs", "Dmesg", "Events", "EtcdMemberList", "ServiceList"],
    "os:etcd:backup": ["EtcdSnapshot", "EtcdStatus"],
    "os:meta:writer": ["MetaWrite", "MetaDelete"],
  };
  const mayNot = {
    "os:operator": ["Read", "Copy", "ApplyConfiguration", "Reset", "Upgrade", "MetaWrite", "Kubeconfig"],
    "os:reader": ["Read", "Copy", "Reboot", "Shutdown", "ServiceStop", "EtcdSnapshot", "PacketCapture"],
    "os:etcd:backup": ["Version", "Read", "Logs"],
    "os:meta:writer": ["Version", "Read"],
  };
  test.each(Object.entries(may))("%s may %j", (role, methods) => {
    for (const it of methods)
      expect(mayCall(as(role), `/machine.MachineService/${it}`, configured)).toBe(true);
  });
  test.each(Object.entries(mayNot))("%s may not %j", (role, methods) => {
    for (const it of methods)
      expect(mayCall(as(role), `/machine.MachineService/${it}`, configured)).toBe(false);
  });

  test("anyone may give a machine its first config and wipe its disks, and else only read", () => {
    const fresh = { isConfigured: false };
    expect(mayCall(anyone, "/machine.MachineService/ApplyConfiguration", fresh)).toBe(true);
    expect(mayCall(anyone, "/storage.StorageService/BlockDeviceWipe", fresh)).toBe(true);
    expect(mayCall(anyone, "/cosi.resource.State/Get", fresh)).toBe(true);
    for (const it of ["Read", "Reset", "Reboot", "Upgrade", "MetaWrite", "GenerateClientConfiguration"]) {
      expect(mayCall(anyone, `/machine.MachineService/${it}`, fresh)).toBe(false);
    }
  });
});

describe("callers", async () => {
  const authority = await createAuthority({ algorithm: "ed25519", clock: systemClock });
  const caller = async (grant: Partial<Grant>, roles: readonly string[] = []) => {
    const { certificate } = await authority.issue({
      organization: ["os:reader"],
      purposes: ["clientAuth"],
      ...grant,
    });
    const metadata = new Metadata();
    for (const role of roles) metadata.add("talos-role", role);
    return callerOf({ peer: { address: "", certificate: certificate.der }, metadata })?.roles;
  };

  test("have the roles that their certificates name as organizations", async () => {
    expect(await caller({ organization: ["os:reader", "os:etcd:backup"] })).toEqual(
      new Set(["os:reader", "os:etcd:backup"]),
    );
  });
  test("cannot give themselves more by metadata", async () => {
    expect(await caller({}, ["os:admin"])).toEqual(new Set(["os:reader"]));
  });
  test("are whom a node says that it acts for, and not the node", async () => {
    expect(await caller({ organization: ["os:impersonator"] }, ["os:operator"])).toEqual(
      new Set(["os:operator"]),
    );
  });
  test("are nobody with a certificate that is also a server's", async () => {
    expect(await caller({ purposes: ["serverAuth", "clientAuth"] })).toBeUndefined();
  });
  test("are nobody without a certificate", () => {
    const peer = { address: "", certificate: undefined };
    expect(callerOf({ peer, metadata: new Metadata() })).toBeUndefined();
  });
});
