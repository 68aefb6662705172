import type { Route } from '#server/domain/views/routing.ts';
import { Mark } from '../ui/mark.tsx';
import { companyName, hostName, tierName } from '../ui/words.ts';

function routeLabel(route: Route): string {
  return [companyName(route.company), tierName(route.tier), hostName(route.choices[0]?.host ?? null)]
    .filter(Boolean)
    .join(' · ');
}

/** Where a task would go; it tells why while it is pointed at or focused. */
export function RouteChip({ route, onWhy }: { route: Route | undefined; onWhy: (open: boolean) => void }) {
  if (!route) return <span className="tag route">Routing</span>;
  return (
    <button
      type="button"
      className={`tag route ${route.held ? 'yours' : ''}`}
      aria-describedby="compose-why"
      onMouseEnter={() => onWhy(true)}
      onMouseLeave={() => onWhy(false)}
      onFocus={() => onWhy(true)}
      onBlur={() => onWhy(false)}
    >
      {route.held ? <Mark shape="yours" /> : null}
      <span className="cut">
        {route.held ? `You first: ${route.held.pattern.replaceAll('-', ' ')}` : routeLabel(route)}
      </span>
    </button>
  );
}
