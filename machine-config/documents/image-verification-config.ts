import { flag, text } from "../schema/scalars.ts";
import { keyedList, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

const rule = section({
  image: text,
  skip: flag,
  deny: flag,
  keyless: section({ issuer: text, subject: text, subjectRegex: text }),
  publicKey: section({ certificate: text }),
});

export const imageVerificationConfig = documentKind({
  kind: "ImageVerificationConfig",
  fields: { rules: keyedList(rule, ["image"], "replaced") },
  *rules({ rules = [] }) {
    for (const [index, { image, skip, deny, keyless, publicKey }] of rules.entries()) {
      const at = `rules.${index}`;
      const verifiers = [keyless, publicKey].filter(Boolean).length;
      if (!image) yield [`${at}.image`, "is required"];
      if (skip && deny) yield [at, "skip and deny cannot both be true"];
      if ((skip || deny) && verifiers > 0) yield [at, "a rule that skips or denies verifies nothing"];
      if (!skip && !deny && verifiers !== 1) yield [at, "needs one of keyless and publicKey"];
      if (keyless && !keyless.issuer) yield [`${at}.keyless.issuer`, "is required"];
      if (keyless && !keyless.subject && !keyless.subjectRegex)
        yield [`${at}.keyless.subject`, "is required"];
      if (publicKey && !publicKey.certificate) yield [`${at}.publicKey.certificate`, "is required"];
    }
  },
});
