import { type Question, hasSeries } from "../insights/queries";
import { Check } from "./Check";
import { DateRangePicker } from "./DateRangePicker";
import { FilterList } from "./FilterList";
import { FunnelFields } from "./FunnelFields";
import { IntervalSelect } from "./IntervalSelect";
import { PathsFields } from "./PathsFields";
import { RetentionFields } from "./RetentionFields";
import { SeriesList } from "./SeriesList";
import { SqlFields } from "./SqlFields";
import { TrendsFields } from "./TrendsFields";

interface Props {
  question: Question;
  onChange: (question: Question) => void;
}

/** The form of a question: its events, what is particular to its kind, and what all kinds have. */
export function Editor({ question, onChange }: Props) {
  if (question.kind === "HogQLQuery") return <SqlFields question={question} onChange={onChange} />;
  return (
    <>
      {hasSeries(question) && (
        <SeriesList question={question} onChange={(series) => onChange({ ...question, series })} />
      )}
      <OwnFields question={question} onChange={onChange} />
      <FilterList
        of="all of it"
        lead="Where"
        filters={question.properties}
        onChange={(properties) => onChange({ ...question, properties })}
      />
      <div className="editor-row">
        {question.kind !== "RetentionQuery" && (
          <DateRangePicker
            range={question.dateRange}
            onChange={(range) => onChange({ ...question, dateRange: range ?? {} })}
          />
        )}
        <Check
          label="Without internal and test users"
          checked={question.filterTestAccounts === true}
          onChange={(filterTestAccounts) => onChange({ ...question, filterTestAccounts })}
        />
      </div>
    </>
  );
}

function OwnFields({ question, onChange }: Props) {
  switch (question.kind) {
    case "TrendsQuery":
      return <TrendsFields question={question} onChange={onChange} />;
    case "FunnelsQuery":
      return <FunnelFields question={question} onChange={onChange} />;
    case "RetentionQuery":
      return <RetentionFields question={question} onChange={onChange} />;
    case "PathsQuery":
      return <PathsFields question={question} onChange={onChange} />;
    case "LifecycleQuery":
      return (
        <div className="editor-row">
          <IntervalSelect
            value={question.interval}
            onChange={(interval) => onChange({ ...question, interval })}
          />
        </div>
      );
    case "StickinessQuery": {
      const cumulative = question.stickinessFilter?.computedAs === "cumulative";
      return (
        <div className="editor-row">
          <IntervalSelect
            value={question.interval}
            onChange={(interval) => onChange({ ...question, interval })}
          />
          <Check
            label="At least so many"
            checked={cumulative}
            onChange={(on) =>
              onChange({
                ...question,
                stickinessFilter: { computedAs: on ? "cumulative" : "non_cumulative" },
              })
            }
          />
        </div>
      );
    }
    case "HogQLQuery":
      return null;
  }
}
