import { base64, flag, text } from "../schema/scalars.ts";
import { list, mapOf, section } from "../schema/section.ts";
import { certificateAndKey } from "./certificates.ts";

export const registries = section({
  mirrors: mapOf(section({ endpoints: list(text), overridePath: flag, skipFallback: flag })),
  config: mapOf(
    section({
      tls: section({ clientIdentity: certificateAndKey, ca: base64, insecureSkipVerify: flag }),
      auth: section({ username: text, password: text, auth: text, identityToken: text }),
    }),
  ),
});
