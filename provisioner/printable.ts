// What machines, BMCs and clients say of themselves is shown to people: in logs, tables and stories. None of it may move
// a cursor, begin a line that looks like ours, or turn text around. This is the one place that sees to it.

// oxlint-disable-next-line no-control-regex -- control characters, and those that turn text around
export const moving = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** In one line of text and nothing but text. */
export const printable = (text: string): string =>
  text.replaceAll(new RegExp(`${moving.source}+`, "gu"), " ");
