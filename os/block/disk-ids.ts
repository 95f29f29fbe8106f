import type { Disk } from "./disks.ts";

/** Disks by a name that is the same at every boot: made of wwid, serial or path, the first that is this disk's alone. */
export function disksById(disks: readonly Disk[]): ReadonlyMap<string, Disk> {
  const marks = disks.map((disk) => marksOf(disk));
  const counts = new Map<string, number>();
  for (const mark of new Set(marks.flat().map(({ id }) => id)))
    counts.set(mark, marks.filter((own) => own.some(({ id }) => id === mark)).length);
  return new Map(
    disks.map((disk, index) => {
      // Cheap adapters give all their disks one serial; a path is one disk's alone, and its kernel name at the very last.
      const own = marks[index]!.find(({ id }) => counts.get(id) === 1);
      return [own?.id ?? plain(`name-${disk.devPath}`), disk];
    }),
  );
}

const marksOf = ({ wwid, serial, busPath }: Disk) =>
  [
    { id: plain(`wwid-${wwid}`), told: wwid },
    { id: plain(`serial-${serial}`), told: serial },
    { id: plain(`path-${busPath}`), told: busPath },
  ].filter(({ told }) => told !== "");

/** Ids are typed by people and stand in addresses. */
const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9.:_-]+/g, "_");
