import type { FunnelView, FunnelsQuery } from "../insights/queries";
import { BreakdownList } from "./BreakdownList";
import { CommitInput } from "./CommitInput";
import { IntervalSelect } from "./IntervalSelect";
import { Select } from "./Select";

const VIEWS: readonly { value: FunnelView; label: string }[] = [
  { value: "steps", label: "Steps" },
  { value: "trends", label: "Conversion over time" },
  { value: "time_to_convert", label: "Time to convert" },
];

const ORDERS = [
  { value: "ordered", label: "In order, others between" },
  { value: "strict", label: "In order, nothing between" },
  { value: "unordered", label: "In any order" },
] as const;

const UNITS = ["second", "minute", "hour", "day", "week", "month"].map((unit) => ({
  value: unit,
  label: `${unit}s`,
}));

const DEFAULT_WINDOW = 14;

interface Props {
  question: FunnelsQuery;
  onChange: (question: FunnelsQuery) => void;
}

/** What is particular to funnels. */
export function FunnelFields({ question, onChange }: Props) {
  const filter = question.funnelsFilter ?? {};
  const put = (change: Partial<typeof filter>) =>
    onChange({ ...question, funnelsFilter: { ...filter, ...change } });
  const { breakdown, breakdown_type: type } = question.breakdownFilter ?? {};
  const view = filter.funnelVizType ?? "steps";
  return (
    <>
      <BreakdownList
        breakdowns={breakdown === undefined ? [] : [{ type: type ?? "event", property: breakdown }]}
        most={1}
        onChange={([one]) =>
          onChange({
            ...question,
            breakdownFilter: one ? { breakdown: one.property, breakdown_type: one.type } : {},
          })
        }
      />
      <div className="editor-row">
        <Select
          label="Shown as"
          value={view}
          options={VIEWS}
          onChange={(funnelVizType) => put({ funnelVizType })}
        />
        {view === "trends" && (
          <IntervalSelect
            value={question.interval}
            onChange={(interval) => onChange({ ...question, interval })}
          />
        )}
        <Select
          label="Steps happen"
          value={filter.funnelOrderType ?? "ordered"}
          options={ORDERS}
          onChange={(funnelOrderType) => put({ funnelOrderType })}
        />
        <CommitInput
          label="Within"
          type="number"
          min={1}
          value={String(filter.funnelWindowInterval ?? DEFAULT_WINDOW)}
          onCommit={(text) => Number(text) >= 1 && put({ funnelWindowInterval: Number(text) })}
        />
        <Select
          quiet
          label="Unit of the window"
          value={filter.funnelWindowIntervalUnit ?? "day"}
          options={UNITS}
          onChange={(funnelWindowIntervalUnit) => put({ funnelWindowIntervalUnit })}
        />
      </div>
    </>
  );
}
