// The kiosk's service worker: what the screen shows is kept on this machine and works without a network.

const STORE = "xoay-kiosk";
/** Files whose name holds a hash of their content. */
const LASTING = /^\/objects\/|^\/viewer\/\w+-[0-9a-f]{16}\./;
/** How long a page, a manifest or a script with a lasting name is waited for before the kept one does. */
const PATIENCE_MS = 3000;
/** Requests at once while keeping: visitors come first. */
const AT_ONCE = 3;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => {
  if (event.data && event.data.keep) event.waitUntil(keep(event.data));
});
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || event.request.headers.has("range")) return;
  if (LASTING.test(url.pathname)) event.respondWith(lasting(event.request));
  else if (/^\/(kiosk|viewer\/|assets\/|products\/[^/]+\/manifest\.json$)/.test(url.pathname)) event.respondWith(fresh(event.request));
});

/** What never changes comes from here, else from the network, else the same picture in another size or format. */
async function lasting(request) {
  const store = await caches.open(STORE);
  // Another try of a script comes under another query.
  const kept = await store.match(request, { ignoreSearch: true });
  if (kept) return kept;
  try {
    const response = await fetch(request);
    if (response.status === 200) await put(store, request, response.clone());
    return response;
  } catch (error) {
    const other = await alternative(store, new URL(request.url).pathname);
    if (other) return other;
    throw error;
  }
}

/** What may change comes from the network, and from here where that is away or slow. */
async function fresh(request) {
  const store = await caches.open(STORE);
  const kept = await store.match(request) || (request.mode === "navigate" ? await store.match(request, { ignoreSearch: true }) : undefined);
  const stop = new AbortController();
  const timer = kept ? setTimeout(() => stop.abort(), PATIENCE_MS) : 0;
  try {
    const response = await fetch(request.url, { signal: stop.signal, credentials: "same-origin", headers: request.headers });
    if (response.status === 200) await put(store, request, response.clone());
    // A server that is starting again is no better than none.
    return response.status >= 500 && kept ? kept : response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A full disk keeps what it has. */
async function put(store, key, response) {
  try {
    await store.put(key, response);
  } catch {
    // Shown all the same.
  }
}

/** Addresses within a manifest, as paths. */
const path = (url, manifest) => new URL(url, new URL(manifest, location.origin)).pathname;

/** The files that a screen of this size and browser would ask for. */
function wanted(manifest, at, { width_px, height_px, formats }) {
  const files = [];
  const { spin, model } = manifest;
  if (spin) {
    const format = formats.find((name) => spin.renditions.some((one) => one.format === name));
    const sizes = spin.renditions.filter((one) => one.format === format).sort((a, b) => a.width - b.width);
    const needed = Math.min(width_px, (height_px * spin.width) / spin.height);
    const fit = sizes.find((one) => one.width >= 0.9 * needed) || sizes[sizes.length - 1];
    if (spin.sprite) files.push(spin.sprite.url);
    for (const poster of spin.posters || []) files.push(poster.url);
    if (fit) files.push(...fit.urls);
  }
  if (model) {
    for (const poster of model.posters || []) files.push(poster.url);
    files.push(model.url);
  }
  return files.map((url) => path(url, at));
}

/** Another size or format of the frame at `pathname`, from what is kept. */
async function alternative(store, pathname) {
  for (const request of await store.keys()) {
    if (!request.url.endsWith("/manifest.json")) continue;
    const manifest = await (await store.match(request)).json();
    const sets = manifest.spin ? manifest.spin.renditions.map((one) => one.urls) : [];
    const posters = manifest.spin ? manifest.spin.posters.map((one) => one.url) : [];
    for (const urls of sets) {
      const frame = urls.findIndex((url) => path(url, request.url) === pathname);
      if (frame < 0) continue;
      for (const others of sets) {
        const kept = await store.match(path(others[frame], request.url));
        if (kept) return kept;
      }
    }
    if (posters.some((url) => path(url, request.url) === pathname)) {
      for (const url of posters) {
        const kept = await store.match(path(url, request.url));
        if (kept) return kept;
      }
    }
  }
  return undefined;
}

let keeping = null;

/** Fetches what is missing of the catalogue and lets go of what it no longer names. */
async function keep(order) {
  // A later order replaces an earlier one that is still under way.
  keeping = order;
  const store = await caches.open(STORE);
  const files = new Set();
  let whole = true;
  for (const page of [...order.pages, ...order.files.filter((url) => new URL(url).origin === location.origin)]) {
    const url = new URL(page, location.origin);
    if (/^\/(objects|api)\//.test(url.pathname) || url.pathname.endsWith("/manifest.json")) continue;
    await take(store, url.href).catch(() => {});
  }
  // What the viewer loads only when a product asks for it.
  const viewer = await fetch("/viewer/package.json").then((response) => response.json()).then((about) => about.files, () => []);
  for (const file of viewer) if (/-[0-9a-f]{16}\./.test(file)) files.add(`/viewer/${file}`);
  for (const manifest of order.keep) {
    try {
      const response = await fetch(manifest);
      if (!response.ok) throw new Error(String(response.status));
      const copy = response.clone();
      for (const file of wanted(await response.json(), manifest, order)) files.add(file);
      await put(store, manifest, copy);
    } catch {
      // Away or broken: what is kept of it stays.
      whole = false;
    }
  }
  const queue = [...files];
  const work = async () => {
    while (queue.length && keeping === order) {
      const file = queue.shift();
      if (!(await store.match(file))) await take(store, file).catch(() => { whole = false; });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (!whole || keeping !== order) return;
  for (const request of await store.keys()) {
    const { pathname } = new URL(request.url);
    const dropped = LASTING.test(pathname) ? !files.has(pathname) : /^\/products\//.test(pathname) && !order.keep.includes(pathname);
    if (dropped) await store.delete(request);
  }
}

async function take(store, url) {
  const response = await fetch(url);
  if (response.status === 200) await store.put(url, response);
}
