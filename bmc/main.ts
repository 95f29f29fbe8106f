// `ingot bmc` by itself: the composition root of this room.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { bmcCommand } from "./cli/command.ts";
import { joinConsole } from "./cli/terminal.ts";
import { openLanPort } from "./ipmi/lan-port.ts";
import { openIpmi } from "./ipmi/open.ts";
import { openBmc, preference } from "./open.ts";
import { RedfishError } from "./redfish/error.ts";
import { openRedfish } from "./redfish/open.ts";
import { systemClock } from "./system-clock.ts";

/** Asks without showing what is typed. */
async function promptPassword(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: process.stdin.isTTY });
  try {
    return await reader.question("");
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}

const onWarning = (warning: string) => console.error(`warning: ${warning}`);

/** `host`, `host:port`, `[v6]` or `[v6]:port`. A port is that of whichever protocol is spoken. */
function split(address: string) {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? address, port: port === undefined ? undefined : Number(port) };
}

await using lanPort = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
const command = bmcCommand({
  clock: systemClock,
  environment: process.env,
  print: (text) => console.log(text),
  readFile: (path) => readFile(path, "utf8"),
  promptPassword,
  joinConsole: (bmc) => joinConsole(bmc, { input: process.stdin, output: process.stdout }),
  open: ({ address, user, password, protocol, trust, systemUuid }) => {
    const { host, port } = split(address);
    const common = { host, clock: systemClock, user, password, onWarning };
    return openBmc({
      protocols: protocol === "auto" ? preference : [protocol],
      drivers: {
        redfish: () => openRedfish({ ...common, port, trust, systemUuid }),
        ipmi: () => openIpmi({ ...common, udpPort: port, port: lanPort, randomBytes }),
      },
      onFailOver: (from, why) => onWarning(`no ${from}: ${why}`),
    });
  },
});

try {
  await command.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof RedfishError && error.kind === "untrusted")
    console.error(
      "Say --ca-file or --fingerprint if you know its certificate, or --insecure if you trust the network.",
    );
  process.exitCode = 1;
}
