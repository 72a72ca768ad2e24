import { MATHS, mathOf } from "../insights/maths";
import { seriesName } from "../insights/kinds";
import type { Series } from "../insights/queries";
import { EventPicker } from "./EventPicker";
import { FilterList } from "./FilterList";
import { PropertyPicker } from "./PropertyPicker";
import { Select } from "./Select";

interface Props {
  series: Series;
  /** A letter or a number before the row. */
  mark: string;
  /** "Step" or "Series". */
  noun: string;
  withMath: boolean;
  onChange: (series: Series) => void;
  onRemove?: (() => void) | undefined;
  onMoveUp?: (() => void) | undefined;
}

export function SeriesRow({ series, mark, noun, withMath, onChange, onRemove, onMoveUp }: Props) {
  const math = mathOf(series.math);
  const name = `${noun} ${mark}`;
  const takeSource = (source: Series) => {
    const { event: _event, id: _id, name: _name, custom_name: _own, ...rest } =
      series as unknown as Record<string, unknown>;
    onChange({ ...rest, ...source });
  };
  const takeMath = (value: string) => {
    const { math_property: property, ...rest } = series;
    const keeps = mathOf(value).ofProperty && property !== undefined;
    onChange({ ...rest, math: value, ...(keeps && { math_property: property }) } as Series);
  };
  return (
    <li className="series">
      <span className="series-mark" aria-hidden="true">
        {mark}
      </span>
      <EventPicker label={`Event of ${name}`} series={series} onChange={takeSource} />
      {withMath && (
        <Select
          quiet
          label={`How ${name} is counted`}
          value={math.value}
          options={MATHS}
          onChange={takeMath}
        />
      )}
      {withMath && math.ofProperty && (
        <PropertyPicker
          label={`Property that ${name} takes`}
          property={series.math_property ? { type: "event", key: series.math_property } : null}
          only="event"
          onChange={({ key }) => onChange({ ...series, math_property: key })}
        />
      )}
      <FilterList
        of={`${name}, ${seriesName(series)}`}
        filters={series.properties}
        onChange={(properties) => onChange({ ...series, properties })}
      />
      <span className="series-actions">
        {onMoveUp && (
          <button type="button" className="icon-button" title="Move up" onClick={onMoveUp}>
            <span aria-hidden="true">↑</span>
            <span className="visually-hidden">Move {name} up</span>
          </button>
        )}
        {onRemove && (
          <button type="button" className="icon-button" title="Remove" onClick={onRemove}>
            <span aria-hidden="true">×</span>
            <span className="visually-hidden">Remove {name}</span>
          </button>
        )}
      </span>
    </li>
  );
}
