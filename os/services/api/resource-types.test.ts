import { expect, test } from "vitest";
import { resourceNamespaces, resourceTypes } from "./resource-types.ts";

/** What upstream's operators look at, by its names there. */
const known = `
  MachineConfigs.config MachineTypes.config
  Services.v1alpha1 MachineStatuses.runtime KernelParamStatuses.runtime LoadedKernelModules.runtime
  KernelCmdlines.runtime ExtensionStatuses.runtime MetaKeys.runtime PlatformMetadatas SecurityStates Versions.runtime
  BootIDs.runtime MountStatuses.runtime
  Disks.block SystemDisks.block VolumeStatuses.block
  SystemInformations.hardware Processors.hardware MemoryModules.hardware PCIDevices.hardware
  LinkStatuses.net AddressStatuses.net RouteStatuses.net ResolverStatuses.net HostnameStatuses.net
  TimeServerStatuses.net NodeAddresses.net NetworkStatuses.net
  Infos.cluster TimeStatuses.v1alpha1 OSRootSecrets.secrets
`
  .trim()
  .split(/\s+/)
  .map((name) => `${name}.talos.dev`);

test("the resources that upstream's operators look at are served", () => {
  const served = new Set(resourceTypes.map(({ type }) => type.type));
  expect(known.filter((name) => !served.has(name))).toEqual([]);
  expect(known.length).toBeGreaterThanOrEqual(30);
});

test("each is in a namespace that clients may look into", () => {
  const outside = resourceTypes.filter(({ type }) => resourceNamespaces[type.namespace] === undefined);
  expect(outside.map(({ type }) => type.type)).toEqual([]);
});

test("what is secret is for administrators", () => {
  const secret = resourceTypes.filter(({ type }) => type.sensitive).map(({ type }) => type.type);
  expect(secret.sort()).toEqual([
    "MachineConfigs.config.talos.dev",
    "OSRootSecrets.secrets.talos.dev",
    "WireguardSpecs.net.ingot.dev",
  ]);
});
