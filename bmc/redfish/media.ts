// Virtual media: an image on a web server as the server's CD drive.
import { absent, type Done } from "../bmc.ts";
import { RedfishError } from "./error.ts";
import { manager as managerShape, virtualMedia } from "./resources.ts";
import type { Member } from "./service.ts";
import type { Target } from "./system.ts";

type Drive = Member<ReturnType<typeof virtualMedia>>;

export async function setMedia(target: Target, imageUrl: string | undefined): Promise<Done> {
  const drive = await findDrive(target);
  if (!drive) return absent("the BMC has no virtual CD drive");
  if (drive.value.Image !== undefined || drive.value.Inserted === true) await eject(target, drive);
  if (imageUrl !== undefined) await insert(target, drive, imageUrl);
  return undefined;
}

/** On the system since 2020, on its manager before. */
async function findDrive(target: Target): Promise<Drive | undefined> {
  const { service, system } = target;
  const shelves = system.VirtualMedia === undefined ? [] : [system.VirtualMedia];
  for (const path of await target.managers()) {
    const { VirtualMedia } = await service.get(path, managerShape);
    if (VirtualMedia !== undefined) shelves.push(VirtualMedia);
  }
  for (const shelf of shelves) {
    const drives = await service.members(shelf, virtualMedia);
    const isDisc = ({ value: { MediaTypes = [] } }: Drive) =>
      MediaTypes.some((type) => type === "CD" || type === "DVD");
    const disc = drives.find(isDisc);
    if (disc) return disc;
  }
  return undefined;
}

async function insert({ service }: Target, { path, value }: Drive, Image: string): Promise<void> {
  const action = value.Actions?.["#VirtualMedia.InsertMedia"]?.target;
  const send = (body: object) =>
    action === undefined ? service.change(path, body) : service.post(action, body);
  try {
    await send({ Image, Inserted: true, WriteProtected: true });
  } catch (error) {
    if (!(error instanceof RedfishError) || error.kind !== "refused" || error.status !== 400) throw error;
    // Older services know no property but this one.
    await send({ Image });
  }
}

async function eject({ service }: Target, { path, value }: Drive): Promise<void> {
  const action = value.Actions?.["#VirtualMedia.EjectMedia"]?.target;
  await (action === undefined ? service.change(path, { Image: null }) : service.post(action, {}));
}
