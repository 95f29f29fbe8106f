import { base64 as text } from "../schema/scalars.ts";
import { list, section, zeroCounts } from "../schema/section.ts";

/** An empty text takes a key away: a patch makes a control plane's config a worker's so. */
const base64 = zeroCounts(text);

/** The key is an empty text on workers. */
export const certificateAndKey = section({ crt: base64, key: base64 });
export const certificates = list(section({ crt: base64 }));
export const privateKey = section({ key: base64 });
