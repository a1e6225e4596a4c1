/** Draws docs/figures/house.svg from the imports of lib/: `npm run house`. */
import { writeFileSync } from 'node:fs';
import { sourceFiles } from './imports.ts';
import { drawHouse } from './picture.ts';

writeFileSync(new URL('../../docs/figures/house.svg', import.meta.url), drawHouse(sourceFiles()));
