import { type MachineHandlers, one } from "./handler.ts";

/** What the node's program is. */
export interface Build {
  /** Must be a semantic version: clients choose by it what to ask for. */
  readonly tag: string;
  readonly commit: string;
  readonly built: string;
  /** What it runs on. */
  readonly engine: string;
  /** As Go names it. */
  readonly architecture: string;
}

export interface VersionDependencies {
  readonly build: Build;
  readonly isConfigured: () => boolean;
}

export const version = ({ build, isConfigured }: VersionDependencies): MachineHandlers<"version"> => ({
  version: () => {
    const { tag, commit: sha, built, engine: goVersion, architecture: arch } = build;
    return Promise.resolve(
      one({
        version: { tag, sha, built, goVersion, os: "linux", arch },
        platform: { name: "metal", mode: "metal" },
        ...(isConfigured() && { features: { rbac: true } }),
      }),
    );
  },
});
