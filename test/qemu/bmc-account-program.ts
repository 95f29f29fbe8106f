// PID 1 of a test machine: boots as ours does until its hardware is there, then carries out one order of the agent, the
// account on its own BMC, and says what came of it. What is ordered stands on the kernel's command line.
import { openSync, readFileSync, writeSync } from "node:fs";
import { release } from "node:os";
import { create } from "@bufbuild/protobuf";
import { BmcAccountOrder_Privilege, BmcAccountOrderSchema } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import { systemClock as bmcClock } from "../../bmc/system-clock.ts";
import { bmcAccountOrder } from "../../os/agent/orders/bmc-account.ts";
import { IpmiDevice } from "../../os/kernel/ipmi-device.ts";
import { parseKernelArguments } from "../../os/machined/kernel-arguments.ts";
import { kernelLog } from "../../os/machined/log.ts";
import { runPhases } from "../../os/machined/phases.ts";
import { hardware } from "../../os/machined/tasks/hardware.ts";
import { pseudoFilesystems } from "../../os/machined/tasks/pseudo-filesystems.ts";

const kmsg = openSync("/dev/kmsg", "w");
const log = kernelLog((line) => writeSync(kmsg, line));
process.on("uncaughtException", (error) =>
  log.write("error", `proof failed: ${error.stack ?? String(error)}`),
);
// PID 1 never ends.
setInterval(() => {}, 1_000_000);

const { signal } = new AbortController();
const kernelArguments = () => parseKernelArguments(readFileSync("/proc/cmdline", "utf8"));
void prove();

async function prove(): Promise<void> {
  await runPhases(
    [
      { name: "early", tasks: [pseudoFilesystems] },
      { name: "devices", tasks: [hardware] },
    ],
    { release: release(), log, disks: Promise.withResolvers<void>() },
    { signal, now: () => performance.now(), progress: { phase: () => {}, began: () => {}, ended: () => {} } },
  );
  const carryOut = bmcAccountOrder({ openDevice: () => new IpmiDevice(), clock: bmcClock });
  const outcome = await carryOut(
    create(BmcAccountOrderSchema, {
      userName: kernelArguments().last("proof.user") ?? "",
      password: kernelArguments().last("proof.password") ?? "",
      privilege: BmcAccountOrder_Privilege.ADMINISTRATOR,
    }),
    { progress: ({ doing }) => log.write("info", `proof: ${doing}`), signal },
  );
  log.write("info", `proof: ${JSON.stringify(outcome)}`);
}
