import * as z from "zod";
import { documentKind } from "./document-kind.ts";

export const networkDefaultActionConfig = documentKind({
  kind: "NetworkDefaultActionConfig",
  fields: { ingress: z.enum(["accept", "block"]) },
});
