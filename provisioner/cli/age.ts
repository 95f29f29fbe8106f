const units: readonly (readonly [name: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/** How long ago, in two units at most: `3d4h`. */
export function age(since: Date, now: Date): string {
  let left = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1000));
  const parts: string[] = [];
  for (const [name, seconds] of units) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0 || (name === "s" && parts.length === 0)) parts.push(`${count}${name}`);
    if (parts.length === 2) break;
  }
  return parts.join("");
}
