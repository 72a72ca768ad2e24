const EXAMPLES = [
  {
    label: "Events by name",
    sql: `select event, count() as events
from events
group by event
order by events desc
limit 20`,
  },
  {
    label: "People a day",
    sql: `select toDate(timestamp) as day, count(distinct person_id) as people
from events
where timestamp > now() - interval 30 day
group by day
order by day desc`,
  },
  {
    label: "Top pages",
    sql: `select properties.$current_url as url, count() as views
from events
where event = '$pageview'
group by url
order by views desc
limit 20`,
  },
  {
    label: "Libraries",
    sql: `select properties.$lib as library, count() as events, max(timestamp) as latest
from events
group by library
order by events desc`,
  },
] as const;

export function SqlExamples({ onChoose }: { onChoose: (sql: string) => void }) {
  return (
    <div className="examples" role="group" aria-label="Example queries">
      <span className="muted">Examples</span>
      {EXAMPLES.map(({ label, sql }) => (
        <button key={label} type="button" className="chip" onClick={() => onChoose(sql)}>
          {label}
        </button>
      ))}
    </div>
  );
}
