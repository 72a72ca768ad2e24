import type { SeriesQuestion, Series } from "../insights/queries";
import { SeriesRow } from "./SeriesRow";

interface Props {
  question: SeriesQuestion;
  onChange: (series: Series[]) => void;
}

const NEW: Series = { kind: "EventsNode", event: null };

export function SeriesList({ question, onChange }: Props) {
  const { series, kind } = question;
  const isFunnel = kind === "FunnelsQuery";
  const noun = isFunnel ? "Step" : "Series";
  const single = kind === "LifecycleQuery";
  const put = (index: number, one: Series) =>
    onChange(series.map((old, place) => (place === index ? one : old)));
  const remove = (index: number) => onChange(series.filter((_, place) => place !== index));
  const moveUp = (index: number) => {
    const [before, moved] = [series[index - 1], series[index]];
    if (before && moved) onChange(series.with(index - 1, moved).with(index, before));
  };
  return (
    <fieldset className="form-group">
      <legend>{isFunnel ? "Steps" : single ? "Event" : "Series"}</legend>
      <ol className="series-list">
        {series.map((one, index) => (
          <SeriesRow
            key={index}
            series={one}
            mark={isFunnel ? String(index + 1) : letterOf(index)}
            noun={noun}
            withMath={kind === "TrendsQuery"}
            onChange={(changed) => put(index, changed)}
            onRemove={series.length > 1 ? () => remove(index) : undefined}
            onMoveUp={isFunnel && index > 0 ? () => moveUp(index) : undefined}
          />
        ))}
      </ol>
      {!single && (
        <button
          type="button"
          className="button small"
          onClick={() => onChange([...series, NEW])}
          data-testid="add-series"
        >
          Add {isFunnel ? "step" : "series"}
        </button>
      )}
    </fieldset>
  );
}

/** A, B, … as formulas name the series. */
export function letterOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + (index % 26));
}
