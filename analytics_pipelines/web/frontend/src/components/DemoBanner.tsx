export function DemoBanner() {
  return (
    <p className="banner" data-testid="demo-banner">
      Demo data – remove with <code>analytics demo --clear</code>
    </p>
  );
}
