// `npm start`: the lab, live on the terminal. Nothing of it is on the host's network, and Ctrl-C takes all of it away.
// `npm start -- --interface eth1` serves a real segment instead.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { labRuns, openApiDoor, openNodeDoor } from "./lab-door.ts";
import { machineLab, prepareImage } from "./suites.ts";

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
// The terminal's Ctrl-C reaches what we started too; we stay until it has cleaned up.
process.on("SIGINT", () => {});

process.exitCode = words.some((word) => word.startsWith("--interface"))
  ? await serveSegment(words)
  : await startLab(words);

async function startLab(options: readonly string[]): Promise<number> {
  if (await labRuns()) {
    console.error("ingot: a lab runs here already: npm run lab -- status, or down");
    return 1;
  }
  using api = await openApiDoor();
  using nodes = await openNodeDoor();
  console.log(
    process.getuid?.() === 0
      ? "the lab runs as root, in namespaces of its own"
      : "the lab runs as this user: the kernel lets users make namespaces of their own",
  );
  return await machineLab(join(root, "test/qemu/lab/main.ts"), [
    ...["--api", `https://127.0.0.1:${api.port}`, "--nodes", `http://127.0.0.1:${nodes.port}`],
    ...options,
  ]);
}

/** The provisioner itself on this host's networks, with everything it keeps in out/segment. */
async function serveSegment(options: readonly string[]): Promise<number> {
  if (!(await prepareImage())) return 1;
  const stateDir = join(root, "out/segment");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const image = join(root, "out/image");
  const serve = ["serve", "--state-dir", stateDir, "--image", image, ...options];
  const child = spawn(process.execPath, [join(root, "provisioner/main.ts"), ...serve], { stdio: "inherit" });
  process.on("SIGTERM", () => child.kill());
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}
