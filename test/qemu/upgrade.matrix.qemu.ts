// What the life of a node does not show of upgrades: images that are refused, one of a registry that waits for the next boot,
// what a watchdog tells, and what is heard of a reset.
import { expect, test } from "vitest";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import { startPracticeRegistry } from "../../os/install/registry/practice-registry.ts";
import { createAuthority } from "../../pki/authority.ts";
import { siteAddress } from "./framework/boot-site.ts";
import { project } from "./framework/image.ts";
import { openImageShelf } from "./framework/image-shelf.ts";
import { otherProgram } from "./framework/other-program.ts";
import { openPreparedNode } from "./framework/prepared-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const clock = { now: () => new Date() };

test("a machine refuses images, takes one of a registry, is saved by its watchdog, and tells how it is erased", {
  timeout: 900_000,
}, async () => {
  const shelf = await openImageShelf(openRunDirectory(project, "upgrade images").path);
  shelf.add("foreign", { signedBy: "a stranger" });
  shelf.add("hangs", { entries: [await otherProgram("test/qemu/hanging-upgrade-program.ts")] });
  const directory = openRunDirectory(project, "upgrade");
  await using prepared = await openPreparedNode({ firmware: "bios", shelf, directory });
  const { machine, node, images } = prepared;
  await machine.powerOn({ order: ["disk"], restarts: "by itself" });
  await node.runsFrom("a", 0);

  for (const [image, reason] of [
    ["foreign", /not signed by our release key/],
    ["nowhere", /the server says 404/],
  ] as const)
    await expect(node.upgrade(`${images}${image}`)).rejects.toThrow(reason);

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
  ].map((document) => JSON.stringify({ apiVersion: "v1alpha1", ...document }));
  await node.configure(
    applyPatches(
      await node.config(),
      documents.map((document) => parsePatch(document)),
    ),
  );
  const since = await node.mark();
  await node.upgrade("images.example/owner/ingot:v2", { stage: true });
  await node.until(/ingot: upgrade: images.example\/owner\/ingot:v2 was staged/, since);
  await node.isUpgraded("b", since);

  const because = /^it hung after it had reached ".*": the watchdog reset the machine/;
  await node.comesBackFrom(`${images}hangs`, { to: "b", because });

  // The life of a node is ended by its provisioner; this is what a client of the node hears of it.
  expect(await node.reset()).toEqual(
    expect.arrayContaining([
      ...["stopServicesForUpgrade", "unmountVolumes", "reset STATE", "reset META", "resetSystemDisk"],
    ]),
  );
});
