// Uploads a file with tus-js-client as it comes, all settings its own: node tus.mjs <endpoint> <file>.
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { Upload } from "tus-js-client";

const [endpoint, path] = process.argv.slice(2);
const uploadSize = statSync(path).size;
new Upload(createReadStream(path), {
  endpoint,
  uploadSize,
  metadata: { filename: basename(path) },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(JSON.stringify({ uploadSize }));
  },
}).start();
