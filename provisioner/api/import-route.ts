// Many machines at once, from a file, before they are seen: all of it is right, or nothing is written.
import { z } from "zod";
import type { State } from "../../cosi/state.ts";
import { machineHolds } from "../controllers/machine-holds.ts";
import { planRegistrations, type RegistrationStep } from "../registration/plan-registrations.ts";
import { readRegistrations } from "../registration/read-registrations.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { Problem } from "./problem.ts";
import { isScoped } from "./reader.ts";
import { root } from "./resource-routes.ts";
import type { Route } from "./route.ts";

const body = z.strictObject({
  format: z.enum(["csv", "yaml"]),
  /** The file: a table with names in its first line, or a list. */
  text: z.string(),
  /** Only says what it would come to. */
  dryRun: z.boolean().default(false),
});

/** A hundred thousand machines with everything that is known of them. */
const mostBytes = 32 << 20;
const atOnce = 64;

type Step = Exclude<RegistrationStep, { readonly do: "refuse" }>;

export function importRoute(state: State): Route {
  return {
    method: "POST",
    path: `${root}/machines/import`,
    role: "operator",
    operation: "machines.import",
    about:
      "Makes machines of a CSV or YAML file known before they are seen, and adds to those that are known.",
    body,
    mostBytes,
    handle: async ({ body: sent, who }) => {
      if (isScoped(who)) throw new Problem(403, "the token is for machines that are there already");
      const { format, text, dryRun } = sent as z.output<typeof body>;
      const { machines, problems } = readRegistrations(text, format);
      const known = (await state.list(Machine)).resources.map(({ metadata, spec }) => ({
        id: metadata.id,
        identity: spec.identity,
      }));
      const steps = planRegistrations(machines, known, who.name);
      const wrong = [
        ...problems.map(({ line, field, why }) => ({
          field: `line ${line}${field && `: ${field}`}`,
          message: why,
        })),
        ...steps.flatMap((step) =>
          step.do === "refuse" ? [{ field: `line ${step.line}`, message: step.why }] : [],
        ),
      ];
      if (wrong.length > 0)
        throw new Problem(422, "nothing is imported: the file has mistakes", { issues: wrong });
      const todo = steps.filter((step): step is Step => step.do !== "refuse");
      if (!dryRun) {
        for (let at = 0; at < todo.length; at += atOnce) {
          await Promise.all(todo.slice(at, at + atOnce).map((step) => carryOut(step, state, who.name)));
        }
      }
      const told = todo.map(({ do: what, line, id }) => ({ do: what, line, id }));
      return { status: dryRun ? 200 : 201, body: { dryRun, machines: told } };
    },
  };
}

async function carryOut(step: Step, state: State, by: string): Promise<void> {
  const { id, labels, bmc } = step;
  if (step.do === "create") {
    await state.create(Machine, id, { spec: step.machine, labels }, { finalizers: machineHolds });
  } else {
    const { name, accept } = step;
    await state.update(Machine, id, ({ metadata, spec }) => ({
      labels: { ...metadata.labels, ...labels },
      spec: {
        ...spec,
        ...(name !== undefined && { name }),
        ...(accept && { admission: { is: "accepted" as const, by } }),
      },
    }));
  }
  if (bmc) await state.set(BmcConfig, id, { spec: bmc });
}
