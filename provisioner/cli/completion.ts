// Completion of the command's words, for the shells; made of the command itself.
import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** The words that may follow: by the words before them. */
function wordsOf(command: Command, before = ""): (readonly [path: string, words: readonly string[]])[] {
  const names = [
    ...command.commands.map((one) => one.name()),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  ];
  const options = command.options.flatMap(({ long }) => (long ? [long] : []));
  return [
    [before, [...names, ...options]] as const,
    ...command.commands.flatMap((one) => wordsOf(one, `${before} ${one.name()}`.trim())),
  ];
}

/** Options behind which a word follows that is no word of the command. */
const valued = (command: Command): string[] => [
  ...command.options.flatMap(({ required, optional, short, long }) =>
    required || optional ? [short, long].filter((name) => name !== undefined) : [],
  ),
  ...command.commands.flatMap(valued),
];

export function completion(shell: Shell, root: Command): string {
  const words = wordsOf(root);
  if (shell === "fish") return fish(root);
  const cases = words.map(([path, follow]) => `    "${path}") words="${follow.join(" ")}" ;;`).join("\n");
  const bash = `_ingot() {
  local path="" word words="" before=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$before" in ${[...new Set(valued(root))].join("|")}) before=""; continue ;; esac
    before="$word"
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ingot ingot`;
  return shell === "bash" ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function fish(root: Command): string {
  const line = (seen: readonly string[], one: Command) => {
    const condition =
      seen.length === 0
        ? "__fish_use_subcommand"
        : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    return `complete -c ingot -f -n '${condition}' -a ${one.name()} -d '${one.description().replaceAll("'", "\\'")}'`;
  };
  const below = (command: Command, seen: readonly string[]): string[] =>
    command.commands.flatMap((one) => [line(seen, one), ...below(one, [...seen, one.name()])]);
  return below(root, []).join("\n");
}
