/** Arguments that hold a config with all its keys, or a word that a machine is known by; and passwords in addresses. */
const secret = /\b(talos\.config\.(?:inline|early)|ingot\.token)=(?:"[^"]*"?|\S+)/g;
const password = /:\/\/[^\s/@]+@/g;

/** The kernel's arguments, wherever they are told to readers: in its own log, and as a resource. */
export const withoutSecrets = (commandLine: string): string =>
  commandLine.replaceAll(secret, "$1=…").replaceAll(password, "://…@");
