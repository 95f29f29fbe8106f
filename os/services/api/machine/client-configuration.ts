import { GrpcError } from "../../../../api/grpc/error.ts";
import { clientConfigText } from "../../../../machine-config/client-config.ts";
import type { Authority } from "../../../../pki/authority.ts";
import { role } from "../../../../pki/roles.ts";
import { type MachineHandlers, one } from "./handler.ts";

export interface ClientConfigurationDependencies {
  /** Undefined where the node has no key of the authority: on workers. */
  readonly authority: () => Authority | undefined;
  readonly clusterName: () => string;
}

/** What may be given away; nobody but a node may act for others. */
const grantable: ReadonlySet<string> = new Set(Object.values(role).filter((it) => it !== role.impersonator));

export const clientConfiguration = ({
  authority: authorityOf,
  clusterName,
}: ClientConfigurationDependencies): MachineHandlers<"generateClientConfiguration"> => ({
  async generateClientConfiguration({ roles, crtTtl }) {
    const authority = authorityOf();
    if (!authority) {
      const why = "generate client configuration can't be performed on a worker node";
      throw new GrpcError("unimplemented", why);
    }
    const lifetimeMs = Number(crtTtl?.seconds ?? 0) * 1000;
    if (lifetimeMs <= 0) throw new GrpcError("invalidArgument", "crt_ttl should be positive");
    const unknown = roles.find((it) => !grantable.has(it));
    if (unknown !== undefined) throw new GrpcError("invalidArgument", `there is no role ${unknown} to grant`);
    const { certificate, key } = await authority.issue({
      organization: roles,
      purposes: ["clientAuth"],
      lifetimeMs,
    });
    const ca = Buffer.from(authority.certificate.pem);
    const crt = Buffer.from(certificate.pem);
    const keyPem = Buffer.from(key.pem);
    const [only, ...others] = roles;
    const context =
      only !== undefined && others.length === 0
        ? `${only.replace(/^os:/, "")}@${clusterName()}`
        : clusterName();
    const talosconfig = clientConfigText({
      context,
      contexts: {
        [context]: {
          endpoints: [],
          ca: ca.toString("base64"),
          crt: crt.toString("base64"),
          key: keyPem.toString("base64"),
        },
      },
    });
    return one({ ca, crt, key: keyPem, talosconfig: Buffer.from(talosconfig) });
  },
});
