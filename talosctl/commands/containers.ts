// Commands for what a machine runs in containers.
import type { Command } from "commander";
import { ContainerDriver } from "../../api/gen/common/common_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { type Answer, Answers, type From } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly kubernetes?: boolean;
}

const inContainerd = (name: string, description: string): Command =>
  machineCommand(name, description)
    .option("-k, --kubernetes", "use the k8s.io containerd namespace")
    .option("--use-cri", "use the CRI driver");

/** Those of Kubernetes, or those of the system itself. */
const asked = ({ kubernetes }: Options) =>
  kubernetes
    ? { namespace: "k8s.io", driver: ContainerDriver.CRI }
    : { namespace: "system", driver: ContainerDriver.CONTAINERD };

interface Container {
  readonly id: string;
  readonly podId: string;
}

/** By their ids, which puts the containers of a pod behind it. */
const listed = <A extends Answer, One extends Container>(
  answers: readonly From<A>[],
  containers: (answer: A) => readonly One[],
) =>
  answers.flatMap(({ node, answer }) =>
    containers(answer)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((one) => ({ node, one, shown: one.id === one.podId ? one.id : `└─ ${one.id}` })),
  );

export const containersCommand = (io: Io): Command =>
  inContainerd("containers", "List containers")
    .alias("c")
    .action(async (options: Options) =>
      withConnection(options, io, async (connection) => {
        const request = asked(options);
        const { messages } = await connection.calls(MachineService).containers(request, connection.all());
        const answers = new Answers(messages, connection);
        const all = listed(answers.good, ({ containers }) => containers);
        const rows = all.map(({ node, shown, one: { namespace, image, pid, status } }) => [
          ...[node, namespace, shown, image, String(pid), status],
        ]);
        io.out(tableText([["NODE", "NAMESPACE", "ID", "IMAGE", "PID", "STATUS"], ...rows]));
        answers.settle();
      }),
    );

export const statsCommand = (io: Io): Command =>
  inContainerd("stats", "Get container stats").action(async (options: Options) =>
    withConnection(options, io, async (connection) => {
      const { messages } = await connection.calls(MachineService).stats(asked(options), connection.all());
      const answers = new Answers(messages, connection);
      const all = listed(answers.good, ({ stats }) => stats);
      const rows = all.map(({ node, shown, one: { namespace, memoryUsage, cpuUsage } }) => [
        ...[node, namespace, shown, (Number(memoryUsage) / 1e6).toFixed(2), String(cpuUsage)],
      ]);
      io.out(tableText([["NODE", "NAMESPACE", "ID", "MEMORY(MB)", "CPU"], ...rows]));
      answers.settle();
    }),
  );

export const restartCommand = (io: Io): Command =>
  inContainerd("restart", "Restart a process")
    .argument("<id>", "the container")
    .action(async (id: string, options: Options) =>
      withConnection(options, io, async (connection) => {
        const request = { ...asked(options), id };
        const { messages } = await connection.calls(MachineService).restart(request, connection.all());
        new Answers(messages, connection).settle();
      }),
    );
