import { attemptOf } from '../../primitives/hear.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { stragglerOf } from '../../shutdown/stragglers.ts';
import type { Http1Connection, HttpState } from './http1-connection.ts';
import { isArriving, type OpenExchange } from './open-exchange.ts';
import { requestLineOf } from './request-line.ts';

/** Lists an HTTP/1 connection, unless it has been ended. */
export function listOpen(connection: Http1Connection, list: OpenList): void {
  const { socket, since } = connection;
  if (attemptOf(socket, 'destroyed', () => socket.destroyed)) return;
  const state = attemptOf(socket, 'state', () => openStateOf(connection)) ?? 'running';
  list.add(socket, state, since, () => describe(connection));
}

/** Describes an HTTP/1 connection, with the request that its client waits for. */
export function describe(connection: Http1Connection, given?: Straggler['kind']): Straggler {
  const { socket, since } = connection;
  const kind = given ?? attemptOf(socket, 'state', () => kindOf(connection.state)) ?? 'connection';
  const request = attemptOf(socket, 'request', () => servedOf(connection)?.request);
  const line = kind === 'upgrade' ? {} : requestLineOf(request);
  return stragglerOf(kind, socket, since, line);
}

function kindOf(state: HttpState): Straggler['kind'] {
  if (state === 'upgraded') return 'upgrade';
  return state === 'active' || state === 'half a request' ? 'request' : 'connection';
}

function openStateOf(connection: Http1Connection): OpenState {
  const { state } = connection;
  if (state === 'half a request' || state === 'upgraded') return state;
  const { request, response } = servedOf(connection) ?? {};
  if (!request || !response) return 'idle';
  if (!response.writableEnded) return 'running';
  return response.writableFinished && isArriving(request) ? 'half a request' : 'flushing';
}

/** The first exchange that is not answered. If all are answered, the first one. */
function servedOf({ first }: Http1Connection): OpenExchange | undefined {
  let exchange = first;
  while (exchange?.response.writableEnded) exchange = exchange.next;
  return exchange ?? first;
}
