// The BMC as a computer of its own: network, virtual media, restart, firmware.
import { type Answer, done, refuse } from "./message.ts";
import {
  type Body,
  type Caller,
  collectionOf,
  headOf,
  isBody,
  linkTo,
  type Resource,
  root,
} from "./resource.ts";

const manager = `${root}/Managers/1`;
const media = `${manager}/VirtualMedia`;
const inventory = `${root}/UpdateService/FirmwareInventory`;
const port = `${manager}/EthernetInterfaces/1`;

const versionOf = ({ chassis }: Caller) => {
  const { major, minor } = chassis.furniture.identity.bmcFirmware;
  return `${major}.${String(minor).padStart(2, "0")}`;
};

function insert({ memory }: Caller, { Image }: Body): Answer {
  if (typeof Image !== "string") return refuse("propertyMissing", "Image");
  if (!URL.canParse(Image)) return refuse("notInList", "Image");
  if (memory.media !== undefined) return refuse("unchanged", "Image");
  memory.media = Image;
  return done;
}

const isBoth = (value: unknown): value is string | undefined | null =>
  value === null || value === undefined || typeof value === "string";

function setImage(value: unknown, { memory, chassis }: Caller): Answer | (() => void) {
  if (!chassis.quirks.redfish?.patchedMedia) return refuse("propertyReadOnly", "Image");
  if (!isBoth(value)) return refuse("wrongType", "Image");
  return () => {
    memory.media = value ?? undefined;
  };
}

function setAddresses(value: unknown, { chassis }: Caller): Answer | (() => void) {
  const [first] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (!isBody(first)) return refuse("wrongType", "IPv4StaticAddresses");
  const { Address, SubnetMask, Gateway } = first;
  if (typeof Address !== "string" || typeof SubnetMask !== "string" || typeof Gateway !== "string")
    return refuse("propertyMissing", "IPv4StaticAddresses/0");
  return () => {
    Object.assign(chassis.furniture.network, { address: Address, netmask: SubnetMask, gateway: Gateway });
  };
}

function setDhcp(value: unknown, { chassis }: Caller): Answer | (() => void) {
  if (!isBody(value) || typeof value["DHCPEnabled"] !== "boolean") return refuse("wrongType", "DHCPv4");
  const { DHCPEnabled } = value;
  return () => {
    chassis.furniture.network.source = DHCPEnabled ? "dhcp" : "static";
  };
}

export const managerResources: readonly Resource[] = [
  {
    path: `${root}/Managers`,
    get: () => collectionOf(`${root}/Managers`, "ManagerCollection", "Managers", [manager]),
  },
  {
    path: manager,
    get: (caller) => ({
      ...headOf(manager, "Manager.v1_18_0", "Manager"),
      ManagerType: "BMC",
      FirmwareVersion: versionOf(caller),
      UUID: caller.chassis.furniture.identity.uuid,
      Status: { State: "Enabled", Health: "OK" },
      EthernetInterfaces: linkTo(`${manager}/EthernetInterfaces`),
      VirtualMedia: linkTo(media),
      SerialConsole: { ServiceEnabled: true, MaxConcurrentSessions: 1, ConnectTypesSupported: ["IPMI"] },
      Links: {
        ManagerForServers: [linkTo(`${root}/Systems/1`)],
        ManagerForChassis: [linkTo(`${root}/Chassis/1`)],
      },
      Actions: {
        "#Manager.Reset": {
          target: `${manager}/Actions/Manager.Reset`,
          "ResetType@Redfish.AllowableValues": ["GracefulRestart", "ForceRestart"],
        },
      },
    }),
  },
  {
    path: `${manager}/Actions/Manager.Reset`,
    needs: "administrator",
    post: ({ memory }, { ResetType }) => {
      if (ResetType !== "GracefulRestart" && ResetType !== "ForceRestart")
        return refuse("notInList", "ResetType");
      memory.sessions.clear();
      return done;
    },
  },
  {
    path: `${manager}/EthernetInterfaces`,
    get: () => collectionOf(`${manager}/EthernetInterfaces`, "EthernetInterfaceCollection", "Ports", [port]),
  },
  {
    path: port,
    needs: "administrator",
    get: ({ chassis }) => {
      const { address, netmask, gateway, mac, source } = chassis.furniture.network;
      return {
        ...headOf(port, "EthernetInterface.v1_9_0", "Port"),
        MACAddress: mac.toUpperCase(),
        DHCPv4: { DHCPEnabled: source === "dhcp" },
        IPv4Addresses: [
          {
            Address: address,
            SubnetMask: netmask,
            Gateway: gateway,
            AddressOrigin: source === "dhcp" ? "DHCP" : "Static",
          },
        ],
        IPv4StaticAddresses:
          source === "static" ? [{ Address: address, SubnetMask: netmask, Gateway: gateway }] : [],
      };
    },
    patch: { DHCPv4: setDhcp, IPv4StaticAddresses: setAddresses },
  },
  {
    path: media,
    feature: "virtualMedia",
    get: () => collectionOf(media, "VirtualMediaCollection", "Virtual Media", [`${media}/CD`]),
  },
  {
    path: `${media}/CD`,
    feature: "virtualMedia",
    get: ({ memory, chassis }) => ({
      ...headOf(`${media}/CD`, "VirtualMedia.v1_6_0", "Virtual CD"),
      MediaTypes: ["CD", "DVD"],
      Inserted: memory.media !== undefined,
      Image: memory.media ?? null,
      ConnectedVia: memory.media === undefined ? "NotConnected" : "URI",
      WriteProtected: true,
      ...(chassis.quirks.redfish?.patchedMedia
        ? {}
        : {
            Actions: {
              "#VirtualMedia.InsertMedia": { target: `${media}/CD/Actions/VirtualMedia.InsertMedia` },
              "#VirtualMedia.EjectMedia": { target: `${media}/CD/Actions/VirtualMedia.EjectMedia` },
            },
          }),
    }),
    patch: { Image: setImage },
  },
  { path: `${media}/CD/Actions/VirtualMedia.InsertMedia`, feature: "virtualMedia", post: insert },
  {
    path: `${media}/CD/Actions/VirtualMedia.EjectMedia`,
    feature: "virtualMedia",
    post: ({ memory }) => {
      memory.media = undefined;
      return done;
    },
  },
  {
    path: `${root}/UpdateService`,
    get: () => ({
      ...headOf(`${root}/UpdateService`, "UpdateService.v1_11_0", "Update Service"),
      ServiceEnabled: true,
      FirmwareInventory: linkTo(inventory),
    }),
  },
  {
    path: inventory,
    get: () =>
      collectionOf(inventory, "SoftwareInventoryCollection", "Firmware", [
        `${inventory}/BMC`,
        `${inventory}/BIOS`,
      ]),
  },
  {
    path: `${inventory}/:item`,
    get: (caller) => {
      const versions: Readonly<Record<string, string>> = { BMC: versionOf(caller), BIOS: "1.7a" };
      const version = Object.hasOwn(versions, caller.ids["item"]!)
        ? versions[caller.ids["item"]!]
        : undefined;
      return version === undefined
        ? undefined
        : {
            ...headOf(`${inventory}/${caller.ids["item"]}`, "SoftwareInventory.v1_10_0", caller.ids["item"]!),
            Version: version,
            Updateable: false,
          };
    },
  },
];
