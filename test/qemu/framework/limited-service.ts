// An extension with a service that tries to take what it was not given.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const limits = { memoryMaxBytes: 160 * 1024 * 1024, pidsMax: 24 } as const;

/** Does what its environment says: nothing, or takes memory, or has children, without end. */
const program = `
const { DEED = "nothing" } = process.env;
console.log("it does " + DEED);
const held = [];
if (DEED === "memory") for (;;) held.push(Buffer.alloc(8 << 20, 1));
if (DEED === "children") {
  const { spawn } = require("node:child_process");
  for (let count = 0; count < 8; count += 1)
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" }).on("error", ({ code }) => console.log("no child: " + code));
}
setInterval(() => {}, 1e6);
`;

/** Writes it to a folder; answers the file that an image is built with. */
export function writeLimitedService(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const service = {
    command: ["/usr/bin/node", "/usr/share/ingot/limited.cjs"],
    ...{ capabilities: ["net_bind_service"], limits },
  };
  const extension = {
    name: "limited",
    files: {
      "usr/share/ingot/services/limited.json": write("service.json", JSON.stringify(service)),
      "usr/share/ingot/limited.cjs": write("limited.cjs", program),
    },
  };
  return join(folder, write("extension.json", JSON.stringify(extension)));
}
