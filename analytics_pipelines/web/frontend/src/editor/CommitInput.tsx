import { type KeyboardEvent, useEffect, useState } from "react";

interface Props {
  label: string;
  value: string;
  type?: "text" | "number" | "date";
  placeholder?: string;
  min?: number;
  max?: number;
  quiet?: boolean;
  onCommit: (value: string) => void;
}

/** A field whose text counts once it is left or Enter is pressed: a question is not asked at every key. */
export function CommitInput({ label, value, quiet = false, onCommit, ...rest }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = () => {
    if (text !== value) onCommit(text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    commit();
  };
  return (
    <label className={quiet ? "select quiet" : "select"}>
      <span className={quiet ? "visually-hidden" : undefined}>{label}</span>
      <input
        {...{ type: "text", ...rest }}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={commit}
        onKeyDown={onKeyDown}
      />
    </label>
  );
}
