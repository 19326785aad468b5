// Validates GLB files with the Khronos glTF validator: one line of JSON each, exit code 1 if any has errors.
//   node validate.mjs model.glb …
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const validator = createRequire(import.meta.url)('gltf-validator');

let failed = false;
for (const file of process.argv.slice(2)) {
  let line;
  try {
    const report = await validator.validateBytes(new Uint8Array(await readFile(file)), { maxIssues: 1000 });
    const { numErrors, numWarnings, numInfos, messages } = report.issues;
    line = { file, errors: numErrors, warnings: numWarnings, infos: numInfos, messages: messages.slice(0, 10) };
  } catch (error) {
    // Bytes that are no glTF at all make the validator throw; that is an error like any other.
    line = { file, errors: 1, warnings: 0, infos: 0, messages: [{ message: String(error) }] };
  }
  failed ||= line.errors > 0;
  console.log(JSON.stringify(line));
}
process.exitCode = failed ? 1 : 0;
