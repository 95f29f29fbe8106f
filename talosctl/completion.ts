import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;

/** The words that may follow each command, made of the commands themselves. */
function wordsOf(command: Command, before = ""): (readonly [path: string, words: string])[] {
  const words = [
    ...command.commands.flatMap((one) => [one.name(), ...one.aliases()]),
    ...command.options.flatMap(({ long }) => (long ? [long] : [])),
  ];
  return [
    [before, words.join(" ")],
    ...command.commands.flatMap((one) => wordsOf(one, `${before} ${one.name()}`.trim())),
  ];
}

/** A script for the shell; bash's own way of completion is understood by zsh, too. */
export function completion(shell: (typeof shells)[number], root: Command): string {
  const words = wordsOf(root);
  if (shell === "fish") {
    const condition = (path: string) =>
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    return words
      .map(([path, follow]) => `complete -c talosctl -f -n '${condition(path)}' -a '${follow}'\n`)
      .join("");
  }
  const cases = words.map(([path, follow]) => `    "${path}") follow="${follow}" ;;\n`).join("");
  const bash = `_talosctl() {
  local path="" follow="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}  esac
  COMPREPLY=($(compgen -W "$follow" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _talosctl talosctl
`;
  return shell === "bash" ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}
