import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { type Connection, callFailure, type Target } from "../connection.ts";
import { type NodeView, newView, withLog, withSample } from "../dashboard/node-view.ts";
import { takeSample } from "../dashboard/sample.ts";
import { screen } from "../dashboard/screen.ts";
import { parseDuration } from "../duration.ts";
import { CommandFailed, type Io, type Terminal } from "../io.ts";
import { machineCommand, withConnection } from "./command.ts";

export const dashboardCommand = (io: Io): Command =>
  machineCommand("dashboard", "Cluster dashboard with node overview, logs and real-time metrics")
    .option("-d, --update-interval <duration>", "interval between updates", "3s")
    .action(async ({ updateInterval, ...target }: Target & { updateInterval: string }) => {
      const everyMs = parseDuration(updateInterval);
      const { terminal } = io;
      if (!terminal) throw new CommandFailed("the dashboard needs a terminal");
      await withConnection(target, io, (connection) => show(connection, io, terminal, everyMs));
    });

/** The alternate screen, without a cursor; and back. */
const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const toLineEnd = "\u001B[K";

async function show(connection: Connection, io: Io, terminal: Terminal, everyMs: number): Promise<void> {
  const enough = new AbortController();
  const signal = AbortSignal.any([io.signal, enough.signal]);
  const views = connection.nodes.map(newView);
  let chosen = 0;
  let back = 0;

  const draw = () => {
    if (signal.aborted) return;
    const lines = screen(views, chosen, back, terminal.size());
    io.out(home + lines.map((line) => line + toLineEnd).join("\r\n"));
  };
  const change = (nth: number, view: NodeView) => {
    views[nth] = view;
    draw();
  };
  const press = (key: string) => {
    if (key === "q" || key === "\u0003" || key === "\u001B") enough.abort();
    const step = steps[key];
    if (step === undefined) return;
    if (step.node !== undefined) {
      chosen = (chosen + step.node + views.length) % views.length;
      back = 0;
    }
    back = Math.max(0, Math.min(back + (step.back ?? 0), views[chosen]!.log.length));
    draw();
  };

  async function watchNode(node: string, nth: number): Promise<void> {
    const follow = followLog(connection, node, signal, (text) => change(nth, withLog(views[nth]!, text)));
    while (!signal.aborted) {
      try {
        const sample = await takeSample(connection, node, io.now);
        change(nth, withSample(views[nth]!, sample));
      } catch (error) {
        change(nth, { ...views[nth]!, failure: callFailure(error) });
      }
      await pause(everyMs, signal);
    }
    await follow;
  }

  io.out(enter);
  using _ = terminal.keys(press);
  try {
    await Promise.all(connection.nodes.map(watchNode));
  } finally {
    io.out(leave);
  }
}

const steps: Readonly<Record<string, { readonly node?: number; readonly back?: number }>> = {
  h: { node: -1 },
  "\u001B[D": { node: -1 },
  l: { node: 1 },
  "\u001B[C": { node: 1 },
  k: { back: 1 },
  "\u001B[A": { back: 1 },
  j: { back: -1 },
  "\u001B[B": { back: -1 },
  "\u0015": { back: 10 },
  "\u0004": { back: -10 },
};

const logAgainMs = 2_000;

/** The kernel's log, which is the system's too; again from its end when the node was away. */
async function followLog(
  connection: Connection,
  node: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  let tail = false;
  while (!signal.aborted) {
    try {
      const { metadata } = connection.at(node);
      const stream = connection
        .calls(MachineService)
        .dmesg({ follow: true, tail }, { metadata, signal, deadlineMs: Infinity });
      for await (const { bytes } of stream) say(Buffer.from(bytes).toString());
    } catch {
      // Why the node does not answer is in its line of the table.
    }
    tail = true;
    await pause(logAgainMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
