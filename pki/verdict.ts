import type { Certificate } from "./certificate.ts";
import type { Purpose } from "./x509/extensions.ts";
import { nameText } from "./x509/names.ts";

export type Verdict =
  | { readonly trusted: true; readonly authority: Certificate }
  | { readonly trusted: false; readonly why: string };

export interface Question {
  /** Whom we trust to issue it. Leaves are issued by them directly: there are no intermediates in this house. */
  readonly authorities: readonly Certificate[];
  readonly at: Date;
  readonly purpose: Purpose;
}

/** Whether a leaf certificate may be used for the purpose now. TLS asks the same; this is for the places without TLS. */
export function judge(leaf: Certificate, { authorities, at, purpose }: Question): Verdict {
  const authority = authorities.find((candidate) => mayIssue(candidate) && leaf.isSignedBy(candidate));
  if (!authority) return refused(`${nameText(leaf.subject)} is not issued by an authority trusted here`);
  const why =
    untimely(authority, at) ??
    untimely(leaf, at) ??
    (leaf.isAuthority ? "an authority's own certificate is no client or server" : undefined) ??
    unknownDemand(leaf) ??
    unknownDemand(authority) ??
    unfit(leaf, purpose);
  return why === undefined ? { trusted: true, authority } : refused(why);
}

const refused = (why: string): Verdict => ({ trusted: false, why });

const mayIssue = ({ isAuthority, keyUsages }: Certificate) =>
  isAuthority && (keyUsages === undefined || keyUsages.includes("certSign"));

function untimely({ subject, notBefore, notAfter }: Certificate, at: Date): string | undefined {
  if (at < notBefore) return `${nameText(subject)} holds only from ${notBefore.toISOString()}`;
  if (at > notAfter) return `${nameText(subject)} expired at ${notAfter.toISOString()}`;
  return undefined;
}

function unknownDemand({ unknownCritical }: Certificate): string | undefined {
  return unknownCritical.length === 0
    ? undefined
    : `it has critical extensions not known here: ${unknownCritical.join(", ")}`;
}

function unfit({ purposes }: Certificate, purpose: Purpose): string | undefined {
  if (purposes === undefined || purposes.includes(purpose) || purposes.includes("any")) return undefined;
  return `it is for ${purposes.join(", ")}, not for ${purpose}`;
}
