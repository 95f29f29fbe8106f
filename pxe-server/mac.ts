/** With colons, hyphens, dots or nothing between; lower case with colons out. Undefined when it is no MAC. */
export function macOf(text: string): string | undefined {
  const digits = text.toLowerCase().replace(/[:.-]/g, "");
  return /^[0-9a-f]{12}$/.test(digits) ? digits.match(/../g)!.join(":") : undefined;
}
