import type { SpecOf } from "../../cosi/resource.ts";
import type { BootStatus } from "../resources/boot-status.ts";
import type { MachineStatus } from "../resources/machine-status.ts";
import type { PowerStatus } from "../resources/power-status.ts";
import type { Stage } from "../resources/stages.ts";
import { bootMode } from "./boot-mode.ts";
import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { nextStep } from "./next-step.ts";
import { powerWanted } from "./power-wanted.ts";
import { rebootNeeded } from "./reboot-needed.ts";

type Power = SpecOf<typeof PowerStatus>;
type Command = NonNullable<Power["order"]>;

export type PowerStep =
  /** There is nothing to command. */
  | { readonly do: "watch"; readonly why: string; readonly until?: Date | undefined }
  /** Write down what the BMC will be told. */
  | { readonly do: "record"; readonly order: Command }
  /** Tell the BMC what was written down. */
  | { readonly do: "tell"; readonly order: Command; readonly button: Button; readonly networkBoot: boolean }
  /** It was told: what came of it shows in a while. */
  | { readonly do: "verify"; readonly order: Command; readonly until: Date };

type Button = "on" | "off" | "softOff" | "cycle";

interface Asked {
  readonly facts: Facts;
  /** As the BMC said a moment ago. */
  readonly actual: "on" | "off";
  readonly order: Command | undefined;
  readonly told: Power["told"];
  readonly boot: SpecOf<typeof BootStatus> | undefined;
  readonly status: SpecOf<typeof MachineStatus> | undefined;
  readonly now: Date;
}

/** The slowest servers seen take 20 s to admit that they are on. */
const verifyMs = 30_000;
/** A system that is asked to shut down has services to stop. */
const softOffMs = 120_000;
const longestVerifyMs = 5 * 60_000;

/** What to tell a machine's BMC next. Every reading of its power comes through here. */
export function powerStep({ facts, actual, order, told, boot, status, now }: Asked): PowerStep {
  const asRead = {
    ...facts,
    power: actual,
    ...(actual === "off" && { runs: "unseen" as const, ready: false, resets: false }),
  };
  const wish = powerWanted(asRead);
  const wanted = commandFor({ facts: asRead, actual, order, told, boot, status, now });
  if (wanted === undefined) {
    const until = stranded(asRead, told, boot)?.until;
    return { do: "watch", why: wish.why, ...(until && until > now && { until }) };
  }
  const networkBoot = wanted.power !== "off" && ["agent", "install"].includes(bootMode(facts).is);
  if (order?.power !== wanted.power || !isPending(order, actual)) {
    return { do: "record", order: { ...wanted, at: now, tries: 1 } };
  }
  // Where somebody wants it off a system may run: it is asked first, then the power is cut.
  const isSoft = order.power === "off" && facts.powerAsked === "off" && order.tries === 1;
  if (order.toldAt === undefined) {
    return { do: "tell", order, button: isSoft ? "softOff" : order.power, networkBoot };
  }
  const firstMs = isSoft ? softOffMs : verifyMs;
  const patienceMs = Math.min(firstMs * 2 ** (order.tries - 1), longestVerifyMs);
  const until = new Date(order.toldAt.getTime() + patienceMs);
  // A clock that was set back makes nobody wait longer than one patience.
  if (now < until && now >= order.toldAt) return { do: "verify", order, until };
  return { do: "record", order: { ...wanted, at: now, tries: order.tries + 1 } };
}

/** Whether a command has not come to its effect. A cycle that was told has none that could be read. */
function isPending({ power, toldAt }: Command, actual: "on" | "off"): boolean {
  return power === "cycle" ? toldAt === undefined : power !== actual;
}

type Wanted = Pick<Command, "power" | "why">;

function commandFor({ facts, actual, order, told, boot, status, now }: Asked): Wanted | undefined {
  const wish = powerWanted(facts);
  if (wish.is === "leave") return undefined;
  if (wish.is !== actual) return { power: wish.is, why: wish.why };
  if (actual === "off") return undefined;
  // Written down, and the process ended: it is told unless the machine shows that it was. facts know the machine
  // as unseen since.
  if (
    order?.power === "cycle" &&
    order.toldAt === undefined &&
    facts.runs === "unseen" &&
    awaitsBoot(facts)
  ) {
    return { power: "cycle", why: order.why };
  }
  const reboot = rebootNeeded(facts);
  if (reboot.is === "byBmc") return { power: "cycle", why: reboot.why };
  const left = stranded(facts, told, boot);
  if (left && now >= left.until) return { power: "cycle", why: left.why };
  return overdue({ facts, order, told, status });
}

interface Stranded {
  /** Until then it may come by itself. */
  readonly until: Date;
  readonly why: string;
}

const strandedAt: Readonly<Record<string, readonly [patienceMs: number, why: string]>> = {
  // Firmware asks several times before it goes on to whatever is next.
  turnedAway: [120_000, "it asked what to boot while nobody could say, and asks no more"],
  // It may be busy with its own tests, or with what it was told before.
  unheard: [5 * 60_000, "it was to boot while its pxe-server was away, and nothing was heard of it since"],
};

/** A machine that waits for a boot, got none or one that is over, and has not been told to start over since. */
function stranded(facts: Facts, told: Power["told"], boot: Asked["boot"]): Stranded | undefined {
  if (boot?.state !== "booting" || told?.boot === boot.bootId || !awaitsBoot(facts)) return undefined;
  if (boot.plan === "install" && isWipeDue(facts) && !isInstalled(facts)) {
    return { until: boot.at, why: "it was booted to be installed, and is to be wiped" };
  }
  const [patienceMs, why] = strandedAt[boot.step] ?? [];
  if (patienceMs === undefined || why === undefined) return undefined;
  return { until: new Date(boot.at.getTime() + patienceMs), why };
}

/** A stage that is tried again begins with a boot: so many lost commands and hung firmwares end. */
function overdue({
  facts,
  order,
  told,
  status,
}: Pick<Asked, "facts" | "order" | "told" | "status">): Wanted | undefined {
  const step = nextStep(facts);
  // Retries of the stage before are none of this one, whose status may be about to be written.
  const progress = status?.stage === step.stage ? status.progress : undefined;
  if (progress?.is !== "onTime" || progress.retries === 0 || progress.deadline === undefined)
    return undefined;
  if (step.slaMs === undefined || !awaitsBoot(facts)) return undefined;
  const begun = progress.deadline.getTime() - step.slaMs;
  // What was told stays so, whatever was written down since because a BMC once said off for on.
  if ([order?.at, told?.at].some((at) => at && at.getTime() >= begun)) return undefined;
  return { power: "cycle", why: `try ${progress.retries + 1}: nothing came of waiting for ${step.waitsFor}` };
}

/** Stages in which a machine does nobody's work, and what it waits for is a boot. */
const booting: ReadonlySet<Stage> = new Set<Stage>(["inspecting", "wiping", "releasing", "installing"]);

/** An agent that is attached is where it should be, unless it shall make room for an installation. */
export function awaitsBoot(facts: Facts): boolean {
  const { stage } = nextStep(facts);
  if (facts.wipe === "running" || facts.runs === "system" || !booting.has(stage)) return false;
  return facts.runs === "unseen" || stage === "installing";
}
