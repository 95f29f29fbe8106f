import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { type ResourceOf, resourceType } from "../resource.ts";
import { collectionController, controller } from "./controller.ts";
import { many, shared } from "./owns.ts";
import { all, namedBy, naming, the } from "./reads.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.test`, namespace: "default", spec });
const Machine = declare("Machines", z.object({ wanted: z.enum(["on", "off"]), profile: z.string() }));
const BmcConfig = declare("BmcConfigs", z.object({ address: z.string() }));
const Profile = declare("Profiles", z.object({ image: z.string() }));
const Install = declare("Installs", z.object({ machine: z.string() }));
const PowerStatus = declare("PowerStatuses", z.object({ power: z.enum(["on", "off"]), changedAt: z.date() }));
const Layer = declare("Layers", z.object({ address: z.string() }));

test("the types of a reconcile follow from what was declared", async () => {
  const power = controller({
    name: "Power",
    each: Machine,
    reads: {
      bmcConfig: BmcConfig,
      power: PowerStatus,
      profile: namedBy(Machine, Profile, (machine) => machine.spec.profile),
      installs: naming(Install, (install) => [install.spec.machine]),
      layers: all(Layer),
      first: the(Layer, "first"),
    },
    owns: PowerStatus,
    reconcile(machine, { bmcConfig, power, profile, installs, layers, first }, { signal }) {
      expectTypeOf(machine).toEqualTypeOf<ResourceOf<typeof Machine>>();
      expectTypeOf(bmcConfig).toEqualTypeOf<ResourceOf<typeof BmcConfig> | undefined>();
      expectTypeOf(power).toEqualTypeOf<ResourceOf<typeof PowerStatus> | undefined>();
      expectTypeOf(profile).toEqualTypeOf<ResourceOf<typeof Profile> | undefined>();
      expectTypeOf(installs).toEqualTypeOf<readonly ResourceOf<typeof Install>[]>();
      expectTypeOf(layers).toEqualTypeOf<readonly ResourceOf<typeof Layer>[]>();
      expectTypeOf(first).toEqualTypeOf<ResourceOf<typeof Layer> | undefined>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      if (!bmcConfig) return { do: "wait", why: "no BMC credentials yet" };
      if (!profile) return { do: "fail", why: "no such profile", until: new Date(0) };
      return {
        do: "set",
        spec: { power: machine.spec.wanted, changedAt: new Date(0) },
        labels: { power: "on" },
      };
    },
    teardown: () => ({ do: "remove" }),
  });
  expect(power.name).toBe("Power");
});

test("a controller of several types names its outputs", () => {
  controller({
    name: "Several",
    each: Machine,
    owns: { power: PowerStatus, layers: shared(many(Layer)) },
    reconcile: (machine) => ({
      do: "set",
      outputs: {
        power: machine.spec.wanted === "on" ? { spec: { power: "on", changedAt: new Date(0) } } : undefined,
        layers: { first: { spec: { address: "192.0.2.1" } } },
      },
    }),
  });
});

test("a controller over collections has no primary", () => {
  collectionController({
    name: "Merge",
    reads: { layers: all(Layer) },
    owns: many(Profile),
    reconcile: ({ layers }) => ({
      do: "set",
      outputs: Object.fromEntries(
        layers.map(({ spec }) => [spec.address, { spec: { image: spec.address } }]),
      ),
    }),
  });
});

test("what was not declared does not compile", () => {
  controller({
    name: "Wrong",
    each: Machine,
    reads: { bmcConfig: BmcConfig },
    owns: PowerStatus,
    // @ts-expect-error `power` is not read
    reconcile(_machine, { bmcConfig, power }) {
      return { do: "wait", why: bmcConfig ? bmcConfig.spec.address : typeof power };
    },
  });
  controller({
    name: "Wrong",
    each: Machine,
    owns: PowerStatus,
    // @ts-expect-error not the spec of what is owned
    reconcile: () => ({ do: "set", spec: { power: "perhaps", changedAt: new Date(0) } }),
  });
  controller({
    name: "Wrong",
    each: Machine,
    // @ts-expect-error nothing is owned
    reconcile: () => ({ do: "set", spec: { power: "on", changedAt: new Date(0) } }),
  });
  controller({
    name: "Wrong",
    each: Machine,
    // @ts-expect-error what names it is not what this controller is for
    reads: { profile: namedBy(Layer, Profile, (layer) => layer.spec.address) },
    reconcile: () => ({ do: "done" }),
  });
});
