import { isDay } from "../../lib/vocabulary/day";

test.each(["2026-11-21", "2028-02-29", "0001-01-01", "9999-12-31"])("%s is a day", (text) => {
  expect(isDay(text)).toBe(true);
});

test.each([
  "2026-02-29",
  "2026-06-31",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "2026-1-2",
  "21.11.2026",
  "2026-11-21T00:00:00Z",
  " 2026-11-21",
  "2026-11-21\n",
  "٢٠٢٦-11-21",
  "",
  20261121,
  null,
  undefined,
  ["2026-11-21"],
])("%j is no day", (value) => {
  expect(isDay(value)).toBe(false);
});
