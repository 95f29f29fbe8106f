import type { Command } from "commander";
import { ContainerDriver } from "../../api/gen/common/common_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import {
  type ConnectRecord,
  NetstatRequest_Filter as Filter,
  ConnectRecord_State as State,
  ConnectRecord_TimerActive as Timer,
} from "../../api/gen/machine/network_pb.js";
import { Answers } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly verbose?: boolean;
  readonly extend?: boolean;
  readonly programs?: boolean;
  readonly timers?: boolean;
  readonly listening?: boolean;
  readonly all?: boolean;
  readonly tcp?: boolean;
  readonly udp?: boolean;
  readonly udplite?: boolean;
  readonly raw?: boolean;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly pods?: boolean;
}

export const netstatCommand = (io: Io): Command =>
  machineCommand("netstat", "Show network connections and sockets")
    .alias("ss")
    .option("-v, --verbose", "display sockets of all supported transport protocols")
    .option("-x, --extend", "show detailed socket information")
    .option("-p, --programs", "show process using socket")
    .option("-o, --timers", "display timers")
    .option("-l, --listening", "display listening server sockets")
    .option("-a, --all", "display all sockets states (default: connected)")
    .option("-t, --tcp", "display only TCP sockets")
    .option("-u, --udp", "display only UDP sockets")
    .option("-U, --udplite", "display only UDPLite sockets")
    .option("-w, --raw", "display only RAW sockets")
    .option("-4, --ipv4", "display only ipv4 sockets")
    .option("-6, --ipv6", "display only ipv6 sockets")
    .option("-k, --pods", "show sockets used by Kubernetes pods")
    .argument("[namespace/pod]", "only the sockets of this pod")
    .action(async (pod: string | undefined, options: Options) => {
      if (options.pods && pod !== undefined) throw new CommandFailed("cannot use --pods and specify a pod");
      await withConnection(options, io, async (connection) => {
        const pods = options.pods || pod !== undefined ? await podNetworks(connection) : [];
        const one = pod === undefined ? undefined : pods.find(({ name }) => name === pod.toLowerCase());
        if (pod !== undefined && !one) throw new CommandFailed(`pod ${pod} not found`);
        const netns = one
          ? { netns: [one.network], hostnetwork: false }
          : { allnetns: options.pods ?? false, hostnetwork: true };
        const way = one ? connection.at(one.node) : connection.all();
        const { messages } = await connection
          .calls(MachineService)
          .netstat({ ...asked(options), netns }, way);
        const answers = new Answers(messages, one ? { nodes: [one.node] } : connection);
        const podOf = (node: string, network: string) =>
          pods.find((it) => it.node === node && it.network === network)?.name ?? "-";
        const rows = answers.good.flatMap(({ node, answer }) =>
          answer.connectrecord.map((record) => [
            ...[node, ...cells(record, options)],
            ...(options.pods ? [podOf(node, record.netns)] : []),
          ]),
        );
        if (rows.length > 0) io.out(tableText([["NODE", ...heading(options)], ...rows]));
        answers.settle();
      });
    });

/** The pods that have a network of their own, and what the kernel calls it. */
async function podNetworks(connection: Connection) {
  const request = { namespace: "k8s.io", driver: ContainerDriver.CRI };
  const { messages } = await connection.calls(MachineService).containers(request, connection.all());
  const answers = new Answers(messages, connection);
  answers.settle();
  return answers.good.flatMap(({ node, answer }) =>
    answer.containers
      .filter(({ networkNamespace, pid, id, podId }) => networkNamespace !== "" && pid !== 0 && id === podId)
      .map(({ networkNamespace: network, id: name }) => ({ node, network, name })),
  );
}

const protocols = ["tcp", "udp", "udplite", "raw"] as const;

function asked(options: Options) {
  const chosen = protocols.filter((name) => options.verbose || options[name]);
  const wanted = chosen.length > 0 ? chosen : (["tcp", "udp"] as const);
  const version4 = !options.ipv6 || options.ipv4;
  const version6 = !options.ipv4 || options.ipv6;
  const filter = options.listening ? Filter.LISTENING : Filter.CONNECTED;
  return {
    filter: options.all ? Filter.ALL : filter,
    feature: { pid: options.programs ?? false },
    l4proto: Object.fromEntries(
      wanted.flatMap((name) => [
        [name, version4],
        [`${name}6`, version6],
      ]),
    ),
  };
}

const heading = ({ extend, programs, timers, pods }: Options): string[] => [
  ...["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"],
  ...(extend ? ["Uid", "Inode"] : []),
  ...(programs ? ["PID/Program name"] : []),
  ...(timers ? ["Timer"] : []),
  ...(pods ? ["Pod"] : []),
];

function cells(record: ConnectRecord, { extend, programs, timers }: Options): string[] {
  const { l4proto, rxqueue, txqueue, localip, localport, remoteip, remoteport, state, process } = record;
  const timer = `${Timer[record.tr].toLowerCase()} (${(Number(record.timerwhen) / 100).toFixed(2)}/${record.retrnsmt}/${record.timeout})`;
  return [
    ...[l4proto, String(rxqueue), String(txqueue), `${localip}:${localport}`],
    `${remoteip}:${remoteport === 0 ? "*" : remoteport}`,
    // Of a socket without connections, such as UDP's, there is nothing to say.
    state === State.CLOSE ? "" : State[state],
    ...(extend ? [String(record.uid), String(record.inode)] : []),
    ...(programs ? [process?.pid ? `${process.pid}/${process.name}` : "-"] : []),
    ...(timers ? [timer] : []),
  ];
}
