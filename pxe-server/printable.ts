// File names, vendor classes and reasons may be a stranger's text, and a terminal obeys some of it.

/** Text in one line; whatever is not plain ASCII shows as a question mark. */
export const printable = (text: string): string => text.replaceAll(/[^ -~]/gu, "?");

/** JSON that is nothing but plain ASCII, and the same value. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
