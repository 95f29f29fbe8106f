// Who may import whom. ARCHITECTURE.md draws the house; this is the law that keeps it standing.
import { dirname, join, normalize } from "node:path";

/** The rooms, and what of ours each may import besides itself. */
export const law: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  api: [],
  pki: [],
  cosi: ["api"],
  "machine-config": ["pki"],
  bmc: ["wire"],
  "pxe-server": ["wire"],
  provisioner: ["api", "cosi", "bmc", "pki", "machine-config"],
  os: ["api", "bmc", "cosi", "wire", "pki", "machine-config"],
  talosctl: ["api", "pki", "machine-config"],
  console: ["provisioner"],
  assets: [],
  test: [
    "wire",
    "api",
    "pki",
    "cosi",
    "machine-config",
    "bmc",
    "pxe-server",
    "provisioner",
    "os",
    "talosctl",
  ],
  workshop: [],
};

/** Single files that may import more than their room: the seams between processes, and composition roots. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  "pxe-server/remote-booter.ts": ["api"],
  "pxe-server/remote-booter.test.ts": ["api"],
  "pxe-server/scripted-provisioner.ts": ["api"],
  "bmc/simulator/simulate.ts": ["pki"],
  "provisioner/main.ts": ["pxe-server"],
  "provisioner/embedded-pxe-server.ts": ["pxe-server"],
};

/** Tests, fuzz scripts and benchmarks may use the workshop's harness besides. */
const isProof = (file: string) => /\.(test|bench|fuzz|conformance)\.ts$/.test(file);

export interface Source {
  /** Path from the project's root. */
  readonly file: string;
  readonly text: string;
}

export interface Breach {
  readonly file: string;
  readonly imports: string;
  readonly why: string;
}

/** Every import in `sources` that the law forbids. */
export function breaches(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ file, text }) =>
    ownImports(file, text).flatMap((target) => {
      const why = forbidden(file, target);
      return why ? [{ file, imports: target, why }] : [];
    }),
  );
}

function forbidden(file: string, target: string): string | undefined {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === undefined || to === undefined) return undefined;
  if (from !== to) {
    if (to === "workshop" && isProof(file)) return undefined;
    const allowed = [...(law[from] ?? []), ...(exceptions[file] ?? [])];
    return allowed.includes(to)
      ? undefined
      : `${from} may import only: ${allowed.join(", ") || "nothing of ours"}`;
  }
  if (isProof(file)) return undefined;
  if (inside(file, "decisions") && !inside(target, "decisions") && !inside(target, "resources")) {
    return "decisions import only resources";
  }
  return undefined;
}

const inside = (path: string, folder: string) => path.includes(`/${folder}/`);

/** The room a file is in; undefined for files at the root, such as vitest.config.ts. */
function roomOf(file: string): string | undefined {
  const [room, ...rest] = file.split("/");
  return rest.length > 0 ? room : undefined;
}

const importSpecifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;

function ownImports(file: string, text: string): string[] {
  return [...text.matchAll(importSpecifier)]
    .map(([, specifier]) => specifier!)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => normalize(join(dirname(file), specifier)));
}

/** Files that import each other in a circle, as the files one passes on the way around. */
export function circles(sources: readonly Source[]): readonly (readonly string[])[] {
  const imports = new Map(sources.map(({ file, text }) => [file, ownImports(file, text)]));
  const done = new Set<string>();
  const found: string[][] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const before = way.indexOf(file);
    if (before >= 0) found.push(way.slice(before));
    if (before >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return found;
}
