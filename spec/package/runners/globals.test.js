// For runners whose functions are globals: Jest, Vitest and Mocha.
import { steps } from './smoke.js';

for (const [name, step] of Object.entries(steps)) globalThis.it(name, step);
