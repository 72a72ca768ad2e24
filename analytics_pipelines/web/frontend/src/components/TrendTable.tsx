import type { ChartState } from "../chartState";
import { bucketName } from "../moment";
import { quantity } from "../quantity";
import { type Trend, trendTitle } from "../trend";

/** The chart's numbers for eyes, ears and copying; the newest first. */
export function TrendTable({ state, trend }: { state: ChartState; trend: Trend }) {
  const { interval } = state.range;
  return (
    <div
      className="table-scroll trend-table"
      tabIndex={0}
      role="region"
      aria-label="Chart as a table"
    >
      <table>
        <caption className="visually-hidden">{trendTitle(state)}</caption>
        <thead>
          <tr>
            <th scope="col">{interval === "month" ? "Month" : "Day"}</th>
            <th scope="col" className="number">
              {state.math === "dau" ? "People" : "Events"}
            </th>
          </tr>
        </thead>
        <tbody>
          {trend.points.toReversed().map(({ day, value, incomplete }) => (
            <tr key={day}>
              <th scope="row">
                {bucketName(day, interval, true)}
                {incomplete && <span className="muted"> · so far</span>}
              </th>
              <td className="number">{quantity(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
