// Writes the references among the docs (`npm run generate`).
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents } from "./documents.ts";

for (const [file, make] of Object.entries(documents))
  writeFileSync(join(import.meta.dirname, "../../docs", file), await make());
