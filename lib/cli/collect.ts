/** For an option that may be given several times: its values, in their order. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
