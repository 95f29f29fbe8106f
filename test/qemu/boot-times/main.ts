// `boot-times RESULT-FILE [ROUNDS [FIRMWARE …]]`: seconds from power-on to the kernel's first word, the best of some
// rounds, for each firmware at a full DHCP server. Runs inside namespaces (boot-firmware.bench.ts).
import { writeFileSync } from "node:fs";
import { operatingSystem } from "../framework/image.ts";
import { bootFromNetwork } from "../framework/network-boot.ts";
import { type NetworkFirmwareName, networkFirmwareNames } from "../framework/network-firmware.ts";

const [resultFile = "", rounds = "2", ...filters] = process.argv.slice(2);
const image = await operatingSystem();
const best: Partial<Record<NetworkFirmwareName, number>> = {};
const names = networkFirmwareNames.filter((name) => filters.every((filter) => name.includes(filter)));
for (let round = 0; round < Number(rounds); round++) {
  for (const name of names) {
    const { kernelMs } = await bootFromNetwork(name, "full", { image, until: "kernel" });
    const seconds = kernelMs / 1000;
    console.log(`${name}: ${seconds.toFixed(1)} s`);
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, seconds);
  }
}
writeFileSync(resultFile, JSON.stringify(best));
