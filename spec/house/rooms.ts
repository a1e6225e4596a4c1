/** A folder of lib/, which is one idea; or the files that stand above all folders. */
export interface Room {
  /** Of the folder, below lib/; `''` for what stands there itself. */
  readonly name: string;
  readonly says: string;
  /** The rooms that its files may import from. */
  readonly uses: readonly string[];
  /** Where it stands in the picture, if not in the middle. */
  readonly side?: 'left' | 'right';
}

/** The plain facts that stand in lib/ itself, and that every room but the lowest may import. */
export const facts = ['bounds', 'diagnostics', 'reports'];

/** From the lowest to the highest. */
export const rooms: readonly Room[] = [
  { name: 'primitives', says: 'Small tools that know nothing of servers.', uses: [] },
  {
    name: 'shutdown',
    says: 'What a shutdown is made of: a deadline, ends in slices, stragglers.',
    uses: ['primitives'],
  },
  {
    name: 'protocols',
    says: 'What a server is, and how its connections are taken in, ended and counted.',
    uses: ['primitives', 'shutdown'],
  },
  {
    name: 'listening',
    says: 'The listener: bound, watched, asked for the last call, closed once.',
    uses: ['primitives', 'shutdown', 'protocols'],
  },
  {
    name: 'accepting',
    says: 'From the kernel to the consumer: the queue, in order, and the counts.',
    uses: ['primitives', 'shutdown', 'protocols', 'listening'],
  },
  {
    name: 'draining',
    side: 'left',
    says: 'All connections of a server that other code handles.',
    uses: ['primitives', 'shutdown', 'protocols', 'listening'],
  },
  {
    name: 'serving',
    says: 'A task for each connection: its handler, its signals, its end.',
    uses: ['primitives', 'shutdown', 'protocols', 'listening', 'accepting'],
  },
  {
    name: 'signals',
    side: 'right',
    says: 'What tells a process to stop.',
    uses: ['primitives'],
  },
  {
    name: 'registering',
    side: 'left',
    says: 'All servers of a process: found, stopped by one signal, reported.',
    uses: ['primitives', 'protocols', 'accepting', 'draining', 'signals'],
  },
  {
    name: '',
    says: 'The public names: contracts, and checks of what is given.',
    uses: [
      'primitives',
      'shutdown',
      'protocols',
      'listening',
      'accepting',
      'draining',
      'serving',
      'signals',
      'registering',
    ],
  },
];
