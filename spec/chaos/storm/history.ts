import type { Evidence } from './evidence.ts';
import type { RoundResult } from './storm.ts';

/** What was drawn and what happened, by the clock of the round: for whoever looks for the reason. */
export function history({ evidence, violations, seed, round }: RoundResult): string {
  const { visits, stop, stalls, ...options } = evidence.plan;
  const { accounts, times, ledger, ending } = evidence;
  const drawn = visits.map(
    ({ style, at, moment, wants }, index) =>
      `  client ${index} ${style}, at ${at}, moment ${moment}: ${wants
        .map((want) => `${want.key} ${want.action} ${want.size}+${want.upload} in ${want.takes}`)
        .join('; ')}`,
  );
  const events = [
    ...ledger.events.map(([at, text]) => ({ at, text: `server ${text}` })),
    ...accounts.flatMap(({ index, diary }) =>
      diary.map(([at, text]) => ({ at, text: `client ${index}: ${text}` })),
    ),
    ...timesOf(times).map(([name, at]) => ({ at, text: `=== ${name}` })),
  ].toSorted((left, right) => left.at - right.at);
  return [
    `seed ${seed}, round ${round}: ${violations.join('; ')}`,
    `drawn: ${JSON.stringify({ ...options, stop, stalls })}`,
    ...drawn,
    `ending: ${JSON.stringify(ending)}`,
    ...events.map(({ at, text }) => `  ${String(at - ledger.begunAt).padStart(6)} ${text}`),
    `repeat: npm run chaos -- --seed ${seed} --round ${round} --kinds ${options.kind}`,
  ].join('\n');
}

function timesOf({ stoppedAt, begunAt, settledAt, deadline, razedAt }: Evidence['times']) {
  const times: [string, number][] = Object.entries({
    stopped: stoppedAt,
    begun: begunAt,
    settled: settledAt,
    deadline,
    razed: razedAt,
  });
  return times.filter(([, at]) => Number.isFinite(at));
}
