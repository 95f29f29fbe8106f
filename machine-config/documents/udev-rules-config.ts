import { text } from "../schema/scalars.ts";
import { list } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const udevRulesConfig = documentKind({ kind: "UdevRulesConfig", fields: { rules: list(text) } });
