import { writeFileSync } from 'node:fs';

import { conformancePage, pagePath } from './conformance-page.ts';

// node --conditions=@accept-loop/source --import tsx spec/conformance/page.ts

writeFileSync(pagePath, conformancePage());
