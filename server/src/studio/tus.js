// A client of tus 1.0: what a cut network left goes on where it stopped, also after the page was opened anew.
import { Refusal, call, exchange } from "./api.js";
import { t } from "./element.js";

/** So often without a byte of progress, and it is over. */
const TRIES = 8;
const LONGEST_PAUSE_MS = 20000;

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const tus = (more) => ({ "tus-resumable": "1.0.0", ...more });
/** By what this file is known again. */
const fingerprint = (file) => `${file.size}-${file.lastModified}`;
const isModel = (name) => /\.(glb|gltf)$/i.test(name);

/** Uploads under way, asked for once a product and page. */
const known = new Map();

async function resumable({ id: product, capture }, name, file) {
  if (!known.has(product)) known.set(product, call("GET", `/api/products/${product}/uploads`));
  let uploads;
  try {
    uploads = await known.get(product);
  } catch (refusal) {
    known.delete(product);
    throw refusal;
  }
  const at = uploads.findIndex((upload) => (isModel(name) ? upload.kind === "model" : upload.name === name && upload.captureId === capture) && upload.lengthBytes === file.size && upload.fingerprint === fingerprint(file));
  return at < 0 ? null : `/api/uploads/${uploads.splice(at, 1)[0].id}`;
}

async function create({ id: product, capture }, name, file) {
  const metadata = `filename ${encode(name)},kind ${encode(isModel(name) ? "model" : "photo")},fingerprint ${encode(fingerprint(file))}`;
  const answer = await exchange("POST", `/api/products/${product}/uploads?capture=${capture}`, tus({ "upload-length": file.size, "upload-metadata": metadata }), null);
  return answer("location");
}

/** Sends a file ({ file, name }) to a product's capture ({ id, capture }) for as long as there is progress, and tells how many of its bytes are there. */
export async function send(place, { file, name }, onProgress) {
  if (!file.size) throw new Refusal(422, t(`Tệp ${name} trống.`, `The file ${name} is empty.`));
  let address = null;
  let begun = false;
  let furthest = 0;
  for (let failures = 0; ; ) {
    try {
      let offset = 0;
      if (!begun) address = await resumable(place, name, file);
      begun = true;
      if (address) offset = Number((await exchange("HEAD", address, tus(), null))("upload-offset"));
      else address = await create(place, name, file);
      onProgress(offset);
      if (offset > furthest) failures = 0;
      furthest = Math.max(furthest, offset);
      if (offset === file.size) return;
      const piece = tus({ "upload-offset": offset, "content-type": "application/offset+octet-stream" });
      const answer = await exchange("PATCH", address, piece, file.slice(offset), (bytes) => onProgress(offset + bytes));
      if (Number(answer("upload-offset")) === file.size) return;
    } catch (refusal) {
      const lost = address && (refusal.status === 404 || refusal.status === 410);
      if (lost) address = null;
      const passing = refusal.passing || lost || refusal.code === "upload-cut" || refusal.code === "upload-offset";
      failures += 1;
      if (!passing || failures > TRIES) throw refusal;
      await new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** failures, LONGEST_PAUSE_MS)));
    }
  }
}
