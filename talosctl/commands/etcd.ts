// Commands for the etcd member of a control plane.
import { Command } from "commander";
import {
  EtcdMemberAlarm_AlarmType as Alarm,
  type EtcdAlarm,
  type EtcdAlarmDisarm,
  type EtcdDowngradeCancel,
  type EtcdDowngradeEnable,
  type EtcdDowngradeValidate,
} from "../../api/gen/machine/etcd_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { type Answer, Answers } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";
import { etcdSnapshotCommand } from "./etcd-snapshot.ts";
import { humanBytes } from "./files.ts";
import { assertOneNode } from "./streams.ts";

/** A question to a member, and how its answer is shown; where nothing is to be shown, success is silent. */
interface Question<A extends Answer> {
  /** What the whole command is called, when it is for one node only. */
  readonly single?: string;
  readonly ask: (connection: Connection, word: string) => Promise<{ readonly messages: readonly A[] }>;
  readonly heading?: readonly string[];
  readonly rows?: (answer: A) => readonly (readonly string[])[];
}

const asking = <A extends Answer>(
  io: Io,
  command: Command,
  { single, ask, heading = [], rows = () => [] }: Question<A>,
): Command =>
  command.action((...given: readonly unknown[]) => {
    // Words of the command line come first, then what its flags say, then the command itself.
    const word = given.length > 2 ? String(given[0]) : "";
    return withConnection(given.at(-2) as Target, io, async (connection) => {
      if (single !== undefined) assertOneNode(connection.nodes, single);
      const { messages } = await ask(connection, word);
      const answers = new Answers(messages, connection);
      const shown = answers.good.flatMap(({ node, answer }) => rows(answer).map((row) => [node, ...row]));
      if (shown.length > 0) io.out(tableText([["NODE", ...heading], ...shown]));
      answers.settle();
    });
  });

/** Members are called by their number in hexadecimal. */
const memberId = (id: bigint) => id.toString(16).padStart(16, "0");

function parseMemberId(text: string): bigint {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) throw new CommandFailed(`error parsing member ID: "${text}" is none`);
  return BigInt(`0x${text}`);
}

const membersCommand = (io: Io): Command =>
  asking(io, machineCommand("members", "Get the list of etcd cluster members"), {
    ask: (on) => on.calls(MachineService).etcdMemberList({ queryLocal: true }, on.all()),
    heading: ["ID", "HOSTNAME", "PEER URLS", "CLIENT URLS", "LEARNER"],
    rows: ({ members }) =>
      members.map(({ id, hostname, peerUrls, clientUrls, isLearner }) => [
        ...[memberId(id), hostname, peerUrls.join(","), clientUrls.join(","), String(isLearner)],
      ]),
  });

const statusCommand = (io: Io): Command =>
  asking(io, machineCommand("status", "Get the status of etcd cluster member"), {
    ask: (on) => on.calls(MachineService).etcdStatus({}, on.all()),
    heading: [
      ...["MEMBER", "DB SIZE", "IN USE", "LEADER", "RAFT INDEX", "RAFT TERM", "RAFT APPLIED INDEX"],
      ...["LEARNER", "PROTOCOL", "STORAGE", "ERRORS"],
    ],
    rows: ({ memberStatus: it }) => {
      if (!it) return [];
      const ratio = it.dbSize > 0n ? (100 * Number(it.dbSizeInUse)) / Number(it.dbSize) : 0;
      const row = [
        ...[memberId(it.memberId), humanBytes(Number(it.dbSize))],
        `${humanBytes(Number(it.dbSizeInUse))} (${ratio.toFixed(2)}%)`,
        ...[memberId(it.leader), String(it.raftIndex), String(it.raftTerm), String(it.raftAppliedIndex)],
        ...[String(it.isLearner), it.protocolVersion, it.storageVersion, it.errors.join(", ")],
      ];
      return [row];
    },
  });

const alarms = {
  heading: ["MEMBER", "ALARM"],
  rows: ({ memberAlarms }: EtcdAlarm | EtcdAlarmDisarm) =>
    memberAlarms.map(({ memberId: id, alarm }) => [memberId(id), Alarm[alarm]]),
};

const alarmCommand = (io: Io): Command =>
  new Command("alarm")
    .description("Manage etcd alarms")
    .addCommand(
      asking(io, machineCommand("disarm", "Disarm the etcd alarms for the node."), {
        ask: (on) => on.calls(MachineService).etcdAlarmDisarm({}, on.all()),
        ...alarms,
      }),
    )
    .addCommand(
      asking(io, machineCommand("list", "List the etcd alarms for the node."), {
        ask: (on) => on.calls(MachineService).etcdAlarmList({}, on.all()),
        ...alarms,
      }),
    );

type Downgrade = EtcdDowngradeCancel | EtcdDowngradeEnable | EtcdDowngradeValidate;

const downgrading = (verb: string) => ({
  single: `etcd downgrade ${verb}`,
  heading: ["MESSAGE"],
  rows: ({ clusterDowngrade }: Downgrade) => [
    [`downgrade ${verb} success, cluster version ${clusterDowngrade?.clusterVersion ?? ""}`],
  ],
});

const downgradeCommand = (io: Io): Command =>
  new Command("downgrade")
    .description("Manage etcd storage system downgrades")
    .addCommand(
      asking(io, machineCommand("cancel", "Cancel etcd storage system downgrade."), {
        ask: (on) => on.calls(MachineService).etcdDowngradeCancel({}, on.all()),
        ...downgrading("cancel"),
      }),
    )
    .addCommand(
      asking(
        io,
        machineCommand("enable", "Enable etcd storage system downgrade.").argument("<version>", "to which"),
        {
          ask: (on, version) => on.calls(MachineService).etcdDowngradeEnable({ version }, on.all()),
          ...downgrading("enable"),
        },
      ),
    )
    .addCommand(
      asking(
        io,
        machineCommand("validate", "Validate if etcd can be downgraded.").argument("<version>", "to which"),
        {
          ask: (on, version) => on.calls(MachineService).etcdDowngradeValidate({ version }, on.all()),
          ...downgrading("validate"),
        },
      ),
    );

export const etcdCommand = (io: Io): Command =>
  new Command("etcd")
    .description("Manage etcd")
    .addCommand(alarmCommand(io))
    .addCommand(
      asking(io, machineCommand("defrag", "Defragment etcd database on the node"), {
        single: "etcd defrag",
        ask: (on) => on.calls(MachineService).etcdDefragment({}, on.all()),
      }),
    )
    .addCommand(downgradeCommand(io))
    .addCommand(
      asking(io, machineCommand("forfeit-leadership", "Tell node to forfeit etcd cluster leadership"), {
        ask: (on) => on.calls(MachineService).etcdForfeitLeadership({}, on.all()),
      }),
    )
    .addCommand(
      asking(io, machineCommand("leave", "Tell nodes to leave etcd cluster"), {
        single: "etcd leave",
        ask: (on) => on.calls(MachineService).etcdLeaveCluster({}, on.all()),
      }),
    )
    .addCommand(membersCommand(io))
    .addCommand(
      asking(
        io,
        machineCommand("remove-member", "Remove the node from etcd cluster").argument("<member ID>", "who"),
        {
          ask: async (on, id) => {
            const request = { memberId: parseMemberId(id) };
            return on.calls(MachineService).etcdRemoveMemberByID(request, on.all());
          },
        },
      ),
    )
    .addCommand(etcdSnapshotCommand(io))
    .addCommand(statusCommand(io));
