import type { Color } from "../insights/picture";

/** More rows than this do not fit beside a chart. */
const MOST_ROWS = 12;

/** Built as nodes: a string would be parsed as HTML, and its styles refused by the browser. */
export function tooltipOf(
  title: string,
  rows: { name: string; color: Color; value: string }[],
): HTMLElement {
  const box = document.createElement("div");
  box.append(element("div", title));
  for (const { name, color, value } of rows.slice(0, MOST_ROWS)) {
    const row = element("div", "");
    const swatch = element("span", "");
    swatch.className = `swatch swatch-${color}`;
    row.append(swatch, `${name} `, element("strong", value));
    box.append(row);
  }
  if (rows.length > MOST_ROWS) box.append(element("div", `and ${rows.length - MOST_ROWS} more`));
  return box;
}

function element(name: "div" | "span" | "strong", text: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
