// What Node runs first in the image.
import { programScript } from "./program-script.ts";

const script = programScript(import.meta.dirname);
if (script.isCompiledHere)
  console.warn("ingot: the compiled code does not fit this Node: starting takes longer");
script.run();
