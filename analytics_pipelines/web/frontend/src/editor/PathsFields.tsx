import type { PathsQuery } from "../insights/queries";
import { Check } from "./Check";
import { CommitInput } from "./CommitInput";

const TYPES = [
  { value: "$pageview", label: "Pages" },
  { value: "$screen", label: "Screens" },
  { value: "custom_event", label: "Own events" },
];

interface Props {
  question: PathsQuery;
  onChange: (question: PathsQuery) => void;
}

/** What is particular to paths. */
export function PathsFields({ question, onChange }: Props) {
  const filter = question.pathsFilter ?? {};
  const included = filter.includeEventTypes ?? [];
  const put = (change: Partial<typeof filter>) =>
    onChange({ ...question, pathsFilter: { ...filter, ...change } });
  const putPoint = (name: "startPoint" | "endPoint", text: string) => {
    const { [name]: _, ...rest } = filter;
    onChange({ ...question, pathsFilter: { ...rest, ...(text.trim() && { [name]: text.trim() }) } });
  };
  const toggle = (type: string, on: boolean) =>
    put({ includeEventTypes: on ? [...included, type] : included.filter((one) => one !== type) });
  const number = (text: string, then: (value: number) => void) => {
    if (Number.isInteger(Number(text)) && Number(text) > 0) then(Number(text));
  };
  return (
    <>
      <div className="editor-row" role="group" aria-label="Which events are steps; none is all">
        <span>Steps are</span>
        {TYPES.map(({ value, label }) => (
          <Check
            key={value}
            label={label}
            checked={included.includes(value)}
            onChange={(on) => toggle(value, on)}
          />
        ))}
        {included.length === 0 && <span className="muted">nothing chosen: all of them</span>}
      </div>
      <div className="editor-row">
        <CommitInput
          label="From"
          value={filter.startPoint ?? ""}
          placeholder="anywhere"
          onCommit={(text) => putPoint("startPoint", text)}
        />
        <CommitInput
          label="To"
          value={filter.endPoint ?? ""}
          placeholder="anywhere"
          onCommit={(text) => putPoint("endPoint", text)}
        />
        <CommitInput
          label="Steps"
          type="number"
          min={2}
          max={20}
          value={String(filter.stepLimit ?? 5)}
          onCommit={(text) => number(text, (stepLimit) => put({ stepLimit }))}
        />
        <CommitInput
          label="Most links"
          type="number"
          min={1}
          max={1000}
          value={String(filter.edgeLimit ?? 50)}
          onCommit={(text) => number(text, (edgeLimit) => put({ edgeLimit }))}
        />
      </div>
    </>
  );
}
