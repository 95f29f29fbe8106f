import { run, type Transport } from "./command.ts";
import { getChannelInfo, lanMedium } from "./commands/channel.ts";
import { IpmiError } from "./error.ts";

/** The first channel whose medium is a LAN: 1 on most, 8 on others, 14 meaning "this one" only from outside. */
export async function findLanChannel(transport: Transport): Promise<number> {
  for (let channel = 1; channel <= 11; channel++) {
    try {
      const info = await run(transport, getChannelInfo, channel);
      if ((info.medium & 0x7f) === lanMedium) return channel;
    } catch (error) {
      if (!(error instanceof IpmiError) || error.completion === undefined) throw error;
    }
  }
  throw new IpmiError({
    kind: "completion",
    message: `Cannot find the LAN channel of ${transport.peer}: none of 1 to 11 is one`,
  });
}
