import { X509Certificate } from "node:crypto";
import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { trustedRootSettings } from "../../../machine-config/settings/trusted-roots.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import { configIn } from "./config-in.ts";

const blocks = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Has the node trust whom its config names. A document that cannot be read is left out; `said` hears of it. */
export const trustedRoots = (trust: (roots: readonly string[]) => void, said: (text: string) => void) => {
  let known: string | undefined;
  return collectionController({
    name: "TrustedRoots",
    reads: { config: the(MachineConfig, "v1alpha1") },
    owns: many(TrustedRoots),
    reconcile({ config }) {
      const settings = config ? trustedRootSettings(configIn(config)) : new Map<string, string>();
      const outputs: Record<string, { spec: SpecOf<typeof TrustedRoots> }> = {};
      const trusted: string[] = [];
      for (const [name, pem] of settings) {
        try {
          const certificates = certificatesIn(pem);
          trusted.push(...certificates.map((certificate) => certificate.toString()));
          outputs[name] = { spec: { certificates: certificates.map(shown), errorMessage: "" } };
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          const errorMessage = `Cannot trust the roots of ${name}: ${reason}`;
          outputs[name] = { spec: { certificates: [], errorMessage } };
        }
      }
      const version = JSON.stringify([trusted, outputs]);
      if (version !== known) {
        trust(trusted);
        for (const { spec } of Object.values(outputs)) if (spec.errorMessage !== "") said(spec.errorMessage);
      }
      known = version;
      return { do: "set", outputs };
    },
  });
};

/** Whatever stands between them is for people. */
function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(blocks) ?? [];
  if (found.length === 0) throw new Error("there is no certificate in PEM");
  return found.map((block) => new X509Certificate(block));
}

const shown = ({ subject, validToDate, fingerprint256 }: X509Certificate) => ({
  subject: (subject ?? "").replaceAll("\n", ", "),
  notAfter: validToDate.toISOString(),
  fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
});
