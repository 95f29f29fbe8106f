import { sleep } from "../../cosi/clock.ts";
import type { MachinePower } from "../controllers/machine-power.ts";
import { isInstalled, isWipeDue } from "../decisions/facts.ts";
import { between } from "./random.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import { storedFacts } from "./stored-facts.ts";

/** The process that speaks with a BMC; what it sends after its death reaches nobody. */
export interface Speaker {
  readonly isDead: () => boolean;
  /** Called before each command goes out: some deaths come just then. */
  readonly onCommand: () => void;
}

/** A machine's BMC as one process sees it: slow, forgetful, and not always truthful. */
export function simulatedPower(machine: SimulatedMachine, { isDead, onCommand }: Speaker): MachinePower {
  const { site } = machine;
  const travel = async (signal: AbortSignal) => {
    if (isDead()) throw new Error("Cannot reach the BMC: the process is gone");
    await sleep(site.clock, between(site.random, 20, 800), signal);
    if (isDead()) throw new Error("Cannot reach the BMC: the process is gone");
    if (site.random() < site.faults.silentBmc) throw new Error("Cannot reach the BMC: no answer");
  };
  return {
    async read(signal) {
      await travel(signal);
      const lies = site.random() < site.faults.lyingBmc;
      return machine.isOn !== lies ? "on" : "off";
    },
    async press(button, signal) {
      onCommand();
      // By what is known when it leaves: what is on its way can be called back by nobody.
      if (!isDead()) await judge(machine, button);
      await travel(signal);
      site.story(`${machine.id} BMC: ${button}`);
      if (site.random() >= site.faults.lostCommand) {
        const act = { on: () => machine.turnOn(), cycle: () => machine.reset("power cycle") };
        const off = () => machine.turnOff();
        site.clock.after(between(site.random, 0, 4000), { ...act, off, softOff: off }[button]);
      }
      await travel(signal);
    },
    async networkBootOnce(signal) {
      await travel(signal);
      if (site.random() >= site.faults.lostBootOrder) machine.bootFromNetwork = true;
      return undefined;
    },
  };
}

/**
 * A machine that is cycled over and over never boots. A retry, a boot that nobody answered, a process that died before it
 * wrote down what it told, a clock that was set forward: each may take one cycle, and they may come together.
 */
const stormMs = 10 * 60_000;
const mostCycles = 5;

async function judge(machine: SimulatedMachine, button: "on" | "off" | "softOff" | "cycle"): Promise<void> {
  const { people, violations, clock } = machine.site;
  if (button === "on") return;
  if (button === "cycle") {
    machine.cycledMs.push(clock.elapsedMs());
    const storm = machine.cycledMs.filter((ms) => ms > clock.elapsedMs() - stormMs).length;
    if (storm > mostCycles) violations.push(`${machine.id} was cycled ${storm} times within ten minutes`);
  }
  const facts = await storedFacts(people, machine.id);
  if (!facts) return;
  const said = `${machine.id} is told ${button}`;
  const isUsed = facts.assignment === "made" && isInstalled(facts) && !isWipeDue(facts);
  if (isUsed && facts.powerAsked !== "off" && machine.activity.is === "system") {
    violations.push(`${said} while it runs what it was assigned for`);
  }
  if (button !== "cycle" && !facts.inspected && !isInstalled(facts)) {
    violations.push(`${said} before its inventory is in`);
  }
  if (machine.activity.is === "agent" && facts.wipe === "running") violations.push(`${said} during its wipe`);
}
