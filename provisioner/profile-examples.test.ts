// Every profile of docs/profiles.md goes the way of a real boot: plan, files, arguments, config once, call home, disk.
import { readFile } from "node:fs/promises";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { SpecOf } from "../cosi/resource.ts";
import { ask, call, mac, PracticeSite, uuid } from "./practice-site.conformance.ts";
import { Installation } from "./resources/installation.ts";
import { Profile } from "./resources/profile.ts";

type Spec = SpecOf<typeof Profile>;

const text = await readFile(new URL("../docs/profiles.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/^## (.+?)$|^```yaml\n([\s\S]*?)^```$/gm)].reduce<[string, Spec][]>(
  (found, [, heading, yaml]) => {
    if (heading !== undefined) found.push([heading, undefined as never]);
    else found.at(-1)![1] = Profile.spec.parse((parse(yaml!) as { spec: unknown }).spec);
    return found;
  },
  [],
);
const profiles = examples.filter(([, spec]) => spec !== undefined);

const disk = { id: "wwid-1", device: "/dev/nvme0n1", transport: "nvme", sizeBytes: 1_000_000_000_000n };

test("there is an example for each kind of system", () => {
  expect(profiles.map(([, { boots, installedBy }]) => `${boots.what} ${installedBy.evidence}`)).toEqual([
    "ingot nodeApi",
    "kernel nodeApi",
    "chain nodeApi",
    "kernel phoneHome",
    "kernel phoneHome",
  ]);
});

describe.each(profiles)("%s", (_, spec) => {
  test("boots as its example says", async () => {
    const { boots } = spec;
    const files = boots.what === "kernel" ? [boots.kernel, ...boots.initrds] : [];
    await using site = await PracticeSite.open({}, files);
    await site.assign(spec, { disks: [disk] });
    const boot = await site.segment();
    const plan = (await boot.plan(ask)).plan!;
    expect(plan.do.case, plan.why).toBe(boots.what === "chain" ? "chain" : "kernel");
    if (plan.do.case === "chain") expect(plan.do.value.url).toMatch(/^https:.*metal-amd64$/);
    if (boots.what === "kernel" && plan.do.case === "kernel") {
      expect(plan.do.value.arguments.map(({ name }) => name)).toEqual(
        boots.arguments.map(({ name }) => name),
      );
    }
    if (!spec.config) return;

    const given = plan.do.case === "kernel" ? plan.do.value.arguments : [];
    let address = given.map(({ value }) => value).find((value) => value?.includes("/config/"));
    if (spec.config.provenBy === "identity") {
      const at = timestampFromDate(new Date());
      const step = { case: "scripted", value: { plan: "chain", why: "" } } as const;
      await boot.report({ reports: [{ bootId: "b1", mac, at, number: 1n, step }] });
      address = `http://127.0.0.1:${site.provisioner.installsPort}/config?uuid=${uuid}&mac=${mac}`;
    }
    const config = await call(address!);
    expect(config.status, config.text).toBe(200);
    expect(config.text).toContain("/dev/nvme0n1");
    expect((await call(address!)).status).toBe(410);
    if (spec.installedBy.evidence !== "phoneHome") return;
    const phoneHome = /http:[^\s"',}]*\/installed\/[\w.-]+/.exec(config.text)![0];
    expect((await call(phoneHome, "POST", "hostname=node-1")).status).toBe(200);
    expect((await site.provisioner.state.get(Installation, uuid)).spec.evidence).toBe("phoneHome");
    expect((await boot.plan(ask)).plan!.do.case).toBe("disk");
  });
});
