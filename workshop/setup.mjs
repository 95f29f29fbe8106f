// Brings a machine up to what a command needs. Costs a few milliseconds when nothing is missing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianPackages } from "./debian-packages.mjs";

export class SetupError extends Error {}

/** npm's packages, installed again when the lock file is not the one that was installed from. */
export function installNpmPackages(root) {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules/.ingot-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;

  say("installing npm packages (once)");
  // Not `npm ci`: it refuses a lock file without every foreign platform's binaries, which a filtering registry
  // mirror never shows to `npm install`. Versions and digests come from the lock file all the same.
  // Its warnings are of a Node too old for our packages: the system's, which only begins here (see run.mjs).
  run("npm", ["install", "--no-save", "--ignore-scripts", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/** Debian's packages of these groups; as root, through sudo, or by telling the user the line to run. */
export function installDebianPackages(groups) {
  const wanted = groups.flatMap((group) => Object.keys(debianPackages[group]));
  const present = installed(wanted);
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length === 0) return;

  if (!has("apt-get")) {
    throw new SetupError(`this system has no apt-get. Please install what provides: ${missing.join(", ")}.`);
  }
  const root = process.getuid() === 0;
  if (!root && !has("sudo")) {
    throw new SetupError(
      `Debian packages are missing. Please run as root:\n  apt-get install -y ${missing.join(" ")}`,
    );
  }
  const asRoot = (command, args) =>
    root
      ? run(command, args, { DEBIAN_FRONTEND: "noninteractive" })
      : run("sudo", ["env", "DEBIAN_FRONTEND=noninteractive", command, ...args]);

  say(`installing Debian packages (once): ${missing.join(", ")}`);
  asRoot("apt-get", ["update", "-qq"]);
  // A package's own service must not start: Ingot starts what it needs itself, on ports it chose.
  asRoot("sh", [
    "-c",
    `${keepServicesDown} apt-get install -y -qq --no-install-recommends ${missing.join(" ")}`,
  ]);
}

// invoke-rc.d asks policy-rc.d, and 101 means "do not start". The one that was there before stays in force.
const keepServicesDown = `
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT INT TERM
  fi
`;

function installed(names) {
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names], {
    encoding: "utf8",
  });
  return new Set(
    (stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
}

const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  if (error || status !== 0) {
    throw new SetupError(
      `\`${command} ${args.join(" ")}\` failed${error ? `: ${error.message}` : ` with status ${status}`}.`,
    );
  }
}

const say = (text) => console.error(`ingot: ${text}`);
