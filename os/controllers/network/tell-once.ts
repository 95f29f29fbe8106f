/** Who tells each link what it shall be, and tells no link the same again. */
export function tellOnce<Spec>(tell: (index: number, spec: Spec) => Promise<void>) {
  const told = new Map<string, string>();
  return {
    async tell(id: string, index: number, spec: Spec): Promise<void> {
      const version = JSON.stringify({ index, spec });
      if (told.get(id) === version) return;
      await tell(index, spec);
      told.set(id, version);
    },
    forget: (id: string) => void told.delete(id),
  };
}
