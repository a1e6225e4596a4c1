import { type Result, showCosts } from './judge/try-round.ts';
import type { Plan, Ticket } from './plan.ts';
import { show } from './script.ts';

/** What was drawn and what happened, for whoever looks for the reason. */
export function history({ ticket, plan, violations, evidence, accounts, costs }: Result): string {
  const { visits, ...drawn } = plan;
  // Those of a round about costs are all alike.
  const scripts = visits
    .slice(0, plan.isCost ? 1 : Infinity)
    .map(({ at, protocol, name, cut, tls, alpn, steps }, index) => {
      const account = accounts?.[index];
      const secure = tls ? `, TLS ${alpn.join()}` : '';
      const outcome = account && `${account.port}, ${account.received} received, ${account.how}`;
      return `  at ${at}, ${protocol} "${name}", ${cut}${secure}: ${show(steps)} => ${outcome}`;
    });
  const { seed, round, kinds } = ticket;
  return [
    `seed ${seed}, ${titleOf(ticket, plan)}`,
    ...violations.map((violation) => `! ${violation}`),
    `drawn: ${JSON.stringify(drawn)}`,
    ...scripts,
    ...(costs ? [`costs: ${showCosts(costs)}`] : []),
    `ending: ${JSON.stringify(evidence?.ending)}`,
    `repeat: npm run chaos:fuzz -- --seed ${seed} --round ${round} --kinds ${kinds.join()}`,
  ].join('\n');
}

/** Which round, and what runs its server. */
export function titleOf({ round }: Ticket, { kind, way, event, stop }: Plan): string {
  const option = event === undefined ? '' : ` of '${event}'`;
  return `round ${round}, ${kind}, ${way}${option}, ${stop.way}`;
}
