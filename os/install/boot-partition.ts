// The BOOT partition: what GRUB does, and which slot it boots. The same under a BIOS and UEFI. It is a FAT because in the
// files of a FAT GRUB can write a value in place (on a bare partition or in an archive it refuses: "sparse file").
import { fat32, type WrittenFat32 } from "../block/fat32/write.ts";
import { type BootState, bootStateBytes, decodeBootState, encodeBootState } from "./boot-state.ts";
import { type Extent, partitionNumber, partitionOfSlot, type Slot } from "./layout.ts";
import { slotScriptBytes } from "./slot.ts";
import type { Target } from "./target.ts";

const stateFile = "BOOT.ENV";
const scriptFile = "BOOT.CFG";

const partition = (slot: Slot) => `gpt${partitionNumber(partitionOfSlot[slot])}`;

/** What GRUB's core is made with: find the script on the disk that it was loaded from. */
export const core = {
  prefix: `(,gpt${partitionNumber("BOOT")})/`,
  script: `normal (\${root})/${scriptFile}\n`,
} as const;

// GRUB counts in 512 bytes, whatever the disk's sectors are. Only what was taken off the disk gets its one try; the slot
// that cannot be loaded is followed by the other.
const script = `set pager=0
regexp --set=1:disk '^(.*),gpt${partitionNumber("BOOT")}$' "\${root}"
load_env --file "(\${root})/${stateFile}"
set slot="\${default}"
if [ -n "\${next}" ]; then
  set trial="\${next}"
  set next=
  if save_env --file "(\${root})/${stateFile}" next; then set slot="\${trial}"; fi
fi
if [ "\${slot}" = b ]; then set order="${partition("b")} ${partition("a")}"
else set order="${partition("a")} ${partition("b")}"; fi
for part in \${order}; do
  set slot_at="(\${disk},\${part})"
  source "\${slot_at}0+${slotScriptBytes / 512}"
  boot
done
echo "Neither slot can be booted."
sleep 10
reboot
`;

type Disk = Pick<Target, "sectorBytes" | "read" | "write" | "flush">;

/** Puts everything there. */
export async function writeBootPartition(disk: Disk, extent: Extent, state: BootState): Promise<void> {
  for (const { offset, bytes } of filesystem(disk, extent, state).pieces)
    await disk.write(extent.offset + offset, inSectors(bytes, disk.sectorBytes));
}

/** Undefined when the partition is none of ours. */
export async function readBootState(
  disk: Pick<Disk, "sectorBytes" | "read">,
  extent: Extent,
): Promise<BootState | undefined> {
  return decodeBootState(await disk.read(stateOffset(disk, extent), bootStateBytes));
}

/** In place, as GRUB does it: everything that ever changes lies in one sector, which is written or is not. */
export async function writeBootState(disk: Disk, extent: Extent, state: BootState): Promise<void> {
  await disk.write(stateOffset(disk, extent), inSectors(encodeBootState(state), disk.sectorBytes));
  await disk.flush();
}

const stateOffset = (disk: Pick<Disk, "sectorBytes">, extent: Extent) =>
  extent.offset + filesystem(disk, extent, { is: "installing" }).offsetOf(stateFile)!;

/** The same files on the same partition are the same bytes: so it is known where the state is without looking. */
function filesystem(
  { sectorBytes }: Pick<Disk, "sectorBytes">,
  { offset, sizeBytes }: Extent,
  state: BootState,
): WrittenFat32 {
  return fat32({
    ...{ sizeBytes, sectorBytes, sectorsBefore: offset / sectorBytes, label: "BOOT", volumeId: 0x1960_0b00 },
    files: { [stateFile]: encodeBootState(state), [scriptFile]: Buffer.from(script, "latin1") },
  });
}

function inSectors(bytes: Uint8Array, sectorBytes: number): Uint8Array {
  if (bytes.length % sectorBytes === 0) return bytes;
  const whole = new Uint8Array(Math.ceil(bytes.length / sectorBytes) * sectorBytes);
  whole.set(bytes);
  return whole;
}
