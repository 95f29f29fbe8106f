// The shortest of an upgrade: a machine with an installed system is given another one by a client of today.
import { beforeAll, expect, test } from "vitest";
import { ImageService } from "../../api/gen/machine/image_pb.js";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { client } from "../../api/grpc/client.ts";
import { project } from "./framework/image.ts";
import { type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { openPreparedNode } from "./framework/prepared-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

let shelf: ImageShelf;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "upgrade once images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
});

test("a machine is upgraded as clients of today do it", async () => {
  const directory = openRunDirectory(project, "upgrade once");
  await using prepared = await openPreparedNode({ firmware: "bios", shelf, directory });
  const { machine, node, images } = prepared;
  await machine.powerOn({ order: ["disk"], restarts: "by itself" });
  await node.runsFrom("a", 0);

  const since = await node.mark();
  const said = await node.as("os:admin", async (channel) => {
    const imageName = `${images}next`;
    const options = { deadlineMs: 120_000 };
    const pulled = client(ImageService, channel).pull({ imageRef: imageName }, options);
    expect(await Array.fromAsync(pulled, ({ response }) => response.value)).toEqual([imageName]);
    const progress = client(LifecycleService, channel).upgrade({ source: { imageName } }, options);
    const answers = await Array.fromAsync(progress, ({ progress }) => progress?.response.value);
    await client(MachineService, channel, options).reboot({});
    return answers;
  });
  expect(said).toContain("100 % of the image is written");
  expect(said.at(-1)).toBe(0);
  await node.runsFrom("b", since);
  await node.until(/ingot: slot b has proved itself/, since);
  expect(await node.lastUpgrade()).toMatchObject({ phase: "done", slot: "b" });
});
