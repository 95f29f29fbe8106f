// Which of the systems behind a service is meant, and what stands around it.
import { decode, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import { uuid, uuidMixed } from "../../wire/uuid.ts";
import { RedfishError } from "./error.ts";
import { type RedfishQuirks, redfishQuirksOf } from "./quirks.ts";
import {
  type Action,
  actionInfo,
  type ComputerSystem,
  type serviceRoot,
  system as systemShape,
  uuidOf,
} from "./resources.ts";
import type { RedfishService } from "./service.ts";
import type { ValueOf } from "./shape.ts";

export type ServiceRoot = ValueOf<typeof serviceRoot>;

/** What the verbs are given: the service, and where on it our server is. */
export interface Target {
  readonly service: RedfishService;
  readonly root: ServiceRoot;
  readonly path: string;
  readonly quirks: RedfishQuirks;
  /** As it was when the BMC was opened: for what does not change, such as links. */
  readonly system: ComputerSystem;
  /** Undefined: the BMC does not say. */
  readonly resetTypes: readonly string[] | undefined;
  managers(): Promise<readonly string[]>;
  chassis(): Promise<readonly string[]>;
}

export async function findTarget(
  service: RedfishService,
  root: ServiceRoot,
  wantedUuid: string | undefined,
): Promise<Target> {
  const path = await findSystem(service, root, wantedUuid);
  const system = await service.get(path, systemShape);
  const { Links: links, Actions: actions } = system;
  const around = (linked: readonly string[] | undefined, collection: string | undefined) => {
    let found: Promise<readonly string[]> | undefined;
    return () =>
      (found ??= linked?.length ? Promise.resolve(linked) : listed(service, collection)).catch(
        (error: unknown) => {
          found = undefined;
          throw error;
        },
      );
  };
  return {
    service,
    root,
    path,
    quirks: redfishQuirksOf(root.Vendor, system.Manufacturer),
    system,
    resetTypes: await allowedResetTypes(service, actions?.["#ComputerSystem.Reset"]),
    managers: around(links?.ManagedBy, root.Managers),
    chassis: around(links?.Chassis, root.Chassis),
  };
}

const listed = async (service: RedfishService, collection: string | undefined) =>
  collection === undefined ? [] : service.list(collection);

/** A blade enclosure, or a manager of many servers, has several. */
async function findSystem(
  service: RedfishService,
  root: ServiceRoot,
  wantedUuid: string | undefined,
): Promise<string> {
  const refuse = (why: string) =>
    new RedfishError({ kind: "refused", message: `Cannot find the server on ${service.peer}: ${why}` });
  if (root.Systems === undefined) throw refuse("the service has no systems");
  const members = await service.list(root.Systems);
  const [only] = members;
  if (only === undefined) throw refuse("the service has no systems");
  // One is the one, whatever its UUID: boards with a made-up UUID are many.
  if (members.length === 1) return only;
  const uuids = new Map<string, readonly string[]>();
  for (const path of members) uuids.set(path, readingsOf((await service.get(path, uuidOf)).UUID));
  if (wantedUuid === undefined)
    throw refuse(
      `it has ${members.length} systems; say which by UUID: ${[...uuids.values()].map(([first]) => first ?? "(none)").join(", ")}`,
    );
  const matches = members.filter((path) => uuids.get(path)!.includes(wantedUuid.toLowerCase()));
  if (matches.length !== 1)
    throw refuse(
      `${matches.length === 0 ? "none" : "more than one"} of its ${members.length} systems has the UUID ${wantedUuid}`,
    );
  return matches[0]!;
}

/** As it is told, and with the byte order of SMBIOS: BMCs and operating systems disagree. Empty when it is none. */
export function readingsOf(told: string | undefined): readonly string[] {
  if (told === undefined) return [];
  try {
    const bytes = encode(uuid, told.trim().toLowerCase());
    if (bytes.every((byte) => byte === 0) || bytes.every((byte) => byte === 0xff)) return [];
    return [decode(uuid, bytes), decode(uuidMixed, bytes)];
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return [];
  }
}

async function allowedResetTypes(
  service: RedfishService,
  action: Action | undefined,
): Promise<readonly string[] | undefined> {
  const listed = action?.["ResetType@Redfish.AllowableValues"];
  const info = action?.["@Redfish.ActionInfo"];
  if (listed !== undefined || info === undefined) return listed;
  const { Parameters = [] } = await service.get(info, actionInfo);
  return Parameters.find(({ Name }) => Name === "ResetType")?.AllowableValues;
}
