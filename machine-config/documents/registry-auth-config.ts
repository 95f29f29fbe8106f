import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const registryAuthConfig = documentKind({
  kind: "RegistryAuthConfig",
  named: true,
  fields: { username: text, password: text, auth: text, identityToken: text },
  *rules({ username, password, auth, identityToken }) {
    const ways = [username || password, auth, identityToken].filter(Boolean);
    if (ways.length > 1)
      yield ["", "only one of username and password, auth, and identityToken may be given"];
  },
});
