/**
 * Whether a text is like a pattern of `*` (anything) and `?` (one character), ignoring case. In time proportional to
 * both lengths multiplied, whatever the text: it comes from machines that nobody has vouched for.
 */
export function isLike(text: string, pattern: string): boolean {
  const [said, wanted] = [text.toLowerCase(), pattern.toLowerCase()];
  let at = 0;
  let next = 0;
  // Where the last star was, and how much of the text it has taken so far.
  let star = -1;
  let taken = 0;
  while (at < said.length) {
    if (wanted[next] === "*") {
      star = next++;
      taken = at;
    } else if (next < wanted.length && (wanted[next] === "?" || wanted[next] === said[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      next = star + 1;
      at = ++taken;
    } else return false;
  }
  while (wanted[next] === "*") next += 1;
  return next === wanted.length;
}
