// Colours, where there is a terminal that shows them.

/** ECMA-48 §8.3.117 */
const codes = { bold: 1, faint: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof codes;

export type Paint = (style: Style | undefined, text: string) => string;

export const paintOf =
  (colours: boolean): Paint =>
  (style, text) =>
    colours && style !== undefined && text !== "" ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
