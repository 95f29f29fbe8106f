import { describe, expect, test } from "vitest";
import { someDisk } from "../block/some-disk.ts";
import { type InstallerOptions, installer } from "./installer.ts";
import { practiceImage } from "./practice-image.ts";

const disks = [
  someDisk("/dev/vda"),
  someDisk("/dev/sr0", { cdrom: true }),
  someDisk("/dev/sdb", { holders: ["md0"] }),
];
const links: Record<string, string> = { "/dev/disk/by-id/first": "/dev/vda" };
const source = practiceImage(Buffer.alloc(1), Buffer.alloc(3));
const signal = AbortSignal.timeout(60_000);

function open(rest: Partial<InstallerOptions> = {}) {
  const did: string[] = [];
  let isInstalled = false;
  const install = installer({
    isInstalled: () => Promise.resolve(isInstalled),
    isInstalling: () => Promise.resolve(false),
    disks: () => Promise.resolve(disks),
    async realPath(path) {
      const found = links[path] ?? path;
      if (!found.startsWith("/dev/")) throw new Error("ENOENT");
      return found;
    },
    async openImage(image) {
      did.push(`open ${image}`);
      return source;
    },
    async write({ devPath }, _, progress) {
      did.push(`write ${devPath}`);
      progress.step("writing the image");
      for (const bytes of [1, 2, 3, 4]) progress.written(bytes, 4);
      isInstalled = true;
    },
    said: () => undefined,
    ...rest,
  });
  const said: string[] = [];
  const on = (path: string) =>
    install({ image: "an image", disk: path }, { said: (text) => said.push(text), signal });
  return { on, did, said };
}

describe("an installation that a client asks for", () => {
  test("is done on the disk that the path leads to, and tells how far it is", async () => {
    const { on, did, said } = open();
    await on("/dev/disk/by-id/first");
    expect(did).toEqual(["open an image", "write /dev/vda"]);
    expect(said).toEqual([
      "an image on /dev/vda",
      "writing the image",
      ...[25, 50, 75, 100].map((percent) => `${percent} % of the image is written`),
      "done; the next boot is from the disk",
    ]);
  });

  test("is done once", async () => {
    const { on } = open();
    await on("/dev/vda");
    await expect(on("/dev/vda")).rejects.toMatchObject({ code: "alreadyExists" });
  });

  test("is refused while the machine installs itself", async () => {
    const { on, did } = open({ isInstalling: () => Promise.resolve(true) });
    await expect(on("/dev/vda")).rejects.toMatchObject({ code: "failedPrecondition" });
    expect(did).toEqual([]);
  });

  test.each([
    ["nowhere", /leads nowhere$/],
    ["/dev/vdz", /is no disk$/],
    ["/dev/sr0", /is a CD drive$/],
    ["/dev/sdb", /md0 is built on it$/],
  ])("is refused on %s, before an image is asked for", async (path, why) => {
    const { on, did } = open();
    await expect(on(path)).rejects.toMatchObject({
      code: "invalidArgument",
      details: expect.stringMatching(why),
    });
    expect(did).toEqual([]);
  });

  test("is refused while another goes on, and may be tried again when that has failed", async () => {
    const gate = Promise.withResolvers<void>();
    const { on } = open({ write: () => gate.promise });
    const first = on("/dev/vda");
    await expect(on("/dev/vda")).rejects.toMatchObject({
      code: "failedPrecondition",
      details: "another installation/upgrade is already in progress",
    });
    gate.reject(new Error("the disk is gone"));
    await expect(first).rejects.toThrow("the disk is gone");
    const again = on("/dev/vda");
    await expect(again).rejects.toThrow("the disk is gone");
  });
});
