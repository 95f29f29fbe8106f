import { type Certificate, parseCertificate } from "../../pki/certificate.ts";
import type { MachineConfig } from "../machine-config.ts";
import { isControlPlane } from "../v1alpha1/rules.ts";

export interface IdentitySettings {
  readonly type: "controlplane" | "worker";
  /** What a worker shows to get its certificate. */
  readonly token: string;
  /** The authority that issues certificates of the machine API. Only control planes hold its key. */
  readonly authority: { readonly crt: string; readonly key: string | undefined } | undefined;
  /** Every authority whose clients are let in: the issuing one, and those before or after it. */
  readonly accepted: readonly Certificate[];
  /** More names and addresses for the machine API's certificate. */
  readonly certSans: readonly string[];
}

/** Who the machine is on the machine API; undefined for a config without a machine. Certificates and keys are PEM. */
export function identitySettings(config: MachineConfig): IdentitySettings | undefined {
  const { v1alpha1 } = config;
  const machine = v1alpha1?.machine;
  if (!v1alpha1 || !machine) return undefined;
  const { token = "", ca, acceptedCAs = [], certSANs = [] } = machine;
  const crt = ca?.crt ? pem(ca.crt) : undefined;
  const others = acceptedCAs.flatMap(({ crt }) => (crt ? [pem(crt)] : []));
  return {
    type: isControlPlane(v1alpha1) ? "controlplane" : "worker",
    token,
    authority: crt === undefined ? undefined : { crt, key: ca?.key ? pem(ca.key) : undefined },
    accepted: [...(crt === undefined ? [] : [crt]), ...others].map((text) => parseCertificate(text)),
    certSans: certSANs,
  };
}

const pem = (base64: string) => Buffer.from(base64, "base64").toString();
