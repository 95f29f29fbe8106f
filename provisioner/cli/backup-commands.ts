import { resolve } from "node:path";
import { Command } from "commander";
import { usualStateDir } from "./serve-command.ts";

export interface Copying {
  readonly backup: (folder: string, file: string) => Promise<void>;
  readonly restore: (wish: { backup: string; folder: string; keysFrom?: string }) => Promise<void>;
  readonly note: (text: string) => void;
}

/** Of a provisioner whose state is in a folder of this host. One on etcd is backed up by etcd's own snapshots. */
export function backupCommands({ backup, restore, note }: Copying): Command[] {
  const folder = ["--state-dir <folder>", "of the provisioner", usualStateDir] as const;
  return [
    new Command("backup")
      .description("the whole state of one moment in a new file, while the provisioner runs")
      .argument("<file>")
      .option(...folder)
      .action(async (file: string, { stateDir }: { stateDir: string }) => {
        await backup(resolve(stateDir), resolve(file));
        note(
          `${file} holds the state; its secrets are sealed with ${stateDir}/master.keys: keep that elsewhere`,
        );
      }),
    new Command("restore")
      .description("puts a backup where no state is, and makes sure that its master keys are there")
      .argument("<file>")
      .option(...folder)
      .option(
        "--master-keys <file>",
        "the keys it is sealed with, where the folder has none; or INGOT_MASTER_KEYS",
      )
      .action(async (file: string, { stateDir, masterKeys }: { stateDir: string; masterKeys?: string }) => {
        await restore({
          backup: resolve(file),
          folder: resolve(stateDir),
          ...(masterKeys !== undefined && { keysFrom: resolve(masterKeys) }),
        });
        note(`${stateDir} has the state of ${file}`);
      }),
  ];
}
