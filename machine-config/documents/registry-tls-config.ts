import { parseCertificates } from "../../pki/certificate.ts";
import { flag, text } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const registryTlsConfig = documentKind({
  kind: "RegistryTLSConfig",
  named: true,
  fields: { clientIdentity: section({ cert: text, key: text }), ca: text, insecureSkipVerify: flag },
  *rules({ ca }) {
    if (ca && !holdsCertificates(ca)) yield ["ca", "holds no certificate in PEM"];
  },
});

function holdsCertificates(pem: string): boolean {
  try {
    return parseCertificates(pem).length > 0;
  } catch {
    return false;
  }
}
