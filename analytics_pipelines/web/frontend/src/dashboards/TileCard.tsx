import { type DragEvent, useState } from "react";

import { Link } from "../components/Link";
import { Menu } from "../components/Menu";
import { TimeAgo } from "../components/TimeAgo";
import { insightName } from "../insights/api";
import { knownQuestion } from "../insights/kinds";
import { type Question, questionOf } from "../insights/queries";
import { rangeLabel } from "../insights/ranges";
import { insightPath } from "../location";
import { millisOf } from "../moment";
import { type Filters, type Tile, refreshTile } from "./api";
import { TileBody } from "./TileBody";
import { TileText } from "./TileText";
import { resized, widthOf } from "./layout";

export interface TileActions {
  onMove: (step: -1 | 1) => void;
  onResize: (step: -1 | 1) => void;
  onRemove: () => void;
  /** Something was computed. */
  onFresh: () => void;
  onDragStart: () => void;
  onDropHere: () => void;
}

interface Props {
  projectId: number;
  dashboardId: number;
  tile: Tile;
  filters: Filters;
  override: Filters | null;
  actions: TileActions;
}

export function TileCard({ projectId, dashboardId, tile, filters, override, actions }: Props) {
  const [asTable, setAsTable] = useState(false);
  const [refreshing, setRefreshing] = useState(false);
  const [over, setOver] = useState(false);
  const { insight, text } = tile;
  const name = insight ? insightName(insight) : "Text";

  const refresh = async () => {
    if (!insight || refreshing) return;
    setRefreshing(true);
    try {
      await refreshTile(projectId, dashboardId, insight.id, override);
    } catch {
      // What went wrong is stored with the insight, and comes with the next look at it.
    }
    setRefreshing(false);
    actions.onFresh();
  };
  const drag = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      actions.onDropHere();
    },
  };
  const classes = ["card", "tile", `span-${widthOf(tile)}`, over && "drop-target"];
  return (
    <li className={classes.filter(Boolean).join(" ")} data-testid="tile" {...drag}>
      <header
        className="tile-header"
        draggable
        onDragStart={(event) => {
          event.dataTransfer.setData("text/plain", name);
          actions.onDragStart();
        }}
      >
        <div className="tile-title">
          <h2 className={insight ? "foreign" : "visually-hidden"} title={name}>
            {insight ? <Link to={insightPath(projectId, insight.short_id)}>{name}</Link> : name}
          </h2>
          {insight && <p className="muted">{about(knownQuestion(questionOf(insight.query)), filters)}</p>}
        </div>
        <TileMenu
          name={name}
          width={widthOf(tile)}
          asTable={asTable}
          onTable={insight ? () => setAsTable(!asTable) : undefined}
          actions={actions}
        />
      </header>
      {text && <TileText text={text.body} />}
      {insight && (
        <>
          <TileBody
            projectId={projectId}
            insight={insight}
            filters={filters}
            asTable={asTable}
            refreshing={refreshing}
            onRefresh={refresh}
          />
          <footer className="tile-footer">
            <Age at={insight.last_refresh} timezone={insight.timezone} />
            <button type="button" className="link-button" onClick={refresh} disabled={refreshing}>
              {refreshing || insight.query_status ? "refreshing…" : "refresh"}
              <span className="visually-hidden"> {name}</span>
            </button>
          </footer>
        </>
      )}
    </li>
  );
}

function Age({ at, timezone }: { at: string | null; timezone: string }) {
  const millis = millisOf(at);
  if (millis === null) return <span>never computed</span>;
  return (
    <span>
      computed <TimeAgo at={Math.min(millis, Date.now())} timezone={timezone} />
    </span>
  );
}

/** Of when the tile is. */
function about(question: Question | null, filters: Filters): string {
  const dated = Boolean(filters.date_from || filters.date_to);
  if (!question) return "";
  if (question.kind === "HogQLQuery") {
    const filtered = dated || (filters.properties?.length ?? 0) > 0;
    const takes = /\{\s*filters/.test(question.query);
    if (filtered && !takes) return "Without the dashboard’s filters: the query has no {filters}";
    return dated ? rangeLabel(filters) : "";
  }
  if (dated) return rangeLabel(filters);
  return question.kind === "RetentionQuery" ? "" : rangeLabel(question.dateRange);
}

interface MenuProps {
  name: string;
  width: number;
  asTable: boolean;
  onTable: (() => void) | undefined;
  actions: TileActions;
}

/** All that can be done with a tile, by mouse and by keyboard. */
function TileMenu({ name, width, asTable, onTable, actions }: MenuProps) {
  const entries: [string, (() => void) | undefined][] = [
    [asTable ? "View as chart" : "View as table", onTable],
    ["Move earlier", () => actions.onMove(-1)],
    ["Move later", () => actions.onMove(1)],
    ["Wider", resized(width, 1) === null ? undefined : () => actions.onResize(1)],
    ["Narrower", resized(width, -1) === null ? undefined : () => actions.onResize(-1)],
    ["Remove from dashboard", actions.onRemove],
  ];
  return (
    <Menu label={`Actions for ${name}`}>
      {entries.map(
        ([label, act]) =>
          act && (
            <li key={label}>
              <button type="button" onClick={act}>
                {label}
              </button>
            </li>
          ),
      )}
    </Menu>
  );
}
