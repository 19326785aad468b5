// From what was dropped to files, and from files to the service: three at a time, without what is there already.
import { call } from "./api.js";
import { send } from "./tus.js";

const PARALLEL = 3;
const PHOTO = /\.(jpe?g|png|webp|tiff?)$/i;
const MODEL = /\.(glb|gltf)$/i;

async function entriesOf(reader) {
  const all = [];
  // A folder is read in portions of at most a hundred.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

async function filesIn(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
  } else {
    for (const child of await entriesOf(entry.createReader())) await filesIn(child, found);
  }
}

/** Every file under what was dropped, folders included. Must be called in the drop event itself. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await filesIn(entry, found);
  return found;
}

/** The files of an input, with their paths where a folder was chosen. */
export const chosen = (files) => [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/** Sorts files into photos (with names that are unique in one folder), a model, and what is neither. */
export function sorted(found) {
  const photos = [];
  const models = [];
  const ignored = [];
  for (const { file, path } of found) {
    const name = path.split("/").pop();
    if (name.startsWith(".") || name === "Thumbs.db") continue;
    if (PHOTO.test(name)) photos.push({ file, path, name });
    else if (MODEL.test(name)) models.push({ file, path, name });
    else ignored.push(path);
  }
  const seen = new Map();
  for (const photo of photos) seen.set(photo.name.toLowerCase(), (seen.get(photo.name.toLowerCase()) || 0) + 1);
  for (const photo of photos) {
    // Rows that lie in folders of their own repeat their names.
    if (seen.get(photo.name.toLowerCase()) > 1) photo.name = photo.path.split("/").slice(-2).join("-");
  }
  const order = new Intl.Collator("en", { numeric: true });
  photos.sort((a, b) => order.compare(a.name, b.name));
  return { photos, models, ignored };
}

/** The photos that a product's capture has; none where that cannot be told, since sending one twice does no harm. */
const arrived = ({ id, capture }) => call("GET", `/api/products/${id}/photos?capture=${capture}`).catch(() => []);

/** Whether one of `photos` is this file, byte for byte. */
async function isAmong(photos, { name, file }) {
  const same = photos.find((photo) => photo.name === name && photo.sizeBytes === file.size);
  // Pages without TLS elsewhere than on this machine have no hash.
  if (!same || !crypto.subtle) return false;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") === same.sha256;
}

/** Sends `items` ({ file, path, name }) to a product's capture ({ id, capture }); tells { sent, total, files } and returns what was refused. */
export async function upload(place, items, onProgress) {
  const total = items.reduce((sum, item) => sum + item.file.size, 0);
  const sent = new Array(items.length).fill(0);
  const refused = [];
  let files = 0;
  let next = 0;
  const tell = () => onProgress({ sent: sent.reduce((sum, bytes) => sum + bytes, 0), total, files, count: items.length });
  async function worker() {
    while (next < items.length) {
      const index = next;
      next += 1;
      const item = items[index];
      try {
        if (!(await isAmong(there, item))) {
          await send(place, item, (bytes) => {
            sent[index] = Math.min(bytes, item.file.size);
            tell();
          });
        }
      } catch (refusal) {
        refused.push({ item, refusal });
      }
      sent[index] = item.file.size;
      files += 1;
      tell();
    }
  }
  tell();
  const there = await arrived(place);
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  return refused;
}
