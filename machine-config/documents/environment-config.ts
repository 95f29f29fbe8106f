import { text } from "../schema/scalars.ts";
import { mapOf } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const environmentConfig = documentKind({
  kind: "EnvironmentConfig",
  fields: { variables: mapOf(text) },
  *rules({ variables = {} }) {
    for (const name of Object.keys(variables)) {
      if (!/^[A-Za-z_]\w*$/.test(name)) yield [`variables.${name}`, "is no name of a variable"];
    }
  },
});
