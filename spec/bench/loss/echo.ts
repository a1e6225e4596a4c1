import type { RequestListener } from 'node:http';

/** How long a request is worked on, in ms: 1 to 5. */
export function workTime(): number {
  return 1 + Math.random() * 4;
}

/** Answers with the body that came, a few milliseconds after it came. */
export const echo: RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    setTimeout(() => {
      response.setHeader('content-type', 'application/json');
      response.end(body);
    }, workTime());
  });
};
