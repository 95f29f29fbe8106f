// The part of a reply that boots a machine. Both option and BOOTP field are filled: old firmware reads only the fields.
import { encode } from "../../wire/codec.ts";
import type { Options } from "../../wire/dhcp/options.ts";
import { pxeOptions } from "../../wire/dhcp/pxe-options.ts";
import type { NextStage } from "../firmware.ts";
import type { Tactic } from "./tactics.ts";

export interface BootFields {
  readonly serverAddress: string;
  readonly file: string;
  readonly options: Options;
}

export interface BootServer {
  readonly address: string;
  /** For iPXE: where the script of this machine is. */
  readonly entryUrl: string;
  readonly loaderUrl: (file: string) => string;
}

/** The field holds 128 octets with its terminator; a longer URL is in option 67 alone. */
const maxFileField = 127;
/** PXE 2.1 §2.2.2: bit 3, use the boot file of this offer and ask no boot server. */
const bootFromOffer = 8;
/** The boot ROM looks for this text, and takes the server that sent it. */
const raspberryMenu = encode(pxeOptions, {
  discoveryControl: 3,
  menuPrompt: { timeoutS: 0, prompt: "PXE" },
  bootMenu: [{ type: 0, description: "Raspberry Pi Boot" }],
});
const discoveryControl = encode(pxeOptions, { discoveryControl: bootFromOffer });

/** What firmware is offered on port 67. */
export function offeredBoot(
  stage: NextStage,
  tactic: Tactic,
  server: BootServer,
  wants: "PXEClient" | "HTTPClient",
): BootFields | undefined {
  if (stage.load === "nothing") return undefined;
  if (stage.load === "script") {
    // 176: do not wait for a proxy's offer, which costs iPXE 3 s when there is none.
    return at(server, server.entryUrl, { vendorClass: wants, ipxe: { noProxyDhcp: 1 } });
  }
  if (stage.load === "own files") {
    return at(server, "", {
      vendorClass: "PXEClient",
      vendorSpecific: raspberryMenu,
      tftpServerName: server.address,
    });
  }
  if (stage.over === "http") return at(server, server.loaderUrl(stage.file), { vendorClass: "HTTPClient" });
  if (tactic === "silence") return undefined;
  if (tactic === "boot server") {
    return { serverAddress: server.address, file: "", options: { vendorClass: "PXEClient" } };
  }
  return at(server, stage.file, {
    vendorClass: "PXEClient",
    ...(tactic === "offer" && { vendorSpecific: discoveryControl }),
    tftpServerName: server.address,
  });
}

/** What a boot server answers on port 4011. */
export function servedBoot(stage: NextStage, server: BootServer): BootFields | undefined {
  return offeredBoot(stage, "plain offer", server, "PXEClient");
}

function at(server: BootServer, file: string, options: Options): BootFields {
  return {
    serverAddress: server.address,
    file: file.length <= maxFileField ? file : "",
    options: { ...options, ...(file && { bootFileName: file }) },
  };
}
