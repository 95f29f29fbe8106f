// What people ask of a machine: each verb is a body, and what it changes. decisions/legal-actions.ts says when.
import { z } from "zod";
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { VersionConflict } from "../../cosi/store.ts";
import { recordInstallation } from "../controllers/record-installation.ts";
import { releaseHold } from "../controllers/release-controller.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { type Action, refusal } from "../decisions/legal-actions.ts";
import { Assignment } from "../resources/assignment.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Machine } from "../resources/machine.ts";
import { Profile } from "../resources/profile.ts";
import { type MachineRecords, recordsOf } from "../services/machine-records.ts";
import { Problem } from "./problem.ts";

/** What is done at once, by the BMC, and kept nowhere. */
export interface Hardware {
  cycle(machine: string, bmc: SpecOf<typeof BmcConfig>, signal: AbortSignal): Promise<void>;
  identify(
    machine: string,
    bmc: SpecOf<typeof BmcConfig>,
    seconds: number,
    signal: AbortSignal,
  ): Promise<void>;
}

interface Asked<Body> {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly hardware: Hardware;
  readonly id: string;
  readonly by: string;
  readonly body: Body;
  readonly records: MachineRecords;
  readonly signal: AbortSignal;
}

interface Verb {
  readonly about: string;
  readonly body: z.ZodType;
  readonly apply: (asked: Asked<never>) => Promise<void>;
}

const nothing = z.strictObject({});
const reason = z.strictObject({ why: z.string().min(1).max(500) });
const toProfile = z.strictObject({ profile: z.string() });
const toImage = z.strictObject({
  /** Its name here, or where it is: a folder as `image build` makes it, or a registry's. That of its profile without it. */
  image: z.string().min(1).max(2000).optional(),
});
const asItIs = z.strictObject({
  profile: z.string(),
  /** Where its node API is, of a machine that never told its inventory. */
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(16)
    .optional(),
});
const light = z.strictObject({ seconds: z.int().min(0).max(86_400).default(60) });

type MachineSpec = SpecOf<typeof Machine>;
type Written = Pick<Asked<unknown>, "state" | "id" | "records">;

/** Only over the version that the decision was made on. */
async function change({ state, id, records }: Written, change: (spec: MachineSpec) => MachineSpec) {
  const { metadata, spec } = records.machine;
  await state.update(Machine, id, { spec: change(spec) }, { version: metadata.version });
}

/** The greatest wipe that anybody asked for or carried out. */
const lastWipe = ({ machine, assignment, wipe }: MachineRecords) =>
  Math.max(
    machine.spec.wipeId,
    assignment?.spec.wipeId ?? 0,
    wipe?.spec.wipedAt ?? 0,
    wipe?.spec.run.wipeId ?? 0,
  );

const power = (power: MachineSpec["power"], about: string): Verb => ({
  about,
  body: nothing,
  apply: (asked: Asked<unknown>) => change(asked, (spec) => ({ ...spec, power })),
});

async function assign(
  { state, id, body, records }: Asked<z.output<typeof asItIs>>,
  how: "install" | "adopt",
): Promise<void> {
  const { profile, addresses } = body;
  if (!(await state.find(Profile, profile))) {
    throw new Problem(422, `profile: there is none of the name ${profile}`, {
      issues: [{ field: "profile", message: "there is none of that name" }],
    });
  }
  const wipeId = Math.max(records.machine.spec.wipeId, records.wipe?.spec.wipedAt ?? 0);
  // Held from its first moment: released at once, it must not be gone before its machine was wiped.
  await state.create(
    Assignment,
    id,
    { spec: { profile, how, wipeId, ...(addresses && { addresses }) } },
    { finalizers: [releaseHold] },
  );
}

const wipeAgain = (asked: Asked<unknown>) =>
  change(asked, (spec) => ({ ...spec, wipeId: lastWipe(asked.records) + 1 }));

function bmcOf({ records }: Pick<Asked<unknown>, "records">): SpecOf<typeof BmcConfig> {
  if (!records.bmcConfig) throw new Problem(409, "there is no account to its BMC");
  return records.bmcConfig.spec;
}

export const verbs: Readonly<Record<Action, Verb>> = {
  accept: {
    about: "It may be worked on from now on: inventoried, wiped, powered.",
    body: nothing,
    apply: (asked: Asked<unknown>) =>
      change(asked, (spec) => ({ ...spec, admission: { is: "accepted", by: asked.by } })),
  },
  reject: {
    about: "It is left alone: no boot, no power.",
    body: reason,
    apply: (asked: Asked<z.output<typeof reason>>) =>
      change(asked, (spec) => ({
        ...spec,
        admission: { is: "rejected", by: asked.by, why: asked.body.why },
      })),
  },
  cordon: {
    about: "Somebody works on its hardware: it is left alone until uncordoned.",
    body: reason,
    apply: (asked: Asked<z.output<typeof reason>>) =>
      change(asked, (spec) => ({ ...spec, cordon: { by: asked.by, why: asked.body.why } })),
  },
  uncordon: {
    about: "Ends a cordon.",
    body: nothing,
    apply: (asked: Asked<unknown>) => change(asked, (spec) => ({ ...spec, cordon: undefined })),
  },
  resolve: {
    about: "Says that this machine is the one it claims to be; the other claims are forgotten.",
    body: nothing,
    apply: ({ state, id }: Asked<unknown>) => state.destroy(IdentityConflict, id),
  },
  assign: {
    about: "Installs what the profile says.",
    body: toProfile,
    apply: (asked: Asked<z.output<typeof toProfile>>) => assign(asked, "install"),
  },
  adopt: {
    about: "Takes the machine with what is on its disks: nothing is wiped.",
    body: asItIs,
    apply: async (asked: Asked<z.output<typeof asItIs>>) => {
      await assign(asked, "adopt");
      // Accepted only once it is assigned: in between it would be a machine to wipe.
      const admission = { is: "accepted", by: asked.by } as const;
      await asked.state.update(Machine, asked.id, ({ spec }) => ({ spec: { ...spec, admission } }));
    },
  },
  confirmInstalled: {
    about: "Says that its system is installed, where nothing else would tell.",
    body: nothing,
    apply: async ({ state, clock, id, records }: Asked<unknown>) =>
      recordInstallation({ state, clock }, id, {
        wipeId: gatherFacts(records).wipedAt,
        evidence: "operator",
      }),
  },
  release: {
    about: "Back to the pool: its disks are wiped.",
    body: nothing,
    apply: async ({ state, id }: Asked<unknown>) => void (await state.teardown(Assignment, id)),
  },
  wipe: { about: "Wipes its disks again.", body: nothing, apply: wipeAgain },
  reinstall: { about: "Wipes its disks and installs it anew.", body: nothing, apply: wipeAgain },
  upgrade: {
    about:
      "Puts its node on another image, which it leaves again if that does not work: one node of a cluster at a time.",
    body: toImage,
    apply: async (asked: Asked<z.output<typeof toImage>>) => {
      const node = asked.records.installation?.spec.node;
      if (!node || !("address" in node)) throw new Problem(409, "its node is not one of a cluster");
      const wipeId = gatherFacts(asked.records).wipedAt;
      const { image } = asked.body;
      await change(asked, (spec) => ({
        ...spec,
        upgrade: { upgradeId: (spec.upgrade?.upgradeId ?? 0) + 1, wipeId, ...(image && { image }) },
      }));
    },
  },
  retry: {
    about: "The cause is gone: tries again what was given up.",
    body: nothing,
    apply: (asked: Asked<unknown>) =>
      change(asked, (spec) => ({
        ...spec,
        retryId: spec.retryId + 1,
        // A failed wipe is tried again under a number of its own.
        ...(asked.records.wipe?.spec.run.state === "failed" && { wipeId: lastWipe(asked.records) + 1 }),
      })),
  },
  powerOn: power("on", "It stays on."),
  powerOff: power("off", "It is shut down, and stays off."),
  powerAutomatic: power("automatic", "On while there is something to do, off while it idles in the pool."),
  powerCycle: {
    about: "Off and on again, at once.",
    body: nothing,
    apply: (asked: Asked<unknown>) => asked.hardware.cycle(asked.id, bmcOf(asked), asked.signal),
  },
  remove: {
    about: "Forgets it. If it boots again it is discovered anew.",
    body: nothing,
    apply: async ({ state, id }: Asked<unknown>) => void (await state.teardown(Machine, id)),
  },
  identify: {
    about: "Shines the light on its front; 0 seconds turn it off.",
    body: light,
    apply: (asked: Asked<z.output<typeof light>>) =>
      asked.hardware.identify(asked.id, bmcOf(asked), asked.body.seconds, asked.signal),
  },
};

/** Carries a verb out where it is legal; throws with the reason where it is not. */
export async function act(action: Action, asked: Omit<Asked<unknown>, "records">): Promise<void> {
  // Between the decision and the write others may write: it is decided again.
  for (let lap = 1; ; lap++) {
    const records = await recordsOf(asked.state, asked.id);
    if (!records) throw new Problem(404, "it is gone");
    const why = refusal(action, gatherFacts(records));
    if (why !== undefined) throw new Problem(409, `cannot ${action}: ${why}`);
    try {
      return await verbs[action].apply({ ...asked, records } as Asked<never>);
    } catch (error) {
      if (!(error instanceof VersionConflict) || lap >= 5) throw error;
    }
  }
}
