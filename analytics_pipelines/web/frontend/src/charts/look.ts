import type { Color } from "../insights/picture";

/** The stylesheet's colours, for a canvas that cannot see them. */
export interface Palette {
  accent: string;
  accentSoft: string;
  grid: string;
  text: string;
  card: string;
  of: (color: Color) => string;
}

export interface Look {
  palette: Palette;
  animated: boolean;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    accent: read("--accent"),
    accentSoft: read("--accent-soft"),
    grid: read("--line"),
    text: read("--text-muted"),
    card: read("--card"),
    of: (color) => read(`--series-${color}`),
  };
}
