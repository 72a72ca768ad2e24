import { useNow } from "../clock";
import { absoluteTime, millisOf, timeAgo } from "../moment";

export function TimeAgo({ at, timezone }: { at: string | number; timezone: string }) {
  const now = useNow();
  const millis = typeof at === "number" ? at : millisOf(at);
  if (millis === null) return <span>{at}</span>;
  return (
    <time dateTime={new Date(millis).toISOString()} title={absoluteTime(millis, timezone)}>
      {timeAgo(millis, now)}
    </time>
  );
}
