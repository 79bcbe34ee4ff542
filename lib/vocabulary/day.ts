/**
 * Whether a text is a day that there is, as `YYYY-MM-DD`: no 31 June.
 *
 * Two such texts can be compared as texts: the earlier day is the smaller one.
 */
export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) {
    return false;
  }
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
