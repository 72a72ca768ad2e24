import type { Point, StepBar, Steps } from "../insights/picture";
import { percent, quantity, timeSpan } from "../quantity";

interface Props {
  chart: Steps;
  onPoint: (point: Point) => void;
}

/** The steps of a funnel: how many took each, their share, and how long it took them. */
export function StepBars({ chart, onPoint }: Props) {
  return (
    <ol className="steps">
      {chart.steps.map(({ name, bars }, place) => (
        <li key={place}>
          <h3 className="foreign">
            <span className="muted">{place + 1}</span> {name}
          </h3>
          {bars.map((bar, index) => (
            <Bar key={index} bar={bar} onPoint={onPoint} />
          ))}
        </li>
      ))}
    </ol>
  );
}

function Bar({ bar, onPoint }: { bar: StepBar; onPoint: (point: Point) => void }) {
  return (
    <div className="step">
      <svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width="1000" height="10" className="step-rest" />
        <rect width={bar.share * 1000} height="10" className={`fill-${bar.color}`} />
      </svg>
      <p>
        {bar.name && <span className="step-of foreign">{bar.name}</span>}
        <strong>{percent(bar.share)}</strong>{" "}
        <Opener point={bar.converted} onPoint={onPoint}>
          {quantity(bar.count)} {bar.count === 1 ? "person" : "people"}
        </Opener>
        {bar.ofPrevious !== null && (
          <span className="muted">
            {percent(bar.ofPrevious)} of the step before ·{" "}
            <Opener point={bar.lost} onPoint={onPoint}>
              {quantity(bar.dropped)} dropped
            </Opener>
            {bar.medianSeconds !== null && ` · median ${timeSpan(bar.medianSeconds)}`}
            {bar.averageSeconds !== null && ` · average ${timeSpan(bar.averageSeconds)}`}
          </span>
        )}
      </p>
    </div>
  );
}

interface OpenerProps {
  point: Point | null;
  onPoint: (point: Point) => void;
  children: React.ReactNode;
}

function Opener({ point, onPoint, children }: OpenerProps) {
  if (!point || point.value === 0) return <span>{children}</span>;
  return (
    <button type="button" className="link-button" title={point.name} onClick={() => onPoint(point)}>
      {children}
    </button>
  );
}
