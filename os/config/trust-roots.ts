import { writeFileSync } from "node:fs";
import { rootCertificates, setDefaultCACertificates } from "node:tls";

/**
 * Trusts these beside those that everybody trusts: what the node itself asks for, and, by the file, services that look
 * there. Connections that are open stay so.
 */
export function trustRoots(file: string): (roots: readonly string[]) => void {
  let wereOthers = false;
  return (roots) => {
    const all = [...rootCertificates, ...roots];
    if (wereOthers || roots.length > 0) setDefaultCACertificates(all);
    wereOthers = roots.length > 0;
    writeFileSync(file, `${all.map((pem) => pem.trim()).join("\n")}\n`);
  };
}
