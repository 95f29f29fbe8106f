// Entry of a TFTP worker thread: transfers on ports of their own, away from the thread that answers DHCP and HTTP.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { socketCalls } from "../c-library.ts";
import { systemClock } from "../system-clock.ts";
import { KernelLoop } from "./kernel-loop.ts";
import { KernelSocket } from "./kernel-socket.ts";
import type { OwnPortJob } from "./own-port.ts";
import { type Outcome, Transfers } from "./transfers.ts";

export interface WorkerData {
  /** An eventfd: written when there is a message, for nothing else would wake a thread that waits in the kernel. */
  readonly wakeFd: number;
}

export interface ToWorker {
  readonly id: number;
  readonly job: OwnPortJob;
}

export interface FromWorker {
  readonly id: number;
  readonly outcome: Outcome;
}

if (parentPort) serve(parentPort, workerData as WorkerData);

function serve(port: NonNullable<typeof parentPort>, { wakeFd }: WorkerData): never {
  const loop = new KernelLoop(() => systemClock.now());
  const transfers = new Transfers(loop.clock);
  const counter = Buffer.alloc(8);
  loop.add(wakeFd, () => {
    socketCalls.read(wakeFd, counter, counter.length);
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      const { id, job } = next.message as ToWorker;
      start(loop, transfers, job, (outcome) => port.postMessage({ id, outcome } satisfies FromWorker));
    }
  });
  for (;;) loop.turn();
}

function start(
  loop: KernelLoop,
  transfers: Transfers,
  job: OwnPortJob,
  onOutcome: (outcome: Outcome) => void,
): void {
  let socket: KernelSocket;
  try {
    socket = new KernelSocket(job.localAddress, job.client);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    onOutcome({ type: "failed", why: `no socket: ${why}`, sentBytes: 0 });
    return;
  }
  const { blockSize, window } = job.agreement;
  if (window > 1) socket.cutInto(blockSize + 4);
  const close = () => {
    loop.remove(socket.fd);
    socket[Symbol.dispose]();
  };
  const send = (packets: Uint8Array, packetBytes: number) => socket.send(packets, packetBytes);
  const running = transfers.start(job, { send, close }, onOutcome);
  loop.add(socket.fd, () => {
    const packet = socket.receive();
    if (packet === "gone") running.abort("the client is gone: its port is closed");
    else if (packet) running.receive(packet);
  });
}
