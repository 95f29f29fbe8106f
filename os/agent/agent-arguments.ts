// How a machine learns on the kernel's command line whom to obey. Whoever hands out the kernel writes these; nobody else
// reads them.
import type { KernelArguments } from "../machined/kernel-arguments.ts";

export const agentArgumentNames = {
  /** `host:port` of the provisioner's gRPC; an IPv6 address in brackets. Its presence is what makes agent mode. */
  provisioner: "ingot.provisioner",
  /**
   * `sha256:` and 64 hex digits: the SHA-256 of the authority's certificate (DER). The provisioner's TLS handshake must
   * send that certificate too, behind its own, and its own must bear the host above among its names.
   */
  ca: "ingot.ca",
  /** Exchanged once for a client certificate. Opaque; without blanks and quotes. */
  token: "ingot.token",
  /** The pxe-server's id of this boot, told again in the hello: evidence that the served boot arrived. */
  boot: "ingot.boot",
} as const;

export interface AgentArguments {
  readonly host: string;
  readonly port: number;
  /** Lower-case hex. */
  readonly authorityFingerprint: string;
  readonly bootToken: string;
  /** Empty where nobody gave one. */
  readonly bootId: string;
}

export type AgentMode =
  | { readonly is: "agent"; readonly arguments: AgentArguments }
  /** Nobody asked for it. */
  | { readonly is: "off" }
  | { readonly is: "unusable"; readonly why: string };

export function agentMode(line: KernelArguments): AgentMode {
  const names = agentArgumentNames;
  const provisioner = line.last(names.provisioner);
  if (provisioner === undefined) return { is: "off" };

  const address = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(provisioner);
  const port = Number(address?.[3]);
  if (!address || port < 1 || port > 65_535)
    return unusable(`${names.provisioner} is not host:port but ${JSON.stringify(provisioner)}`);
  const fingerprint = /^sha256:([0-9a-f]{64})$/i.exec(line.last(names.ca) ?? "");
  if (!fingerprint)
    return unusable(`${names.ca} is not sha256: and 64 hex digits, so no provisioner can be trusted`);
  const bootToken = line.last(names.token);
  if (!bootToken)
    return unusable(`${names.token} is missing, so this machine cannot show that it was invited`);
  return {
    is: "agent",
    arguments: {
      host: (address[1] ?? address[2])!,
      port,
      authorityFingerprint: fingerprint[1]!.toLowerCase(),
      bootToken,
      bootId: line.last(names.boot) ?? "",
    },
  };
}

const unusable = (why: string): AgentMode => ({ is: "unusable", why });
