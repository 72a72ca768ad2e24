/** Ways to count the events of a series, as trends know them. */

export interface Math {
  value: string;
  label: string;
  /** Of which property's values, if of any. */
  ofProperty: boolean;
  /** What the numbers are: people add up only where they are not counted twice. */
  counts: "events" | "people" | "value";
}

const count = (value: string, label: string, counts: Math["counts"]): Math => ({
  value,
  label,
  counts,
  ofProperty: false,
});
const ofProperty = (value: string, label: string): Math => ({
  value,
  label,
  counts: "value",
  ofProperty: true,
});

export const MATHS: readonly Math[] = [
  count("total", "Total count", "events"),
  count("dau", "Unique people", "people"),
  count("weekly_active", "Weekly active people", "people"),
  count("monthly_active", "Monthly active people", "people"),
  count("unique_session", "Unique sessions", "value"),
  count("first_time_for_user", "First time for the person", "people"),
  ofProperty("sum", "Sum of a property"),
  ofProperty("avg", "Average of a property"),
  ofProperty("min", "Least of a property"),
  ofProperty("max", "Greatest of a property"),
  ofProperty("median", "Median of a property"),
  ofProperty("p90", "90th percentile of a property"),
  ofProperty("p95", "95th percentile of a property"),
  ofProperty("p99", "99th percentile of a property"),
  count("avg_count_per_actor", "Average count a person", "value"),
  count("median_count_per_actor", "Median count a person", "value"),
  count("max_count_per_actor", "Greatest count a person", "value"),
];

export function mathOf(value: string | undefined): Math {
  const found = MATHS.find((math) => math.value === (value ?? "total"));
  return found ?? { value: value ?? "", label: value ?? "", ofProperty: false, counts: "value" };
}
