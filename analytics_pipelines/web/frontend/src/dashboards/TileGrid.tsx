import { useEffect, useRef, useState } from "react";

import { insightName } from "../insights/api";
import { type Dashboard, type Filters, type Tile, type TileChange, changeDashboard } from "./api";
import { TileCard } from "./TileCard";
import { inOrder, moved, placed, resized, widthOf, withChanges } from "./layout";

interface Props {
  projectId: number;
  dashboard: Dashboard;
  override: Filters | null;
  /** The server's state is to be looked at again. */
  onChange: () => void;
}

/** The tiles in their order. A change shows at once, and is taken back when it could not be saved. */
export function TileGrid({ projectId, dashboard, override, onChange }: Props) {
  const [pending, setPending] = useState<TileChange[]>([]);
  const [said, setSaid] = useState("");
  const dragged = useRef<number | null>(null);
  useEffect(() => setPending([]), [dashboard]);

  const gone = new Set(pending.filter(({ deleted }) => deleted).map(({ id }) => id));
  const tiles = inOrder(withChanges(dashboard.tiles, pending)).filter(({ id }) => !gone.has(id));

  const write = async (changes: TileChange[], saying: string) => {
    if (changes.length === 0) return;
    setPending(changes);
    setSaid(saying);
    try {
      await changeDashboard(projectId, dashboard.id, { tiles: changes });
      onChange();
    } catch (cause) {
      setPending([]);
      setSaid(`That could not be saved: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  };
  const move = (from: number, to: number) => {
    const tile = tiles[from];
    if (!tile || to < 0 || to >= tiles.length || to === from) return;
    const place = `${nameOf(tile)} is now tile ${to + 1} of ${tiles.length}.`;
    void write(placed(moved(tiles, from, to)), place);
  };
  const resize = (tile: Tile, step: -1 | 1) => {
    const width = resized(widthOf(tile), step);
    if (width === null) return;
    const changes = placed(tiles, (one) => (one.id === tile.id ? width : widthOf(one)));
    void write(changes, `${nameOf(tile)} is ${width} of 12 columns wide.`);
  };
  const remove = ({ id, ...tile }: Tile) =>
    write([{ id, deleted: true }], `${nameOf(tile)} was removed; the insight itself is kept.`);

  return (
    <>
      <p className={said.startsWith("That") ? "field-error" : "visually-hidden"} role="status">
        {said}
      </p>
      <ul className="tiles" aria-label="Tiles">
        {tiles.map((tile, index) => (
          <TileCard
            key={tile.id}
            projectId={projectId}
            dashboardId={dashboard.id}
            tile={tile}
            filters={dashboard.filters}
            override={override}
            actions={{
              onMove: (step) => move(index, index + step),
              onResize: (step) => resize(tile, step),
              onRemove: () => void remove(tile),
              onFresh: onChange,
              onDragStart: () => {
                dragged.current = index;
              },
              onDropHere: () => {
                if (dragged.current !== null) move(dragged.current, index);
                dragged.current = null;
              },
            }}
          />
        ))}
      </ul>
    </>
  );
}

function nameOf({ insight }: Pick<Tile, "insight">): string {
  return insight ? insightName(insight) : "The text";
}
