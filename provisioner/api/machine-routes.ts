// What only machines have: registration, labels, verbs, their story and their logs.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../cosi/clock.ts";
import { equal } from "../../cosi/query.ts";
import { encodeSpec } from "../../cosi/spec.ts";
import type { State } from "../../cosi/state.ts";
import { machineHolds } from "../controllers/machine-holds.ts";
import { saneUuid } from "../decisions/identity.ts";
import { type Action, actions } from "../decisions/legal-actions.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Event } from "../resources/event.ts";
import { labels } from "../resources/labels.ts";
import { Machine } from "../resources/machine.ts";
import { machineIdentity } from "../resources/machine-identity.ts";
import { Profile } from "../resources/profile.ts";
import { recordsOf } from "../services/machine-records.ts";
import { kindAt } from "./catalog.ts";
import { act, type Hardware, verbs } from "./machine-actions.ts";
import { Problem } from "./problem.ts";
import { isScoped, type Reader } from "./reader.ts";
import { ifMatch, root } from "./resource-routes.ts";
import type { Route } from "./route.ts";
import { storyOf } from "./story.ts";
import { etagOf, viewOf } from "./view.ts";

export interface MachineRoutesOptions {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly reader: Reader;
  readonly hardware: Hardware;
  /** The last lines that a machine sent. */
  readonly logs: (machine: string, lines: number) => Promise<string>;
}

const machines = kindAt("machines");
const { name, boot } = Machine.spec.shape;

const registration = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/)
    .optional(),
  name,
  identity: machineIdentity,
  labels: labels.optional(),
  boot: boot.optional(),
  /** False leaves that to the rules. */
  accepted: z.boolean().default(false),
  bmc: BmcConfig.spec.omit({ origin: true }).optional(),
});

const edit = z.strictObject({
  name: name.unwrap().nullable().optional(),
  /** Merged: null takes a label away. */
  labels: z.record(z.string(), z.string().nullable()).optional(),
  boot: boot.optional(),
});

export function machineRoutes({ state, clock, reader, hardware, logs }: MachineRoutesOptions): Route[] {
  const path = `${root}/machines`;
  const shown = (machine: Awaited<ReturnType<typeof reader.machine>>) => {
    const { metadata, spec } = machine;
    const view = viewOf(machines, { metadata, spec: encodeSpec(Machine, metadata, spec) });
    return { body: view, headers: { etag: etagOf(view) } };
  };
  const register: Route = {
    method: "POST",
    path,
    role: "operator",
    operation: "machines.register",
    about: "Makes a machine known before it was ever seen: by its MACs, UUID or serial.",
    body: registration,
    answers: { schema: "Machine" },
    handle: async ({ body, who }) => {
      if (isScoped(who)) throw new Problem(403, "the token is for machines that are there already");
      const { id, identity, accepted, bmc, labels = {}, ...sent } = body as z.output<typeof registration>;
      if (identity.macs.length === 0 && !identity.uuid && !identity.serial) {
        throw new Problem(422, "identity: give a MAC address, a UUID or a serial number", {
          issues: [{ field: "identity", message: "give a MAC address, a UUID or a serial number" }],
        });
      }
      const machine = id ?? saneUuid(identity.uuid) ?? randomUUID();
      const created = await state.create(
        Machine,
        machine,
        {
          labels,
          spec: {
            ...(sent.name !== undefined && { name: sent.name }),
            identity,
            admission: accepted ? { is: "accepted", by: who.name } : { is: "byRule" },
            wipeId: 1,
            retryId: 0,
            power: "automatic",
            boot: sent.boot ?? {},
          },
        },
        { finalizers: machineHolds },
      );
      if (bmc) await state.set(BmcConfig, machine, { spec: { ...bmc, origin: "given" } });
      return { status: 201, ...shown(created) };
    },
  };
  const patch: Route = {
    method: "PATCH",
    path: `${path}/{id}`,
    role: "operator",
    operation: "machines.edit",
    about: "Changes its name, labels or boot quirks; everything else is asked for by verbs.",
    body: edit,
    answers: { schema: "Machine" },
    handle: async (request) => {
      const { who, params } = request;
      const id = params["id"]!;
      await reader.machine(who, id);
      const wish = request.body as z.output<typeof edit>;
      if (isScoped(who) && Object.keys(wish.labels ?? {}).some((label) => label in who.scope)) {
        throw new Problem(403, "the token cannot move a machine into or out of its own scope");
      }
      const version = ifMatch(request);
      const updated = await state.update(
        Machine,
        id,
        ({ metadata, spec }) => {
          const { name: before, ...rest } = spec;
          const name = wish.name === undefined ? before : (wish.name ?? undefined);
          const spec1 = { ...rest, ...(name !== undefined && { name }), boot: wish.boot ?? spec.boot };
          const merged = Object.entries({ ...metadata.labels, ...wish.labels }).filter(
            (entry): entry is [string, string] => entry[1] !== null,
          );
          const checked = labels.safeParse(Object.fromEntries(merged));
          if (!checked.success) throw new Problem(422, `labels: ${checked.error.issues[0]!.message}`);
          return { spec: spec1, labels: checked.data };
        },
        { ...(version !== undefined && { version }) },
      );
      return shown(updated);
    },
  };
  const story: Route = {
    method: "GET",
    path: `${path}/{id}/story`,
    role: "reader",
    operation: "machines.story",
    about: "What happened to it, on what it waits, why, since when, what comes next, what one can do.",
    handle: async ({ who, params }) => {
      const id = params["id"]!;
      await reader.machine(who, id);
      const records = await recordsOf(state, id);
      if (!records) throw new Problem(404, "it is gone");
      const name = records.assignment?.spec.profile;
      const profile = name === undefined ? undefined : await state.find(Profile, name);
      const { resources } = await state.list(Event, { labels: [equal("machine", id)] });
      return {
        body: storyOf(
          id,
          records,
          resources
            .map(({ spec }) => spec)
            .sort((a, b) => a.at.getTime() - b.at.getTime())
            .slice(-50),
          clock.now(),
          profile?.spec,
        ),
      };
    },
  };
  const logged: Route = {
    method: "GET",
    path: `${path}/{id}/logs`,
    role: "reader",
    operation: "machines.logs",
    about: "The last lines that its agent sent.",
    query: { lines: "how many, up to 10000" },
    handle: async ({ who, params, query }) => {
      const id = params["id"]!;
      await reader.machine(who, id);
      const lines = Number(query.get("lines") ?? 200);
      if (!Number.isInteger(lines) || lines < 1 || lines > 10_000) {
        throw new Problem(400, "lines is a number from 1 to 10000");
      }
      return { type: "text/plain; charset=utf-8", text: await logs(id, lines) };
    },
  };
  const verb = (action: Action): Route => ({
    method: "POST",
    path: `${path}/{id}/actions/${action}`,
    role: "operator",
    operation: `machines.${action}`,
    about: verbs[action].about,
    body: verbs[action].body,
    answers: { schema: "Machine" },
    handle: async ({ who, params, body, signal }) => {
      const id = params["id"]!;
      await reader.machine(who, id);
      await act(action, { state, clock, hardware, id, by: who.name, body, signal });
      // A machine that was removed may be gone already.
      return { status: 202, body: { id, asked: action } };
    },
  });
  return [register, patch, story, logged, ...actions.map(verb)];
}
