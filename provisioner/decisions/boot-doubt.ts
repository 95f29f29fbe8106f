import type { SpecOf } from "../../cosi/resource.ts";
import type { BootStatus } from "../resources/boot-status.ts";
import type { PowerStatus } from "../resources/power-status.ts";

type Boot = SpecOf<typeof BootStatus>;
type Power = SpecOf<typeof PowerStatus>;
type Step = Extract<Boot, { state: "booting" }>["step"];

const minutes = (count: number) => count * 60_000;

/** Servers need minutes for their own tests before they look at the network. */
const firmwareMs = minutes(4);

/** After so long without the next step: what it mostly is, as people find it out with a lot of walking. */
const doubts: Readonly<Record<Step, readonly [afterMs: number, text: string]>> = {
  asked: [
    minutes(1),
    "it asked for an address, and takes no offer: another DHCP server, snooping, or nobody gives addresses",
  ],
  offered: [
    minutes(1),
    "it was offered a boot, and does not come for it: nobody gives it an address, a firewall, or its firmware ignores a proxy",
  ],
  leased: [minutes(2), "it has an address, and loads nothing: a firewall, or another next-server"],
  downloading: [minutes(5), "a download does not end: the MTU, a bad cable, or a card that hangs"],
  downloaded: [minutes(5), "it has its files, and its system does not show itself: look at its console"],
  scripted: [
    minutes(5),
    "it was told what to boot, and its system does not show itself: look at its console",
  ],
  turnedAway: [minutes(5), "its pxe-server turned it away, and it has not come again"],
  unheard: [minutes(3), "it was to boot while its pxe-server was away, and has not been heard since"],
  failed: [0, "its boot failed"],
};

/** Here a machine that starts over goes on with the boot that it was in: asking again is no step. */
const repeated: ReadonlySet<Step> = new Set<Step>(["asked", "offered", "leased"]);

interface Seen {
  readonly boot: Boot | undefined;
  readonly power: Power | undefined;
  readonly now: Date;
}

/** What is probably wrong with a machine that should come and does not; undefined while it is no surprise. */
export function bootDoubt({ boot, power, now }: Seen): string | undefined {
  const isOn = power?.power === "on";
  const asked = boot?.state === "booting" ? boot : undefined;
  if (isOn && boot?.state !== "agent" && (!boot || boot.since < power.since)) {
    const silentMs = now.getTime() - power.since.getTime();
    if (silentMs < firmwareMs) return undefined;
    return `it is on for ${wordsOf(silentMs)}, and never asked for a network boot: no link, another VLAN, a port that spanning tree blocks, or it boots from something else`;
  }
  if (!asked || power?.power === "off") return undefined;
  const [afterMs, text] = doubts[asked.step];
  const began = repeated.has(asked.step) ? asked.since : asked.at;
  const from = power?.power === "on" && power.since > began ? power.since : began;
  const stillMs = now.getTime() - from.getTime();
  return stillMs < afterMs ? undefined : `${text} (for ${wordsOf(stillMs)})`;
}

const wordsOf = (ms: number) => `${Math.max(1, Math.floor(ms / 60_000))} min`;
