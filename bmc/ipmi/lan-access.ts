import { run, type Transport } from "./command.ts";
import { accessModes, accessScopes, getChannelAccess, setChannelAccess } from "./commands/channel.ts";
import { IpmiError } from "./error.ts";

/**
 * Makes the BMC answer on its LAN channel, up to this privilege, now and after its next start. Servers leave the factory
 * with the channel disabled, or limited to users.
 */
export async function allowLanAccess(
  transport: Transport,
  channel: number,
  privilege: number,
): Promise<void> {
  const present = () =>
    run(transport, getChannelAccess, { channel, which: { scope: accessScopes.present, reserved: 0 } });
  const suffices = ({ access, limit }: Awaited<ReturnType<typeof present>>) =>
    access.mode === accessModes.always && limit.privilege >= privilege;

  const before = await present();
  if (suffices(before)) return;
  for (const change of [accessScopes.stored, accessScopes.present]) {
    await run(transport, setChannelAccess, {
      channel,
      access: { ...before.access, change, mode: accessModes.always },
      limit: { change, reserved: 0, privilege: Math.max(before.limit.privilege, privilege) },
    });
  }
  if (suffices(await present())) return;
  throw new IpmiError({
    kind: "completion",
    message: `Cannot open channel ${channel} of ${transport.peer}: the BMC acknowledged it and keeps it closed`,
  });
}
