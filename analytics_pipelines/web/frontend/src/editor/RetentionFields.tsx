import { entityOf } from "../insights/kinds";
import type { Entity, Period, RetentionQuery, Series } from "../insights/queries";
import { Check } from "./Check";
import { CommitInput } from "./CommitInput";
import { EventPicker } from "./EventPicker";
import { Select } from "./Select";

const PERIODS = (["Hour", "Day", "Week", "Month"] as const).map((value: Period) => ({
  value,
  label: value.toLowerCase(),
}));

const TYPES = [
  { value: "retention_recurring", label: "each time" },
  { value: "retention_first_time", label: "for the first time" },
] as const;

const VIEWS = [
  { value: "ActionsTable", label: "Table" },
  { value: "ActionsLineGraph", label: "Lines" },
] as const;

interface Props {
  question: RetentionQuery;
  onChange: (question: RetentionQuery) => void;
}

/** What is particular to retention. */
export function RetentionFields({ question, onChange }: Props) {
  const filter = question.retentionFilter;
  const put = (change: Partial<typeof filter>) =>
    onChange({ ...question, retentionFilter: { ...filter, ...change } });
  return (
    <>
      <fieldset className="form-group">
        <legend>People who</legend>
        <div className="editor-row">
          <span>did</span>
          <EventPicker
            label="Event that people begin with"
            series={seriesOf(filter.targetEntity)}
            onChange={(source) => put({ targetEntity: entityOf(source) })}
          />
          <Select
            quiet
            label="Which time counts"
            value={filter.retentionType ?? "retention_recurring"}
            options={TYPES}
            onChange={(retentionType) => put({ retentionType })}
          />
          <span>and came back to do</span>
          <EventPicker
            label="Event that people come back for"
            series={seriesOf(filter.returningEntity)}
            onChange={(source) => put({ returningEntity: entityOf(source) })}
          />
        </div>
      </fieldset>
      <div className="editor-row">
        <Select
          label="By"
          value={filter.period ?? "Day"}
          options={PERIODS}
          onChange={(period) => put({ period })}
        />
        <CommitInput
          label="Over so many"
          type="number"
          min={2}
          max={100}
          value={String(filter.totalIntervals ?? 8)}
          onCommit={(text) => Number(text) >= 2 && put({ totalIntervals: Number(text) })}
        />
        <Select
          label="Shown as"
          value={filter.display === "ActionsLineGraph" ? "ActionsLineGraph" : "ActionsTable"}
          options={VIEWS}
          onChange={(display) => put({ display })}
        />
        <Check
          label="Then or any time after"
          checked={filter.cumulative === true}
          onChange={(cumulative) => put({ cumulative })}
        />
      </div>
    </>
  );
}

function seriesOf(entity: Entity | undefined): Series {
  return entity?.type === "actions"
    ? { kind: "ActionsNode", id: Number(entity.id), name: entity.name ?? "" }
    : { kind: "EventsNode", event: entity?.id === undefined || entity.id === null ? null : String(entity.id) };
}
