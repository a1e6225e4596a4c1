import { writeFileSync } from 'node:fs';

import { pagePath, runtimesPage } from './runtimes-page.ts';

// node --import tsx spec/runtimes/table.ts

writeFileSync(pagePath, runtimesPage());
