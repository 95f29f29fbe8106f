// The life of an installed machine: brought back by itself from images that are broken, upgraded, rolled back, and erased.
import { beforeAll, describe, expect, test } from "vitest";
import { startPracticeRegistry } from "../../os/install/registry/practice-registry.ts";
import { createAuthority } from "../../pki/authority.ts";
import { siteAddress } from "./framework/boot-site.ts";
import { project } from "./framework/image.ts";
import { endsAtOnce, type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { openNetbootedNode } from "./framework/netbooted-node.ts";
import { otherProgram } from "./framework/other-program.ts";
import { openPreparedNode } from "./framework/prepared-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const clock = { now: () => new Date() };
const timeout = 900_000;

let shelf: ImageShelf;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "upgrade images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
  shelf.add("foreign", { signedBy: "a stranger" });
  shelf.add("panics", { entries: [endsAtOnce] });
  shelf.add("hangs", { entries: [await otherProgram("test/qemu/hanging-upgrade-program.ts")] });
  shelf.add("unready", {
    entries: [await otherProgram("test/qemu/unready-program.ts")],
    kernelArguments: ["ingot.trial=45"],
  });
});

describe.each(["bios", "uefi"] as const)("an installed machine with %s", (firmware) => {
  test.each([
    ["panics", "panics", /^nothing was heard of it: its kernel or its first process ended in a panic/],
    ["hangs", "hangs", /^it hung after it had reached ".*": the watchdog reset the machine/],
    ["is never ready", "unready", /^it was not ready within 45 s: .*apid/],
  ] as const)("comes back by itself from an image that %s", { timeout }, async (_, name, reason) => {
    const directory = openRunDirectory(project, `upgrade ${firmware} ${name}`);
    await using prepared = await openPreparedNode({ firmware, shelf, directory });
    const { machine, node, images } = prepared;
    const image = `${images}${name}`;
    await machine.powerOn({ order: ["disk"], restarts: "by itself" });
    await node.runsFrom("a", 0);

    const since = await node.mark();
    await node.upgrade(image);
    await node.until(/ingot: restart/, since);
    await node.until(/ommand line: .*ingot\.slot=b/, since);
    await node.until(/ingot: The upgrade to \S+ was given up, and slot a runs again/, since);
    await node.runsFrom("a", since);
    const last = await node.lastUpgrade();
    expect(last).toMatchObject({ phase: "failed", slot: "b", image });
    expect(last?.reason).toMatch(reason);
  });

  test("is installed by the network, upgraded, rolled back on request, and reset", { timeout }, async () => {
    const authority = await createAuthority({ algorithm: "ed25519", clock, commonName: "a registry's own" });
    const server = await authority.issue({ ipAddresses: [siteAddress], purposes: ["serverAuth"] });
    const credentials = { username: "node", password: "secret" };
    await using registry = await startPracticeRegistry({
      ...{ repository: "owner/ingot", files: shelf.filesOf("works"), listen: "0.0.0.0", credentials },
      tls: { cert: server.certificate.pem, key: server.key.pkcs8Pem },
    });
    const host = `${siteAddress}:${registry.port}`;
    const documents = [
      { kind: "RegistryMirrorConfig", name: "images.example", endpoints: [{ url: `https://${host}` }] },
      { kind: "RegistryAuthConfig", name: host, ...credentials },
      { kind: "RegistryTLSConfig", name: host, ca: authority.certificate.pem },
    ].map((document) => ({ apiVersion: "v1alpha1", ...document }));
    const directory = openRunDirectory(project, `upgrade ${firmware}`);
    await using netbooted = await openNetbootedNode({ firmware, shelf, directory, documents });
    const { machine, node, images } = netbooted;
    await machine.powerOn({ order: ["disk", "network"], restarts: "by itself" });
    await node.until(/ingot: install: done/, 0);
    // Its API is there while it is installed, too.
    let since = await node.mark();
    await node.runsFrom("a", since);

    for (const [image, reason] of [
      ["foreign", /not signed by our release key/],
      ["nowhere", /the server says 404/],
    ] as const)
      await expect(node.upgrade(`${images}${image}`)).rejects.toThrow(reason);

    since = await node.mark();
    await node.upgrade(`${images}next`);
    await node.runsFrom("b", since);
    await node.until(/ingot: slot b has proved itself/, since);
    expect(await node.lastUpgrade()).toMatchObject({ phase: "done", slot: "b" });
    expect((await machine.console.text()).slice(since)).toMatch(/ommand line: .*ingot\.generation=2/);

    since = await node.mark();
    await node.rollback();
    await node.runsFrom("a", since);
    expect(await node.lastUpgrade()).toBeUndefined();
    expect((await machine.console.text()).slice(since)).not.toMatch(/ommand line: .*ingot\.generation=2/);

    // From a registry this time, and at the next boot.
    since = await node.mark();
    await node.upgrade("images.example/owner/ingot:v2", { stage: true });
    await node.until(/ingot: upgrade: images.example\/owner\/ingot:v2 was staged/, since);
    await node.runsFrom("b", since);
    await node.until(/ingot: slot b has proved itself/, since);

    // The installer takes no disk that holds anything: it is empty, then.
    since = await node.mark();
    expect(await node.reset()).toEqual(
      expect.arrayContaining([
        "stopServicesForUpgrade",
        "unmountVolumes",
        "reset STATE",
        "reset META",
        "resetSystemDisk",
      ]),
    );
    await node.until(/ingot: install: writing the image/, since);
  });
});
