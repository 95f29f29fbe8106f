// From an assignment to an installed system: what the machine boots, which config it is handed and to whom it is not,
// and by what its installation is known. Over real gRPC and HTTP.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SpecOf } from "../cosi/resource.ts";
import { parseSecrets } from "../machine-config/generate/secrets.ts";
import { ask, call, PracticeSite, until, uuid } from "./practice-site.conformance.ts";
import { Assignment } from "./resources/assignment.ts";
import { BootStatus } from "./resources/boot-status.ts";
import { Cluster } from "./resources/cluster.ts";
import { Event } from "./resources/event.ts";
import { Image } from "./resources/image.ts";
import { Installation } from "./resources/installation.ts";
import { Machine } from "./resources/machine.ts";
import { MachineStatus } from "./resources/machine-status.ts";
import type { Profile } from "./resources/profile.ts";

type Spec = SpecOf<typeof Profile>;

let site: PracticeSite;
beforeEach(async () => {
  site = await PracticeSite.open();
});
afterEach(() => site[Symbol.asyncDispose]());

const control = { cluster: "one", as: "controlplane", endpoint: "https://192.0.2.7:6443" } as const;

/** A machine that was wiped and is assigned; its profile differs as told. */
async function assigned(profile: Partial<Spec> = {}): Promise<void> {
  const config = { template: "host: {{ machine.name }}\ncall: {{ provisioner.phoneHome }}\n" };
  const spec: Spec = {
    boots: {
      what: "kernel",
      kernel: "vmlinuz",
      initrds: ["initramfs"],
      arguments: [
        { name: "talos.platform", value: "metal" },
        { name: "talos.config", value: "{{provisioner.config}}" },
        { name: "quiet" },
      ],
    },
    ...(!profile.memberOf && { config }),
    installDisk: {},
    installedBy: { evidence: "phoneHome" },
    ...profile,
  };
  await site.assign(spec);
}

const wipedUnder = (wipeId: number) => site.wipedUnder(wipeId);

const plan = async () => {
  const { plan } = await (await site.segment()).plan(ask);
  return plan!;
};

const at = () => `http://127.0.0.1:${site.provisioner.installsPort}`;

/** Where the plan says that the config is. */
async function configAddress(): Promise<string> {
  return (await site.bootedArguments()).get("talos.config")!;
}

test("the images that are served can be seen by their names", async () => {
  expect((await site.provisioner.state.list(Image)).resources).toMatchObject([
    {
      metadata: { id: "default" },
      spec: { release: "6.12", assets: [{ part: "kernel", file: "vmlinuz" }, { part: "initramfs" }] },
    },
  ]);
});

describe("an assigned machine", () => {
  test("boots the files of its profile, with its own arguments, and is not to do so twice unasked", async () => {
    await assigned();
    const { once, do: told } = await plan();
    expect(once).toBe(true);
    const value = told.case === "kernel" ? told.value : undefined;
    expect(value?.kernel).toMatch(/^[0-9a-f]{16}-vmlinuz$/);
    expect(value?.initrds).toEqual([expect.stringMatching(/^[0-9a-f]{16}-initramfs$/)]);
    expect(value?.arguments.map(({ name, secret }) => [name, secret])).toEqual([
      ["talos.platform", false],
      ["talos.config", true],
      ["quiet", false],
    ]);
  });

  test("is handed its config once, calls home with what is in it, and boots from its disk", async () => {
    await assigned();
    const address = await configAddress();
    const config = await call(address);
    expect(config).toMatchObject({ status: 200, text: expect.stringContaining("host: node-1\ncall: ") });
    expect(await call(address)).toMatchObject({ status: 410 });

    const phoneHome = /call: (.*)/.exec(config.text)![1]!;
    expect(await call(phoneHome, "POST", "instance=7")).toMatchObject({ status: 200 });
    const { state } = site.provisioner;
    expect((await state.get(Installation, uuid)).spec).toMatchObject({ wipeId: 1, evidence: "phoneHome" });
    expect((await plan()).do.case).toBe("disk");
    const events = (await state.list(Event)).resources.map(({ spec }) => spec.what);
    expect(events).toContainEqual(expect.stringMatching(/^its config was handed to /));
    expect(events).toContainEqual(expect.stringMatching(/^its config was asked for again, by .*not handed/));
  });

  test("that runs Ingot's own system is no agent", async () => {
    await assigned({ boots: { what: "ingot", image: "default", arguments: [] } });
    const args = await site.bootedArguments();
    expect([...args.keys()]).toEqual([
      "console",
      "talos.platform",
      "talos.config",
      "ingot.image",
      "ingot.installed",
      "ingot.ca",
    ]);
    const image = args.get("ingot.image")!;
    expect(await call(`${image}/manifest.json`)).toMatchObject({
      status: 200,
      text: expect.stringContaining('"initramfs"'),
    });
    expect(await call(`${image}/vmlinuz`)).toMatchObject({ status: 200 });
    for (const path of ["", "/", "/other", "/..%2fstate", "/vmlinuz/", "/../other/vmlinuz"]) {
      expect(await call(`${image}${path}`)).toMatchObject({ status: 404 });
    }
  });

  test("that is one of a cluster gets the cluster's secrets, and its node is looked for once it has called", async () => {
    const { state } = site.provisioner;
    await assigned({ boots: { what: "ingot", image: "default", arguments: [] }, memberOf: control });
    await until(() => state.find(Cluster, "one"));
    const args = await site.bootedArguments();
    const config = await call(args.get("talos.config")!);
    const secrets = parseSecrets((await state.get(Cluster, "one")).spec.secrets);
    expect(config).toMatchObject({ status: 200, text: expect.stringContaining(secrets.certs.os.key) });
    expect(config.text).toContain("https://192.0.2.7:6443");
    expect((await call(args.get("talos.config")!)).status).toBe(410);

    expect((await call(args.get("ingot.installed")!, "POST")).status).toBe(200);
    expect((await state.get(Installation, uuid)).spec).toMatchObject({
      evidence: "phoneHome",
      node: { is: "unseen" },
    });
    expect((await plan()).do.case).toBe("disk");
    // It tells again, for it did not hear our answer: what was seen of its node meanwhile stays.
    const seen = { is: "silent", since: new Date(), why: "it restarts" } as const;
    await state.update(Installation, uuid, ({ spec }) => ({ spec: { ...spec, node: seen } }));
    await call(args.get("ingot.installed")!, "POST");
    expect((await state.get(Installation, uuid)).spec.node).toEqual(seen);
  });

  test("of a chain boots from an address with its own facts", async () => {
    await assigned({ boots: { what: "chain", url: "https://f.example/pxe?name={{machine.name}}&a=1" } });
    expect((await plan()).do).toMatchObject({
      case: "chain",
      value: { url: "https://f.example/pxe?name=node-1&a=1" },
    });
  });

  test.each<[string, Partial<Spec>, RegExp]>([
    [
      "a file that is not there",
      { boots: { what: "kernel", kernel: "bzImage", initrds: [], arguments: [] } },
      /no file bzImage/,
    ],
    [
      "an image that is not there",
      { boots: { what: "ingot", image: "edge", arguments: [] } },
      /no image edge here; there are default/,
    ],
    [
      "an argument that would be two",
      {
        boots: {
          what: "kernel",
          kernel: "vmlinuz",
          initrds: [],
          arguments: [{ name: "a", value: "{{machine.rack.x}}" }],
        },
      },
      /there is no machine\.rack/,
    ],
    [
      "a fact that it has not",
      { boots: { what: "chain", url: "https://f.example/?s={{machine.serial}}&i={{machine.interface}}" } },
      /this machine has no machine\.interface/,
    ],
  ])("with %s waits, and says why on its screen", async (_, profile, why) => {
    await assigned(profile);
    const told = await plan();
    expect(told.do.case).toBe("hold");
    expect(told.why).toMatch(why);
  });

  test("is installed when an operator says so, where nothing else tells", async () => {
    await assigned({ installedBy: { evidence: "operator" } });
    const config = await call(await configAddress());
    await call(/call: (.*)/.exec(config.text)![1]!, "POST");
    expect(await site.provisioner.state.find(Installation, uuid)).toBeUndefined();
  });
});

describe("a config is not handed out", () => {
  test("for a token that was changed, made elsewhere, or is for something else", async () => {
    await assigned();
    const address = await configAddress();
    const token = address.split("/").at(-1)!;
    const changed = (token[5] === "A" ? "B" : "A") + token.slice(1);
    for (const shown of [changed, "nonsense", "a.b", "%00", "..%2f..%2fetc%2fpasswd"]) {
      expect((await call(`${at()}/config/${shown}`)).status).toBeOneOf([403, 404]);
    }
    expect((await call(`${at()}/installed/${token}`)).status).toBe(403);
    // Nothing of that used it up.
    expect((await call(address)).status).toBe(200);
  });

  test("to a machine that leaves, was rejected, or was wiped again", async () => {
    await assigned();
    const { state } = site.provisioner;
    const address = await configAddress();
    await wipedUnder(2);
    expect(await call(address)).toMatchObject({ status: 410 });
    await wipedUnder(1);
    await state.update(Machine, uuid, ({ spec }) => ({
      spec: { ...spec, admission: { is: "rejected", by: "ann", why: "not ours" } },
    }));
    await until(
      () => state.find(MachineStatus, uuid),
      ({ stage }) => stage === "rejected",
    );
    expect(await call(address)).toEqual({
      status: 409,
      text: "it is not to be installed: it was rejected\n",
    });
    await state.teardown(Assignment, uuid);
    expect(await call(address)).toMatchObject({ status: 409 });
  });

  test("to a machine that was released while it booted: it hears that this boot is over", async () => {
    await assigned();
    const address = await configAddress();
    await site.provisioner.state.teardown(Assignment, uuid);
    expect(await call(address)).toEqual({
      status: 410,
      text: "it is not to be installed: leaving its assignment\n",
    });
  });

  test.each([
    ["HEAD", 405],
    ["DELETE", 405],
    ["POST", 405],
  ])("by %s", async (method, status) => {
    await assigned();
    const address = await configAddress();
    expect((await call(address, method)).status).toBe(status);
    expect((await call(address)).status).toBe(200);
  });

  test("by a name, unless its profile says so; then once, and only while it boots", async () => {
    await assigned({ config: { template: "a: 1\n", provenBy: "identity" } });
    const byName = `${at()}/config?uuid=${uuid.toUpperCase()}&mac=`;
    expect((await call(byName)).status).toBe(404);
    expect((await call(await configAddress())).status).toBe(403);
    const now = new Date();
    const boot = { bootId: "b7", step: "scripted", plan: "install", why: "", since: now, at: now } as const;
    await site.provisioner.state.set(BootStatus, uuid, { spec: { state: "booting", ...boot } });
    expect(await call(byName)).toMatchObject({ status: 200, text: "a: 1\n" });
    expect((await call(byName)).status).toBe(410);
    expect((await call(`${at()}/config?uuid=00000000-0000-0000-0000-000000000000`)).status).toBe(404);
  });

  test("in answer to more than a machine has to say", async () => {
    await assigned();
    const config = await call(await configAddress());
    const phoneHome = /call: (.*)/.exec(config.text)![1]!;
    const sent = call(phoneHome, "POST", "x".repeat(1_000_000)).catch(() => ({ status: 413 }));
    expect((await sent).status).toBe(413);
    expect((await call(`${at()}/${"a".repeat(10_000)}`).catch(() => ({ status: 431 }))).status).toBe(431);
    expect((await call(`${at()}/../../etc/passwd`)).status).toBe(404);
  });
});
