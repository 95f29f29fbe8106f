// The software bill of materials, as SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/).
import { createHash } from "node:crypto";
import type { Component } from "./components.ts";

/** Debian's short names for what SPDX names otherwise. */
const spdxNames: Readonly<Record<string, string>> = {
  "Apache-2": "Apache-2.0",
  "BSD-2-clause": "BSD-2-Clause",
  "BSD-3-clause": "BSD-3-Clause",
  Expat: "MIT",
  "GPL-1+": "GPL-1.0-or-later",
  "GPL-2": "GPL-2.0-only",
  "GPL-2+": "GPL-2.0-or-later",
  "GPL-3": "GPL-3.0-only",
  "GPL-3+": "GPL-3.0-or-later",
  "LGPL-2": "LGPL-2.0-only",
  "LGPL-2+": "LGPL-2.0-or-later",
  "LGPL-2.1": "LGPL-2.1-only",
  "LGPL-2.1+": "LGPL-2.1-or-later",
  "LGPL-3": "LGPL-3.0-only",
  "LGPL-3+": "LGPL-3.0-or-later",
  ISC: "ISC",
  Zlib: "Zlib",
};
/** What npm's packages say is SPDX already. */
const isSpdx = ({ kind }: Component) => kind !== "debian";

const suppliers = { debian: "Organization: Debian", npm: "NOASSERTION", node: "Organization: Node.js" };
const addresses: Readonly<Record<Component["kind"], (it: Component) => string>> = {
  debian: ({ name, version }) =>
    `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=amd64`,
  npm: ({ name, version }) => `pkg:npm/${name.replace("@", "%40")}@${version}`,
  node: ({ version }) => `pkg:generic/node@${version}`,
};

/** The same components give the same document: it is dated 1970, and named after what is in it. */
export function billOfMaterials(image: string, components: readonly Component[]): object {
  const digest = createHash("sha256").update(JSON.stringify(components)).digest("hex");
  const packages = components.map((component) => ({
    SPDXID: idOf(component),
    name: component.name,
    versionInfo: component.version,
    supplier: suppliers[component.kind],
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    checksums: [checksum(component.digest)],
    licenseConcluded: "NOASSERTION",
    licenseDeclared: expression(component),
    copyrightText: "NOASSERTION",
    ...(component.source !== undefined && { sourceInfo: `built from Debian source ${component.source}` }),
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: addresses[component.kind](component),
      },
    ],
  }));
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: image,
    documentNamespace: `https://ingot.dev/spdx/${digest}`,
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: ingot-image"] },
    packages,
    hasExtractedLicensingInfos: ownLicences(components),
    relationships: packages.map(({ SPDXID }) => ({
      spdxElementId: "SPDXRef-DOCUMENT",
      relationshipType: "DESCRIBES",
      relatedSpdxElement: SPDXID,
    })),
  };
}

const idOf = ({ kind, name }: Component) => `SPDXRef-${kind}-${name.replaceAll(/[^A-Za-z0-9.-]+/g, "-")}`;

function checksum(digest: string) {
  const [algorithm, checksumValue] = digest.split(":", 2);
  return { algorithm: algorithm!.toUpperCase(), checksumValue };
}

const referenceOf = (licence: string) => `LicenseRef-${licence.replaceAll(/[^A-Za-z0-9.-]+/g, "-")}`;

/** All of a package's licences hold: which file bears which is in its copyright file. */
function expression(component: Component): string {
  if (component.licences.length === 0) return "NOASSERTION";
  if (isSpdx(component)) return component.licences.join(" AND ");
  return [...new Set(component.licences.map((name) => spdxNames[name] ?? referenceOf(name)))].join(" AND ");
}

/** Licences that SPDX has no name for: only their Debian name is told. */
function ownLicences(components: readonly Component[]) {
  const names = components
    .filter((component) => !isSpdx(component))
    .flatMap(({ licences }) => licences.filter((name) => !(name in spdxNames)));
  const byReference = new Map(names.map((name) => [referenceOf(name), name]));
  return [...byReference]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([licenseId, name]) => ({
      licenseId,
      name,
      extractedText: `Called "${name}" in Debian's copyright file.`,
    }));
}
