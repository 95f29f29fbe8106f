// Entry of every `npm run …`. Plain JavaScript, because whatever Node the machine has (≥ 20) must understand it:
// it brings the machine up to what the command needs, then hands over to the pinned Node.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fetchIpxe } from "./ipxe.mjs";
import { installDebianPackages, installNpmPackages, SetupError } from "./setup.mjs";
import { usage } from "./usage.mjs";

const root = join(import.meta.dirname, "..");

/** What each command runs, and which group of Debian packages it needs first (see debian-packages.mjs). */
const commands = {
  start: { script: "workshop/start.ts", needs: ["lab"] },
  lab: { script: "workshop/lab.ts", needs: [] },
  test: { script: "workshop/test.ts", needs: ["test", "lab"] },
  "test:qemu": { script: "workshop/test-qemu.ts", needs: ["test", "lab"] },
  check: { script: "workshop/check.ts", needs: [] },
  fix: { script: "workshop/fix.ts", needs: [] },
  fuzz: { script: "workshop/fuzz.ts", needs: [] },
  bench: { script: "workshop/bench.ts", needs: ["test"] },
  bundle: { script: "workshop/bundle.ts", needs: [] },
  generate: { script: "workshop/generate.ts", needs: [] },
  ingot: { script: "provisioner/main.ts", needs: [] },
  talosctl: { script: "talosctl/main.ts", needs: [] },
};

async function main([name, ...args]) {
  const command = commands[name];
  if (!command || !existsSync(join(root, command.script))) {
    throw new SetupError(`no such command: ${name}. There are: ${Object.keys(commands).join(", ")}.`);
  }
  if (name in usage && args.some((arg) => arg === "--help" || arg === "-h")) return console.log(usage[name]);
  // ip, nft and ethtool are where a user's own shell does not look.
  process.env.PATH += ":/usr/local/sbin:/usr/sbin:/sbin";
  installNpmPackages(root);
  installDebianPackages(command.needs);
  if (command.needs.length > 0) fetchIpxe(root);

  const node = join(root, "node_modules/.bin/node");
  if (!existsSync(node)) {
    throw new SetupError(
      `there is no pinned Node for ${process.platform}-${process.arch}; Ingot runs on linux-x64 and linux-arm64.`,
    );
  }
  const child = spawn(node, [join(root, command.script), ...args], { stdio: "inherit", cwd: root });
  // Ctrl-C reaches the child too, another end has to be passed on; this process stays until the child has cleaned up.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill());
  const [status, signal] = await once(child, "exit");
  return signal ? 128 + constants.signals[signal] : status;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`ingot: ${error.message}`);
  process.exitCode = 1;
}
