// `npm run bench -- machine-api`: what a call costs on the machine API, with its mutual TLS, roles and routing. Client
// and node share this process. The peer of a routed call is one that needs no routing.
import { Metadata } from "@grpc/grpc-js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { openChannel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineAuthority } from "../../../machine-config/generate/secrets.ts";
import type { BenchModule } from "../../../workshop/bench.ts";
import { openPracticeNode, practiceCluster } from "./practice-node.ts";

const calls = 2_000;
const inFlight = 32;
const rounds = 4;
/** What one core of a small server must do at the least: a dashboard asks a few times a second. */
const goalPerCpuSecond = 1_000;

export const bench: BenchModule["bench"] = async ({ log }) => {
  const { secrets, controlPlane: config } = await practiceCluster();
  let otherAddress = "";
  await using other = await openPracticeNode({ config, hostname: "other" });
  otherAddress = other.address;
  await using node = await openPracticeNode({ config, addressOf: () => otherAddress });
  const authority = machineAuthority(secrets, systemClock);
  const { certificate, key } = await authority.issue({
    organization: ["os:reader"],
    purposes: ["clientAuth"],
  });
  using channel = openChannel({
    address: node.address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: certificate.pem, key: key.pkcs8Pem },
    }),
  });
  const machine = client(MachineService, channel);

  async function perCpuSecond(...nodes: readonly string[]): Promise<number> {
    let best = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = process.cpuUsage();
      let left = calls;
      const work = async () => {
        while (left > 0) {
          left -= 1;
          const metadata = new Metadata();
          for (const it of nodes) metadata.add("nodes", it);
          await machine.version({}, { metadata });
        }
      };
      await Promise.all(Array.from({ length: inFlight }, work));
      const { user, system } = process.cpuUsage(before);
      best = Math.max(best, calls / ((user + system) / 1e6));
    }
    return best;
  }

  const here = await perCpuSecond();
  const forwarded = await perCpuSecond("other");
  const both = await perCpuSecond("127.0.0.1", "other");
  log(`${calls} calls of Version, ${inFlight} in flight, the best of ${rounds} rounds`);
  const unit = "calls per CPU second";
  return [
    { name: "forwarded to another node", unit, ours: forwarded, peer: here, better: "higher" },
    { name: "two nodes put together", unit, ours: both, peer: here, better: "higher" },
    { name: "answered here (peer: the goal)", unit, ours: here, peer: goalPerCpuSecond, better: "higher" },
  ];
};
