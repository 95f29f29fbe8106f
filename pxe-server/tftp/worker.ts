// Entry of a TFTP worker thread: transfers on ports of their own, away from the thread that answers DHCP and HTTP.
import { parentPort } from "node:worker_threads";
import { systemClock } from "../system-clock.ts";
import { type OwnPortJob, startOnOwnPort } from "./own-port.ts";
import { type Outcome, Transfers } from "./transfers.ts";

export interface ToWorker {
  readonly id: number;
  readonly job: OwnPortJob;
}

export interface FromWorker {
  readonly id: number;
  readonly outcome: Outcome;
}

const transfers = new Transfers(systemClock);
parentPort?.on("message", ({ id, job }: ToWorker) => {
  startOnOwnPort(transfers, job, (outcome) => parentPort?.postMessage({ id, outcome } satisfies FromWorker));
});
