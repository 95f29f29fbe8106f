// The iPXE binaries of assets/ipxe/manifest.json: taken from Debian's package, checked, unpacked into out/. Works on
// any Debian, whatever its release: apt is told of the manifest's suite for this one download.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SetupError } from "./setup.mjs";

/** The folder with the files; fetched at the first call. */
export function fetchIpxe(root) {
  const manifest = JSON.parse(readFileSync(join(root, "assets/ipxe/manifest.json"), "utf8"));
  const target = join(root, "out/ipxe", manifest.version);
  if (existsSync(target)) return target;

  console.error("ingot: fetching iPXE (once)");
  mkdirSync(join(root, "out/ipxe"), { recursive: true });
  const work = mkdtempSync(join(root, "out/ipxe/.fetch-"));
  try {
    const unpacked = unpack(download(manifest, work), work);
    for (const [file, sha256] of Object.entries(manifest.files)) check(join(unpacked, file), sha256);
    renameSync(unpacked, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

function download({ package: name, suite, version, sha256 }, work) {
  const [site] = output("apt-get", ["indextargets", "--format", "$(SITE)", "Created-By: Packages"]).split(
    "\n",
  );
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(join(work, "sources.list"), `deb [signed-by=${keyring}] ${site} ${suite} main\n`);
  for (const folder of ["lists/partial", "cache/archives/partial"])
    mkdirSync(join(work, folder), { recursive: true });
  const options = [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    "Acquire::Languages=none",
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  output("apt-get", [...options, "-qq", "update"], work);
  output("apt-get", [...options, "-qq", "download", `${name}=${version}`], work);
  const file = readdirSync(work).find((entry) => entry.endsWith(".deb"));
  if (!file) throw new SetupError(`apt-get did not bring ${name} ${version}.`);
  check(join(work, file), sha256);
  return join(work, file);
}

function unpack(archive, work) {
  output("dpkg-deb", ["-x", archive, join(work, "x")]);
  return join(work, "x/usr/lib/ipxe");
}

function check(path, sha256) {
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (found !== sha256) throw new SetupError(`${path} has the digest ${found}, not ${sha256}.`);
}

function output(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", cwd });
  if (status === 0) return stdout;
  throw new SetupError(`\`${command} ${args.join(" ")}\` failed: ${error?.message ?? stderr}`);
}
