// Debian's packages without root: an apt state of our own, whose suite is ours and whose mirror is the host's.
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "./tool.ts";

/** What the image's manifest says of each package. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly depends: string;
}

export interface Debian {
  /** The newest version of each named package; apt has verified the archive's signature over these digests. */
  packages(names: readonly string[]): Promise<DebianPackage[]>;
  /** The package's file, downloaded once and verified against its digest. */
  download(pkg: DebianPackage): Promise<string>;
}

export interface DebianOptions {
  readonly suite: string;
  readonly architecture: "amd64" | "arm64";
  readonly cache: string;
  /** Where the archive is; the host's own by default. */
  readonly mirror?: string;
  readonly offline: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

export async function openDebian(options: DebianOptions): Promise<Debian> {
  const { suite, architecture, cache, signal, progress } = options;
  const state = join(cache, `apt-${suite}-${architecture}`);
  const mirror = options.mirror ?? (await hostMirror(signal));
  await aptState(state, { suite, architecture, mirror });
  const env = { APT_CONFIG: join(state, "apt.conf") };

  if (!options.offline) {
    progress(`reading Debian ${suite}'s package lists`);
    await tool("apt-get", ["update", "-qq", "--error-on=any"], { env, signal });
  }

  return {
    async packages(names) {
      const stanzas = await tool("apt-cache", ["show", "--no-all-versions", ...names], { env, signal });
      return stanzas
        .split("\n\n")
        .filter((stanza) => stanza.trim() !== "")
        .map(parseStanza);
    },

    async download(pkg) {
      const target = join(cache, "packages", `${pkg.sha256}.deb`);
      if (await exists(target)) return target;
      if (options.offline) {
        throw new Error(`Cannot build offline: ${pkg.name} ${pkg.version} is not in the cache`);
      }
      progress(`downloading ${pkg.name} ${pkg.version} (${(pkg.sizeBytes / 1e6).toFixed(1)} MB)`);
      await mkdir(join(cache, "packages"), { recursive: true });
      const partial = `${target}.partial`;
      await tool(
        "/usr/lib/apt/apt-helper",
        ["download-file", `${mirror}${pkg.file}`, partial, `SHA256:${pkg.sha256}`],
        {
          env,
          signal,
        },
      );
      await rename(partial, target);
      return target;
    },
  };
}

/** The archive that the host itself installs from: first of its indexes that is not a security or update one. */
async function hostMirror(signal: AbortSignal): Promise<string> {
  const lines = await tool("apt-get", ["indextargets", "--format", "$(CODENAME) $(REPO_URI)"], { signal });
  const found = lines.split("\n").find((line) => /^[a-z]+ .*\/debian\/$/.test(line));
  if (!found) {
    throw new Error(
      "Cannot find a Debian archive in this host's apt configuration: name one with --mirror URL",
    );
  }
  return found.split(" ")[1]!;
}

async function aptState(
  folder: string,
  { suite, architecture, mirror }: { suite: string; architecture: string; mirror: string },
): Promise<void> {
  for (const name of ["state/lists/partial", "cache/archives/partial", "etc"]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  await writeFile(
    join(folder, "apt.conf"),
    [
      `Dir "${folder}";`,
      `Dir::State "${folder}/state";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      `Dir::Etc "${folder}/etc";`,
      `Dir::Etc::sourcelist "${folder}/sources.list";`,
      `Dir::Etc::sourceparts "-";`,
      `APT::Architecture "${architecture}";`,
      `APT::Architectures { "${architecture}"; };`,
      `APT::Sandbox::User "";`,
      `Acquire::Languages "none";`,
      "",
    ].join("\n"),
  );
}

function parseStanza(stanza: string): DebianPackage {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
  const required = (name: string) => {
    const value = field(name);
    if (value === undefined)
      throw new Error(`Cannot read apt's answer: no ${name} in ${stanza.slice(0, 60)}`);
    return value;
  };
  return {
    name: required("Package"),
    version: required("Version"),
    source: field("Source") ?? required("Package"),
    file: required("Filename"),
    sizeBytes: Number(required("Size")),
    sha256: required("SHA256"),
    depends: field("Depends") ?? "",
  };
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
