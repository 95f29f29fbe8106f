import { parseCertificates } from "../../pki/certificate.ts";
import { readKeyPair } from "../../pki/key-pair.ts";
import { flag, text } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const registryTlsConfig = documentKind({
  kind: "RegistryTLSConfig",
  named: true,
  fields: { clientIdentity: section({ cert: text, key: text }), ca: text, insecureSkipVerify: flag },
  *rules({ ca, clientIdentity }) {
    const { cert = "", key = "" } = clientIdentity ?? {};
    if (clientIdentity && !holdsCertificates(cert))
      yield ["clientIdentity.cert", "holds no certificate in PEM"];
    if (clientIdentity && !isPrivateKey(key)) yield ["clientIdentity.key", "is no private key in PEM"];
    if (ca && !holdsCertificates(ca)) yield ["ca", "holds no certificate in PEM"];
  },
});

function isPrivateKey(pem: string): boolean {
  try {
    return readKeyPair(pem).pem !== "";
  } catch {
    return false;
  }
}

function holdsCertificates(pem: string): boolean {
  try {
    return parseCertificates(pem).length > 0;
  } catch {
    return false;
  }
}
