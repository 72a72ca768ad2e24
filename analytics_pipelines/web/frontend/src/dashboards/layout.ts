import type { Place, Tile, TileChange } from "./api";

/** Tiles stand in rows of two halves; on the server's grid of twelve columns those are six wide. */

const COLUMNS = 12;
const HALF = 6;
const HEIGHT = 5;

export function isWide({ layouts }: Pick<Tile, "layouts">): boolean {
  return (layouts.sm?.w ?? HALF) > HALF;
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

/** What to write so that the tiles stand in this order; `wide` says which take a whole row. */
export function placed(tiles: readonly Tile[], wide: (tile: Tile) => boolean = isWide): TileChange[] {
  let [x, y] = [0, 0];
  return tiles.flatMap((tile) => {
    const w = wide(tile) ? COLUMNS : HALF;
    if (x + w > COLUMNS) [x, y] = [0, y + HEIGHT];
    const place: Place = { x, y, w, h: HEIGHT };
    x += w;
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
