// Parses scripts as ECMAScript 5 and nothing newer; says where one is newer.
import { readFileSync } from 'node:fs';
import { parse } from 'acorn';

let failed = false;
for (const path of process.argv.slice(2)) {
  try {
    parse(readFileSync(path, 'utf8'), { ecmaVersion: 5, sourceType: 'script', locations: true });
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
