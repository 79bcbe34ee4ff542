/** The colours, each for light and for dark. Few, and each with one meaning; every one of them has a word beside it. */
const COLOURS = {
  page: ["#f5f6f8", "#0f141a"],
  card: ["#ffffff", "#1a212a"],
  raised: ["#ffffff", "#222b36"],
  text: ["#16202c", "#e9eef4"],
  muted: ["#536070", "#a7b3c1"],
  line: ["#c3ccd6", "#3b4754"],
  hair: ["#e2e7ec", "#2a333d"],
  edge: ["#8895a5", "#6b7a8b"],
  accent: ["#0b57d0", "#8ab4f8"],
  "on-accent": ["#ffffff", "#0b1a33"],
  checked: ["#17653a", "#86dfab"],
  "checked-soft": ["#e3f3e9", "#143323"],
  closed: ["#3b4a5e", "#c2cedd"],
  "closed-soft": ["#e8ecf1", "#2a3540"],
  open: ["#a8201a", "#ffb3ab"],
  "open-soft": ["#fce8e6", "#481816"],
  unknown: ["#7a4b00", "#ffd079"],
  "unknown-soft": ["#fdf0d2", "#3c2c0a"],
  plain: ["#536070", "#a7b3c1"],
  "plain-soft": ["#eef1f4", "#27303a"],
} as const;

function declarations(theme: 0 | 1): string {
  return Object.entries(COLOURS)
    .map(([name, colours]) => `--${name}:${colours[theme]}`)
    .join(";");
}

/** Light or dark as the system has it, until the page is told which; paper is light. */
export const PALETTE_CSS = [
  `:root{${declarations(0)};color-scheme:light}`,
  `@media (prefers-color-scheme:dark){:root{${declarations(1)};color-scheme:dark}}`,
  `:root[data-theme=light]{${declarations(0)};color-scheme:light}`,
  `:root[data-theme=dark]{${declarations(1)};color-scheme:dark}`,
  `@media print{:root,:root[data-theme]{${declarations(0)};color-scheme:light}}`,
].join("\n");
