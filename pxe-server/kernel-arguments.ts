// Kernel arguments as data, under a grammar strict enough that no value can add an argument, a command or a variable
// to the script they end up in.

export interface KernelArgument {
  readonly name: string;
  readonly value?: string | undefined;
}

/** x86's COMMAND_LINE_SIZE less its terminator; the kernel silently cuts what is longer. */
const maxLength = 2047;

const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/**
 * Printable ASCII without blanks, and without what iPXE or the kernel read as more than text: `$` begins an iPXE
 * variable, quotes and backslashes change the kernel's idea of where an argument ends.
 */
const value = /^[!#%&()*+,\-./0-9:;<=>?@A-Z[\]^_a-z{|}~]*$/;

export class KernelArgumentError extends Error {
  override readonly name = "KernelArgumentError";
}

/** `name` or `name=value`, as a person writes it. Throws KernelArgumentError. */
export function parseKernelArgument(text: string): KernelArgument {
  const equals = text.indexOf("=");
  const argument =
    equals < 0 ? { name: text } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
  check(argument);
  return argument;
}

/** The kernel's command line. Throws KernelArgumentError: a plan may come from elsewhere, so nothing is taken on trust. */
export function formatKernelArguments(args: readonly KernelArgument[]): string {
  for (const argument of args) check(argument);
  const line = args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(" ");
  if (line.length > maxLength) {
    throw new KernelArgumentError(
      `Cannot pass ${line.length} characters of kernel arguments: a kernel reads ${maxLength}`,
    );
  }
  return line;
}

function check(argument: KernelArgument): void {
  if (!name.test(argument.name)) {
    throw new KernelArgumentError(`Cannot use kernel argument ${JSON.stringify(argument.name)}: not a name`);
  }
  if (argument.value !== undefined && !value.test(argument.value)) {
    throw new KernelArgumentError(
      `Cannot use kernel argument ${argument.name}: its value has a blank, a quote, a backslash, a "$" or a non-ASCII character`,
    );
  }
}
