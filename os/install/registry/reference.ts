// How an image in a registry is called: `ghcr.io/owner/name:tag`, `registry:5000/name@sha256:…` (OCI distribution-spec
// v1.1, "Pulling manifests"; the short forms without a registry are Docker's).

export interface Reference {
  /** With its port, if it has one. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** It goes before the tag. */
  readonly digest: string | undefined;
}

const name = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^sha256:[0-9a-f]{64}$/;
const registryForm = /^(?:\[[\da-f:]+\]|[\w-]+(?:\.[\w-]+)*)(?::\d{1,5})?$/i;
/** Where an image of no registry is looked for. */
const usual = { registry: "docker.io", owner: "library" } as const;

export function parseReference(text: string): Reference {
  const [rest = "", digest, ...more] = text.replace(/^oci:\/\//, "").split("@");
  const slash = rest.indexOf("/");
  const first = rest.slice(0, Math.max(slash, 0));
  const hasRegistry = /[.:]/.test(first) || first === "localhost";
  const path = hasRegistry ? rest.slice(slash + 1) : rest;
  const colon = path.lastIndexOf(":");
  const called = colon < 0 ? path : path.slice(0, colon);
  const reference = {
    registry: hasRegistry ? first : usual.registry,
    repository: hasRegistry || called.includes("/") ? called : `${usual.owner}/${called}`,
    tag: colon < 0 ? "latest" : path.slice(colon + 1),
    digest,
  };
  if (
    more.length > 0 ||
    !registryForm.test(reference.registry) ||
    !name.test(reference.repository) ||
    !tagForm.test(reference.tag) ||
    (digest !== undefined && !digestForm.test(digest))
  )
    throw new Error(`Cannot understand ${text}: it is no reference to an image in a registry`);
  return reference;
}

export const formatReference = ({ registry, repository, tag, digest }: Reference): string =>
  `${registry}/${repository}:${tag}${digest === undefined ? "" : `@${digest}`}`;
