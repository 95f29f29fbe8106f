// A BMC of the seam, over a Redfish service.
import { absent, type Bmc, type Capabilities, type PowerAction } from "../bmc.ts";
import { redfishAccounts } from "./accounts.ts";
import { redfishBoot } from "./boot.ts";
import { redfishChassis } from "./chassis.ts";
import { consoleCapability, whereTheConsoleIs } from "./console.ts";
import { redfishController } from "./controller.ts";
import { redfishHealth } from "./health.ts";
import { redfishPower, resetTypeOf } from "./power.ts";
import { serviceRoot } from "./resources.ts";
import type { RedfishService } from "./service.ts";
import { findTarget, type Target } from "./system.ts";

/** DSP0266 §6.2. The only path that a client may know. */
export const rootPath = "/redfish/v1/";

/** The BMC behind `service`, which it owns from now on. `systemUuid`: which server, where there are several. */
export async function redfishBmc(service: RedfishService, systemUuid?: string): Promise<Bmc> {
  const root = await service.get(rootPath, serviceRoot);
  if (root.ProtocolFeaturesSupported?.ExpandQuery?.NoLinks === true) service.expandCollections();
  await service.logIn(root.Links?.Sessions);
  const target = await findTarget(service, root, systemUuid);
  return {
    protocol: "redfish",
    capabilities: capabilitiesOf(target),
    power: redfishPower(target),
    boot: redfishBoot(target),
    chassis: redfishChassis(target),
    health: redfishHealth(target),
    console: { open: () => whereTheConsoleIs(target) },
    accounts: redfishAccounts(target),
    controller: redfishController(target),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** As far as the service root and the system tell. What hangs on a manager or a chassis is only known by asking. */
function capabilitiesOf(target: Target): Capabilities {
  const { root, system, resetTypes } = target;
  const { Boot: boot, Actions: actions } = system;
  const given = (is: boolean, what: string) => is || absent(`the BMC has no ${what}`);
  const button = (action: PowerAction) =>
    given(
      actions?.["#ComputerSystem.Reset"]?.target !== undefined &&
        resetTypeOf(action, resetTypes) !== undefined,
      `${action} button`,
    );
  const lasting = boot?.["BootSourceOverrideEnabled@Redfish.AllowableValues"];
  const hasManager = root.Managers !== undefined || (system.Links?.ManagedBy?.length ?? 0) > 0;
  const hasChassis = root.Chassis !== undefined || (system.Links?.Chassis?.length ?? 0) > 0;
  return {
    softOff: button("softOff"),
    cycle: button("cycle"),
    interrupt: button("interrupt"),
    boot: given(boot !== undefined, "boot override"),
    bootPersistent: given(
      boot !== undefined && (lasting?.includes("Continuous") ?? true),
      "persistent boot override",
    ),
    bootFirmware: given(boot?.BootSourceOverrideMode !== undefined, "choice of UEFI or legacy"),
    virtualMedia: given(system.VirtualMedia !== undefined || hasManager, "virtual media"),
    secureBoot: given(system.SecureBoot !== undefined, "word about Secure Boot"),
    identify: given(
      system.LocationIndicatorActive !== undefined || system.IndicatorLED !== undefined || hasChassis,
      "LED",
    ),
    facts: true,
    firmware: given(root.UpdateService !== undefined, "firmware inventory"),
    sensors: given(hasChassis, "sensors"),
    events: given(system.LogServices !== undefined || hasManager, "event log"),
    console: consoleCapability(target),
    accounts: given(root.AccountService !== undefined, "account service"),
    network: given(hasManager, "word about its network"),
    controllerReset: given(hasManager, "restart of itself"),
  };
}
