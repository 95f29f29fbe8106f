// Completion of the command's words, for the shells; made of the command itself.
import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

interface Word {
  readonly word: string;
  readonly about: string;
}

/** What may follow after some words of the command. */
interface Place {
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
}

const help: Word = { word: "--help", about: "explains it" };

function placesOf(command: Command, path = ""): readonly Place[] {
  const { commands, registeredArguments, options } = command;
  const choices = registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((word) => ({ word, about: description })),
  );
  const place = {
    path,
    commands: [...commands.map((one) => ({ word: one.name(), about: one.description() })), ...choices],
    options: [
      ...options.flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : [])),
      help,
    ],
  };
  const below = commands.flatMap((one) =>
    [one.name(), ...one.aliases()].flatMap((name) => placesOf(one, `${path} ${name}`.trim())),
  );
  return [place, ...below];
}

/** Options behind which a word follows that is no word of the command. */
function valued({ options, commands }: Command): readonly string[] {
  const own = options.filter(({ required, optional }) => required || optional);
  const names = own.flatMap(({ short, long }) => [short, long].filter((name) => name !== undefined));
  return [...new Set([...names, ...commands.flatMap(valued)])];
}

interface Words {
  readonly places: readonly Place[];
  readonly valued: readonly string[];
}

export const completion = (shell: Shell, root: Command): string =>
  scripts[shell]({ places: placesOf(root), valued: valued(root) });

const lines = (places: readonly Place[], line: (place: Place) => string) => places.map(line).join("\n");
const single = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

// Each finds the words that were typed, without options and what they take, and looks for the longest known beginning.
const scripts: Readonly<Record<Shell, (words: Words) => string>> = {
  bash: ({ places, valued }) => `_ingot() {
  local path="" word words="" before=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$before" in ${valued.join("|")}) before=""; continue ;; esac
    before="$word"
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${lines(places, ({ path, commands, options }) => `      "${path}") words="${[...commands, ...options].map(({ word }) => word).join(" ")}" ;;`)}
    esac
    [ -z "$words" ] || break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ingot ingot`,

  zsh: ({ places, valued }) => `_ingot() {
  local word before=""
  local -a at follow options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$before" in (${valued.join("|")}) before=""; continue ;; esac
    before="$word"
    case "$word" in (-*) ;; (*) at+=("$word") ;; esac
  done
  while :; do
    case "$at" in
${lines(places, ({ path, commands, options }) => `      ("${path}") follow=(${described(commands)}) options=(${described(options)}) ;;`)}
    esac
    (( $#options )) && break
    at[-1]=()
  done
  if [[ "$PREFIX" == -* ]]; then _describe -o option options
  elif (( $#follow )); then _describe command follow
  else _files
  fi
}
(( $+functions[compdef] )) || { autoload -U compinit && compinit }
compdef _ingot ingot`,

  fish: ({ places, valued }) => `function __ingot_words
  set -l at
  set -l before
  for word in (commandline -opc)[2..]
    if contains -- "$before" ${valued.join(" ")}
      set before
      continue
    end
    set before $word
    string match -q -- '-*' $word; or set -a at $word
  end
  while true
    switch "$at"
${lines(places, ({ path, commands, options }) => `      case '${path}'\n        printf '%s\\t%s\\n' ${[...commands, ...options].map(({ word, about }) => `${word} ${quotedForFish(about)}`).join(" ")}\n        return`)}
    end
    set -e at[-1]
  end
end
complete -c ingot -f -n "__ingot_words | string match -qv -- '-*'"
complete -c ingot -a '(__ingot_words)'`,
};

/** A colon divides a word from what it is. */
const described = (words: readonly Word[]) =>
  words.map(({ word, about }) => single(`${word}:${about.replaceAll(":", "\\:")}`)).join(" ");
const quotedForFish = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
