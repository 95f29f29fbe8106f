// The addresses that a system which is being installed is given: a token each, and nothing else.
/** An installation may take hours, and its system be turned off before it could call. */
export const phoneHomeLifeMs = 30 * 24 * 3_600_000;

const paths = { config: "/config", installed: "/installed", image: "/image" } as const;

export const configAddress = (at: string, token: string) => `${at}${paths.config}/${token}`;
export const phoneHomeAddress = (at: string, token: string) => `${at}${paths.installed}/${token}`;

/** A folder: of the image that is installed, which is no secret. */
export const imageAddress = (at: string, image: string) => `${at}${paths.image}/${image}`;

export type InstallAddress =
  | { readonly asks: "config" | "installed"; readonly token: string }
  | { readonly asks: "image"; readonly image: string; readonly file: string }
  /** By what it says of itself, in the names that boot arguments know: `/config?uuid=…&mac=…&serial=…`. */
  | { readonly asks: "configByIdentity"; readonly query: URLSearchParams };

/** Undefined for a path that nobody was given. */
export function readInstallAddress(url: string): InstallAddress | undefined {
  const parsed = URL.parse(url, "http://here");
  if (!parsed) return undefined;
  const { pathname, searchParams } = parsed;
  if (pathname.startsWith(`${paths.image}/`)) {
    const [image = "", file = "", ...more] = pathname.slice(paths.image.length + 1).split("/");
    return more.length === 0 ? { asks: "image", image, file } : undefined;
  }
  if (pathname === paths.config) return { asks: "configByIdentity", query: searchParams };
  for (const asks of ["config", "installed"] as const) {
    const [, token] = pathname.split(`${paths[asks]}/`);
    if (pathname.startsWith(`${paths[asks]}/`) && token && /^[\w.-]+$/.test(token)) return { asks, token };
  }
  return undefined;
}
