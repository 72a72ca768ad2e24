import type { Cell, Point, TableModel } from "../insights/picture";

interface Props {
  table: TableModel;
  onPoint: (point: Point) => void;
}

/** A chart's numbers for eyes, ears and copying; each opens to the people behind it. */
export function PictureTable({ table, onPoint }: Props) {
  return (
    <div className="table-scroll picture-table" tabIndex={0} role="region" aria-label={table.caption}>
      <table>
        <caption className="visually-hidden">{table.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{table.head}</th>
            {table.columns.map(({ name, numeric }, index) => (
              <th key={index} scope="col" className={numeric ? "number" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ head, color, cells }, place) => (
            <tr key={place}>
              <th scope="row" className="foreign" title={head}>
                {color !== undefined && (
                  <span className={`swatch swatch-${color}`} aria-hidden="true" />
                )}
                {head}
              </th>
              {cells.map((cell, index) => (
                <td key={index} className={classOf(cell, table.columns[index]?.numeric ?? false)}>
                  <Value cell={cell} onPoint={onPoint} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ cell, onPoint }: { cell: Cell; onPoint: (point: Point) => void }) {
  const { text, note, point, unfinished } = cell;
  return (
    <>
      {point && point.value !== 0 ? (
        <button
          type="button"
          className="link-button"
          aria-label={`${text}: ${point.name}. Show who.`}
          onClick={() => onPoint(point)}
        >
          {text}
        </button>
      ) : (
        text
      )}
      {note !== undefined && <span className="cell-note"> {note}</span>}
      {unfinished && <span className="visually-hidden"> so far</span>}
    </>
  );
}

function classOf({ heat, unfinished }: Cell, numeric: boolean): string | undefined {
  const names = [numeric ? "number" : "foreign"];
  if (unfinished) names.push("unfinished");
  if (heat !== undefined) names.push(`heat heat-${Math.round(heat * 10)}`);
  return names.join(" ");
}
