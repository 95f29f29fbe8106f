import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { siteAddress } from "./boot-site.ts";

export interface FileServer extends AsyncDisposable {
  /** As machines of a site reach it; ends in a slash. */
  readonly url: string;
}

/** Serves texts and files by their path, to machines of a site. */
export async function startFileServer(
  content: (path: string) => { readonly text: string } | { readonly file: string } | undefined,
): Promise<FileServer> {
  const server = createServer((request, response) => {
    const found = content(new URL(request.url ?? "/", "http://site").pathname);
    if (!found) response.writeHead(404).end();
    else if ("text" in found) response.end(found.text);
    // A machine that goes down in the middle is no matter of the server's.
    else pipeline(createReadStream(found.file), response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    url: `http://${siteAddress}:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
