import { useState } from "react";

import { quantity } from "../quantity";
import type { HogQLAnswer } from "../types";

/** More rows than this make the page slow; the rest comes on request. */
const STEP = 500;

export function ResultTable({ answer }: { answer: HogQLAnswer }) {
  const [shown, setShown] = useState(STEP);
  const { columns, results } = answer;
  const numeric = columns.map((_, index) => isNumeric(results, index));
  const hidden = results.length - shown;
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Rows">
        <table className="result">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th
                  key={index}
                  scope="col"
                  className={numeric[index] ? "number" : undefined}
                  title={answer.types?.[index]?.[1]}
                >
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {results.slice(0, shown).map((row, place) => (
              <tr key={place}>
                {columns.map((_, index) => (
                  <td key={index} className={numeric[index] ? "number" : "foreign"}>
                    <Cell value={row[index]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && (
        <button type="button" className="button small" onClick={() => setShown(shown + STEP)}>
          Show more ({quantity(hidden)} hidden)
        </button>
      )}
    </>
  );
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">null</span>;
  if (value === "") return <span className="muted">empty</span>;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return <span title={text}>{text}</span>;
}

function isNumeric(rows: unknown[][], index: number): boolean {
  const values = rows.map((row) => row[index]).filter((value) => value !== null);
  return values.length > 0 && values.every((value) => typeof value === "number");
}
