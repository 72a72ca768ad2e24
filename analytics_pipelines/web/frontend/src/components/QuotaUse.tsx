import { counted, quantity } from "../quantity";
import type { ProjectSettings } from "../types";

/** How much of the daily quota is used, and what follows. */
export function QuotaUse({ settings }: { settings: ProjectSettings }) {
  const { events_today: used, daily_event_quota: quota } = settings;
  const today = `Today (UTC): ${counted(used, "event")}`;
  const dropped = "events are dropped until midnight UTC";
  if (quota === null) return <>{`${today}. Beyond a quota, ${dropped}.`}</>;
  if (used < quota) return <>{`${today} of ${quantity(quota)}. Beyond the quota, ${dropped}.`}</>;
  return (
    <strong>{`${today} of ${quantity(quota)}. The quota is used up: ${dropped}.`}</strong>
  );
}
