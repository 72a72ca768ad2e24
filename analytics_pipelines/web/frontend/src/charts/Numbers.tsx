import type { BigNumber, Point } from "../insights/picture";
import { amount, percent } from "../quantity";

export function Numbers({ chart, onPoint }: { chart: BigNumber; onPoint: (point: Point) => void }) {
  return (
    <dl className="numbers">
      {chart.numbers.map(({ name, value, before, point }, index) => (
        <div key={index}>
          <dd>
            {point && value !== 0 ? (
              <button type="button" title="Show who" onClick={() => onPoint(point)}>
                {amount(value)}
              </button>
            ) : (
              amount(value)
            )}
          </dd>
          <dt className="foreign">{name}</dt>
          {before !== null && (
            <dd className="muted before">
              {change(value, before)} (before: {amount(before)})
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}

function change(value: number, before: number): string {
  if (before === 0) return "nothing to compare with";
  const share = (value - before) / before;
  return `${share >= 0 ? "up" : "down"} ${percent(Math.abs(share))}`;
}
