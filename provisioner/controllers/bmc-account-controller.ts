import { newPassword } from "../../bmc/new-password.ts";
import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import { many, shared } from "../../cosi/engine/owns.ts";
import { naming } from "../../cosi/engine/reads.ts";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import { attachedAgent } from "../decisions/attached-agent.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { isUntouchable } from "../decisions/hands-off.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { machineReads } from "./machine-reads.ts";
import { writersAtOnce } from "./writers-at-once.ts";

export interface BmcAccountDependencies {
  /** Accounts are written in the name of people, who may change them afterwards. */
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  /** Fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
}

const user = "ingot";
const deadlineMs = 5 * 60_000;

/** Has the agent of an accepted machine make an account on its BMC, where nobody has given one. */
export const bmcAccountController = ({ state, clock, randomBytes }: BmcAccountDependencies) =>
  controller({
    name: "BmcAccount",
    each: Machine,
    reads: {
      ...machineReads,
      orders: naming(AgentOrder, ({ spec }) => [spec.machine]),
      reports: naming(AgentReport, ({ spec }) => [spec.machine]),
    },
    owns: shared(many(AgentOrder)),
    concurrency: writersAtOnce,

    async reconcile(machine, { orders, reports, ...records }) {
      const { id } = machine.metadata;
      const facts = gatherFacts({ machine, ...records });
      if (facts.bmc === "ready") return { do: "remove", why: "there is an account to its BMC" };
      const ours = orders.filter(({ metadata }) => metadata.owner === "BmcAccount");
      for (const { metadata, spec } of ours) {
        const outcome = reports.find((report) => report.metadata.id === metadata.id)?.spec.outcome;
        const account = spec.what.is === "bmcAccount" && accountMade(spec.what, outcome);
        if (!account) continue;
        await state.create(BmcConfig, id, { spec: account }).catch((error: unknown) => {
          if (!(error instanceof AlreadyExists)) throw error;
        });
        return { do: "wait", why: "its account was made" };
      }
      const agent = attachedAgent(records.boot);
      if (facts.bmc === "none" || !agent) {
        return { do: "remove", why: agent ? "it tells of no BMC" : "its agent is not attached" };
      }
      // Taken back, an order that is under way would leave an account behind whose password nobody knows.
      const underWay = ours.find(
        (one) => one.spec.kernelBootId === agent.kernelBootId && isOpen(one, reports),
      );
      if (underWay) {
        return {
          do: "set",
          outputs: { [underWay.metadata.id]: { spec: underWay.spec } },
          why: underWay.spec.why,
        };
      }
      if (isUntouchable(facts) || facts.wipe === "running" || facts.assignment !== "none") {
        return { do: "remove", why: "not while it is left alone, wiped or assigned" };
      }
      const progress = records.status?.spec.progress;
      const tries = progress?.is === "onTime" ? progress.retries : 0;
      // A machine that is removed and met again in one boot is another one: its agent must not answer for the first.
      const life = machine.metadata.created.getTime().toString(36);
      const attempt = `${id}.bmcAccount.${life}.${agent.kernelBootId}.${machine.spec.retryId}.${tries}.`;
      const known = ours.find(({ metadata }) => metadata.id.startsWith(attempt));
      // Where somebody took the account away to have it made anew, the agent must not answer for the one before.
      const orderId = known?.metadata.id ?? attempt + Buffer.from(randomBytes(4)).toString("hex");
      const spec = known?.spec ?? {
        machine: id,
        kernelBootId: agent.kernelBootId,
        deadline: new Date(clock.now().getTime() + deadlineMs),
        why: "nobody has given an account to its BMC",
        cancelled: false,
        what: {
          is: "bmcAccount",
          user,
          password: newPassword(randomBytes),
          privilege: "administrator",
          onlyLook: false,
        },
      };
      const outcome = reports.find(({ metadata }) => metadata.id === orderId)?.spec.outcome;
      const why = outcome && "why" in outcome ? `its agent says: ${outcome.why}` : spec.why;
      return { do: "set", outputs: { [orderId]: { spec } }, why };
    },
  });

function isOpen(
  { metadata: { id } }: ResourceOf<typeof AgentOrder>,
  reports: readonly ResourceOf<typeof AgentReport>[],
): boolean {
  const outcome = reports.find(({ metadata }) => metadata.id === id)?.spec.outcome;
  return outcome === undefined || outcome.state === "running";
}

/** Only what the agent tells as done, with a place where it can be reached. */
function accountMade(
  what: Extract<SpecOf<typeof AgentOrder>["what"], { is: "bmcAccount" }>,
  outcome: SpecOf<typeof AgentReport>["outcome"] | undefined,
): SpecOf<typeof BmcConfig> | undefined {
  if (outcome?.state !== "succeeded" || outcome.result?.of !== "bmcAccount") return undefined;
  const [address] = outcome.result.addresses;
  if (address === undefined) return undefined;
  return {
    address,
    driver: "automatic",
    user: what.user,
    password: what.password,
    // A BMC comes with a certificate that nobody signed. Whoever wants more gives an authority or a fingerprint.
    tls: { verify: "off" },
    origin: "made",
  };
}
