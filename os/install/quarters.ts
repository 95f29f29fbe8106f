/** Tells of every quarter of a whole, once: 25, 50, 75, 100. */
export function quarters(tell: (percent: number) => void): (done: number, of: number) => void {
  let told = 0;
  return (done, of) => {
    const percent = Math.floor((done / of) * 4) * 25;
    if (percent > told) tell(percent);
    told = percent;
  };
}
