// A rack of the fleet as a process of its own: machines and their BMCs. What to boot it asks of whoever started it, who
// is its segment's pxe-server.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { randomFrom } from "../../../provisioner/simulation/random.ts";
import type { BootPlan } from "../../../pxe-server/booter.ts";
import { FleetSite } from "../fleet-site.ts";
import type { FromRack, ToRack } from "./messages.ts";

const asked = new Map<number, (plan: BootPlan) => void>();
const delay = monitorEventLoopDelay();
let site: FleetSite | undefined;
let number = 0;

const tell = (message: FromRack) => void process.send!(message);

const booter = {
  plan: (asking) =>
    new Promise((resolve) => {
      asked.set(++number, resolve);
      tell({ is: "ask", number, asking });
    }),
  report: (report) => tell({ is: "report", report }),
} satisfies ReturnType<FleetSite["booter"]>;

async function open({ first, size }: { readonly first: number; readonly size: number }): Promise<void> {
  site = await FleetSite.open({ first, size, random: randomFrom(first + 1), booter: () => booter });
  delay.enable();
  tell({ is: "open", members: site.members });
}

async function close(): Promise<void> {
  const { violations, wipes, machines } = site!;
  const boots = machines.reduce((sum, machine) => sum + machine.boots, 0);
  const lateMs = delay.percentile(99) / 1e6;
  tell({ is: "closed", told: { violations: [...violations], wipes, boots, lateMs } });
  await site![Symbol.asyncDispose]();
  process.disconnect?.();
}

process.on("message", (message: ToRack) => {
  if (message.is === "open") void open(message);
  else if (message.is === "close") void close();
  else {
    asked.get(message.number)?.(message.plan);
    asked.delete(message.number);
  }
});
