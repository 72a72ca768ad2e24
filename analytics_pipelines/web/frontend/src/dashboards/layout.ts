import type { Place, Tile, TileChange } from "./api";

/** Tiles fill rows of twelve columns, one after the other; how high a tile is, its content says. */

const COLUMNS = 12;
const HEIGHT = 5;
/** What a tile's menu offers: a quarter of a row to all of it. */
const WIDTHS = [3, 4, 6, 8, 12] as const;
const USUAL = 6;

/** Columns that a tile takes. */
export function widthOf({ layouts }: Pick<Tile, "layouts">): number {
  const width = Math.round(layouts.sm?.w ?? USUAL);
  return Math.min(Math.max(width, WIDTHS[0]), COLUMNS);
}

/** The next width in that direction, or null at the end. */
export function resized(width: number, step: -1 | 1): number | null {
  const others = WIDTHS.filter((one) => (step === 1 ? one > width : one < width));
  return (step === 1 ? others[0] : others.at(-1)) ?? null;
}

/** From top left to bottom right; tiles that were never placed come last. */
export function inOrder(tiles: readonly Tile[]): Tile[] {
  const place = ({ layouts: { sm } }: Tile) => [sm?.y ?? Infinity, sm?.x ?? 0] as const;
  return tiles.toSorted((one, other) => {
    const [a, b] = [place(one), place(other)];
    if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
    return a[1] - b[1] || one.id - other.id;
  });
}

export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.toSpliced(from, 1);
  return rest.toSpliced(to, 0, ...items.slice(from, from + 1));
}

/** What to write so that the tiles stand in this order; `width` may say another width of one. */
export function placed(
  tiles: readonly Tile[],
  width: (tile: Tile) => number = widthOf,
): TileChange[] {
  let [x, y, height] = [0, 0, 0];
  return tiles.flatMap((tile) => {
    const w = width(tile);
    if (x + w > COLUMNS) [x, y, height] = [0, y + height, 0];
    const place: Place = { x, y, w, h: tile.layouts.sm?.h ?? HEIGHT };
    x += w;
    height = Math.max(height, place.h);
    const same = (["x", "y", "w"] as const).every((name) => tile.layouts.sm?.[name] === place[name]);
    return same ? [] : [{ id: tile.id, layouts: { ...tile.layouts, sm: place } }];
  });
}

/** The tiles as they will stand, before the server has answered. */
export function withChanges(tiles: readonly Tile[], changes: readonly TileChange[]): Tile[] {
  return tiles.map((tile) => {
    const layouts = changes.find(({ id }) => id === tile.id)?.layouts;
    return layouts ? { ...tile, layouts } : tile;
  });
}
