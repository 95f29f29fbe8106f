// Colours, where there is a terminal that shows them; and text that cannot bring its own.

/** ECMA-48 §8.3.117 */
const codes = { bold: 1, faint: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof codes;

export type Paint = (style: Style | undefined, text: string) => string;

export const paintOf =
  (colours: boolean): Paint =>
  (style, text) =>
    colours && style !== undefined && text !== "" ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;

// oxlint-disable-next-line no-control-regex -- control characters, and those that turn text around
export const moving = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/** What machines say of themselves must not move the cursor of whoever reads it. */
export const plain = (text: string): string => text.replaceAll(new RegExp(`${moving.source}+`, "gu"), " ");
