// The BMC's network settings and its reset, over Redfish.
import { absent, type BmcNetwork, type Controller, type Done, type WantedNetwork } from "../bmc.ts";
import { orAbsent } from "./optional-answer.ts";
import { ethernetInterface, manager as managerShape } from "./resources.ts";
import type { Member } from "./service.ts";
import type { Target } from "./system.ts";

export const redfishController = (target: Target): Controller => ({
  network: () => orAbsent(readNetwork(target)),
  setNetwork: (wanted) => orAbsent(writeNetwork(target, wanted)),
  reset: () => orAbsent(reset(target)),
});

type Port = Member<ReturnType<typeof ethernetInterface>>;

/** The port with an address; the first, where none has. */
async function findPort(target: Target): Promise<Port | undefined> {
  const { service } = target;
  for (const path of await target.managers()) {
    const { EthernetInterfaces } = await service.get(path, managerShape);
    if (EthernetInterfaces === undefined) continue;
    const ports = await service.members(EthernetInterfaces, ethernetInterface);
    const isUp = ({ value: { IPv4Addresses = [] } }: Port) =>
      IPv4Addresses.some(({ Address }) => Address !== undefined && Address !== "0.0.0.0");
    const port = ports.find(isUp) ?? ports[0];
    if (port) return port;
  }
  return undefined;
}

const noPort = absent("the BMC does not tell about its network");

async function readNetwork(target: Target): Promise<BmcNetwork | typeof noPort> {
  const port = await findPort(target);
  if (!port) return noPort;
  const { IPv4Addresses = [], MACAddress, PermanentMACAddress, VLAN } = port.value;
  const { Address, SubnetMask, Gateway, AddressOrigin } = IPv4Addresses[0] ?? {};
  const isTagged = VLAN?.VLANEnable === true && VLAN.VLANId !== undefined;
  return {
    source: AddressOrigin === "Static" ? "static" : AddressOrigin === "DHCP" ? "dhcp" : "other",
    address: Address ?? "0.0.0.0",
    netmask: SubnetMask ?? "0.0.0.0",
    gateway: Gateway ?? "0.0.0.0",
    mac: (MACAddress ?? PermanentMACAddress ?? "").toLowerCase(),
    ...(isTagged ? { vlan: VLAN.VLANId } : {}),
  };
}

async function writeNetwork(target: Target, wanted: WantedNetwork): Promise<Done> {
  const port = await findPort(target);
  if (!port) return noPort;
  const { source, address, netmask, gateway } = wanted;
  const [now] = port.value.IPv4Addresses ?? [];
  await target.service.change(
    port.path,
    source === "dhcp"
      ? { DHCPv4: { DHCPEnabled: true } }
      : {
          DHCPv4: { DHCPEnabled: false },
          // An address is set as a whole.
          IPv4StaticAddresses: [
            {
              Address: address ?? now?.Address,
              SubnetMask: netmask ?? now?.SubnetMask,
              Gateway: gateway ?? now?.Gateway,
            },
          ],
        },
  );
  return undefined;
}

async function reset(target: Target): Promise<Done> {
  const { service } = target;
  const [path] = await target.managers();
  if (path === undefined) return absent("the BMC does not tell about itself");
  const action = (await service.get(path, managerShape)).Actions?.["#Manager.Reset"];
  if (action?.target === undefined) return absent("the BMC offers no restart of itself");
  const allowed = action["ResetType@Redfish.AllowableValues"];
  const ResetType = ["GracefulRestart", "ForceRestart"].find((type) => allowed?.includes(type) ?? true);
  // iDRAC and old iLO have one way only, and refuse to be told which.
  await service.post(action.target, ResetType === undefined ? {} : { ResetType });
  return undefined;
}
