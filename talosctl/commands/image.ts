import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { ImageService } from "../../api/gen/machine/image_pb.js";
import { eachNode } from "../answers.ts";
import type { Target } from "../connection.ts";
import { containerdOf, type ImageNamespace, namespaceOption } from "../containerd.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";
import { humanBytes } from "./files.ts";

interface Options extends Target {
  readonly namespace: ImageNamespace;
}

const imageVerb = (name: string, description: string): Command =>
  machineCommand(name, description).addOption(namespaceOption("cri"));

const labelsText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

const listCommand = (io: Io): Command =>
  imageVerb("list", "List images in the machine's container runtime")
    .aliases(["l", "ls"])
    .action(async (options: Options) =>
      withConnection(options, io, async (connection) => {
        const request = { containerd: containerdOf[options.namespace] };
        const { good, settle } = await eachNode(connection, (node) =>
          Array.fromAsync(connection.calls(ImageService).list(request, connection.at(node))),
        );
        const rows = good.flatMap(({ node, answer }) =>
          answer.map(({ name, digest, size, labels, createdAt }) => [
            ...[node, name, digest, humanBytes(Number(size)), labelsText(labels)],
            createdAt
              ? timestampDate(createdAt)
                  .toISOString()
                  .replace(/\.\d+Z$/, "Z")
              : "",
          ]),
        );
        const heading = ["NODE", "IMAGE", "DIGEST", "SIZE", "LABELS", "CREATED"];
        if (rows.length > 0) io.out(tableText([heading, ...rows]));
        settle();
      }),
    );

const pullCommand = (io: Io): Command =>
  imageVerb("pull", "Pull an image into the machine's container runtime")
    .alias("p")
    .argument("<image>", "its reference")
    .action(async (imageRef: string, options: Options) =>
      withConnection(options, io, async (connection) => {
        const request = { containerd: containerdOf[options.namespace], imageRef };
        const { settle } = await eachNode(connection, async (node) => {
          // An image takes as long as the network does.
          const { metadata, signal } = connection.at(node);
          const stream = connection.calls(ImageService).pull(request, { metadata, signal });
          for await (const { response } of stream)
            if (response.case === "name") io.error(`${node}: pulled image ${response.value}\n`);
        });
        settle();
      }),
    );

const removeCommand = (io: Io): Command =>
  imageVerb("remove", "Remove an image from the machine's container runtime")
    .alias("rm")
    .argument("<image>", "its reference")
    .action(async (imageRef: string, options: Options) =>
      withConnection(options, io, async (connection) => {
        const request = { containerd: containerdOf[options.namespace], imageRef };
        const calls = connection.calls(ImageService);
        const { settle } = await eachNode(connection, (node) => calls.remove(request, connection.at(node)));
        settle();
      }),
    );

export const imageCommand = (io: Io): Command =>
  new Command("image")
    .alias("images")
    .description("Manage container images")
    .addCommand(listCommand(io))
    .addCommand(pullCommand(io))
    .addCommand(removeCommand(io));
