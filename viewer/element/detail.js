// While zoomed into the photos: the frame in view by its deep-zoom tiles, or in its largest rendition where it has none.
// How a file of tiles is laid out stands in pipeline/format/src/tiles.rs.

const HEAD_BYTES = 24;
const MAGIC = 'XTILES\0\x01';
/** Tiles held at once: at 512 pixels square some 48 MB. */
const MOST_TILES = 48;
const MOST_REQUESTS = 4;
/** How long a frame must stay in view before its tiles are asked for. */
const REST_MS = 150;

/** Sizes and places of the tiles in a file that begins with `head`; null where it is none or contradicts itself. */
export function layoutOf(head) {
  const view = new DataView(head);
  if (head.byteLength < HEAD_BYTES || [...MAGIC].some((letter, at) => view.getUint8(at) !== letter.charCodeAt(0))) return null;
  const [width, height, side, levels] = [view.getUint32(8, true), view.getUint32(12, true), view.getUint16(16, true), view.getUint8(19)];
  const indexBytes = view.getUint32(20, true);
  const type = ['', 'image/webp', 'image/jpeg'][view.getUint8(18)];
  if (!width || !height || !side || !type || !levels || levels > 16 || indexBytes > head.byteLength) return null;
  const sizes = [];
  let offset = indexBytes;
  let at = HEAD_BYTES;
  for (let level = 0; level < levels; level += 1) {
    const [w, h] = [Math.ceil(width / 2 ** level), Math.ceil(height / 2 ** level)];
    const columns = Math.ceil(w / side);
    const tiles = [];
    for (let count = columns * Math.ceil(h / side); count > 0; count -= 1, at += 4) {
      if (at + 4 > indexBytes) return null;
      const bytes = view.getUint32(at, true);
      tiles.push([offset, bytes]);
      offset += bytes;
    }
    sizes.push({ width: w, height: h, columns, tiles });
  }
  return at === indexBytes ? { side, type, levels: sizes } : null;
}

/** The coarsest level that is as wide as the picture is shown, within a tenth. */
export function levelFor(layout, shownPx) {
  let level = layout.levels.length - 1;
  while (level > 0 && layout.levels[level].width < shownPx * 0.9) level -= 1;
  return level;
}

export default function detail(viewer, { make }) {
  const canvas = make('canvas', { class: 'spin', part: 'detail', 'aria-hidden': 'true', hidden: '' });
  const context = canvas.getContext('2d');
  const held = new Map();
  let frame = -1;
  let layout = null;
  let cut = null;
  let timer = 0;
  let waiting = [];
  let running = 0;
  let told = false;

  function forget() {
    clearTimeout(timer);
    if (cut) cut.abort();
    for (const tile of held.values()) if (tile.bitmap) tile.bitmap.close();
    held.clear();
    waiting = [];
    [frame, layout, cut, running] = [-1, null, null, 0];
    canvas.hidden = true;
  }

  /** Bytes of a file, by range where the server knows ranges. */
  async function part(url, start, bytes, signal) {
    const response = await fetch(url, { headers: { range: `bytes=${start}-${start + bytes - 1}` }, signal });
    if (!response.ok) throw new Error(`${response.status} ${url}`);
    const body = await response.arrayBuffer();
    return response.status === 206 ? body : body.slice(start, start + bytes);
  }

  function failed(error) {
    if (error.name === 'AbortError' || told) return;
    told = true;
    viewer._emit('error', { kind: 'tiles', message: String(error), fatal: false });
  }

  /** Where the whole picture lies on the spin's canvas, device pixels. */
  function place(view) {
    const spin = viewer._parts.spin;
    const { width, height } = view.canvas;
    const aspect = spin.width / spin.height;
    const w = Math.min(width, height * aspect) * view.zoom;
    return { x: width / 2 - view.zoom_x * w, y: height / 2 - (view.zoom_y * w) / aspect, w, h: w / aspect };
  }

  const url = (of) => new URL(of.urls[frame], viewer._base).href;

  /** Learns how the frame in view is cut. Without tiles its largest rendition is one. */
  async function begin(signal) {
    const { tiles, renditions } = viewer._parts.spin;
    try {
      if (tiles) layout = layoutOf(await part(url(tiles), 0, tiles.indexBytes, signal));
      else {
        const widest = Math.max(...renditions.map((r) => r.width));
        const best = renditions.filter((r) => r.width === widest);
        layout = { whole: best.map(url), side: widest, levels: [{ width: widest, height: best[0].height, columns: 1, tiles: [[0, 0]] }] };
      }
      if (layout && !signal.aborted) draw();
    } catch (error) {
      failed(error);
    }
  }

  async function load(tile, signal) {
    const [start, bytes] = tile.range;
    if (!layout.whole) return new Blob([await part(url(viewer._parts.spin.tiles), start, bytes, signal)], { type: layout.type });
    for (const address of layout.whole) {
      const blob = await fetch(address, { signal }).then((response) => (response.ok ? response.blob() : null));
      if (blob && await createImageBitmap(blob).then((bitmap) => bitmap.close() || true, () => false)) return blob;
    }
    throw new Error('no rendition can be decoded');
  }

  function pump() {
    while (running < MOST_REQUESTS && waiting.length) {
      const tile = waiting.shift();
      const { signal } = cut;
      running += 1;
      tile.asked = true;
      load(tile, signal).then((blob) => createImageBitmap(blob)).then((bitmap) => {
        if (signal.aborted) return bitmap.close();
        tile.bitmap = bitmap;
        return draw();
      }).catch(failed).then(() => {
        if (signal.aborted) return;
        running -= 1;
        pump();
      });
    }
  }

  /** Draws the tiles in view that are here, and asks for the others, those in the middle first. */
  function draw() {
    const view = viewer._views.spin;
    if (!view || !layout) return;
    const at = place(view);
    const { width, height } = view.canvas;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.clearRect(0, 0, width, height);
    canvas.hidden = false;
    const level = levelFor(layout, at.w);
    const size = layout.levels[level];
    const scale = at.w / size.width;
    const seen = [];
    size.tiles.forEach((range, number) => {
      const [column, row] = [number % size.columns, Math.floor(number / size.columns)];
      const [x, y] = [at.x + column * layout.side * scale, at.y + row * layout.side * scale];
      const w = Math.min(layout.side, size.width - column * layout.side) * scale;
      const h = Math.min(layout.side, size.height - row * layout.side) * scale;
      if (x >= width || y >= height || x + w <= 0 || y + h <= 0) return;
      const key = `${level}/${number}`;
      const tile = held.get(key) || { range };
      // Anew at the end: the first are those not used for longest.
      held.delete(key);
      held.set(key, tile);
      // Whole device pixels, or seams show between tiles.
      const [left, top] = [Math.round(x), Math.round(y)];
      if (tile.bitmap) context.drawImage(tile.bitmap, left, top, Math.round(x + w) - left, Math.round(y + h) - top);
      seen.push({ tile, far: Math.hypot(x + w / 2 - width / 2, y + h / 2 - height / 2) });
    });
    waiting = seen.filter(({ tile }) => !tile.bitmap && !tile.asked).sort((a, b) => a.far - b.far).map(({ tile }) => tile);
    for (const [key, tile] of held) {
      if (held.size <= Math.max(MOST_TILES, seen.length)) break;
      if (tile.bitmap) tile.bitmap.close();
      held.delete(key);
    }
    pump();
  }

  return {
    drawn() {
      const view = viewer._views.spin;
      if (!view || viewer._view !== view || !view.zoomed) {
        if (frame >= 0) forget();
        return;
      }
      if (!canvas.parentNode) view.canvas.after(canvas);
      if (view.frame !== frame) {
        forget();
        frame = view.frame;
        cut = new AbortController();
        const { signal } = cut;
        timer = setTimeout(() => begin(signal), REST_MS);
      } else draw();
    },
    stop() {
      forget();
      canvas.remove();
    },
  };
}
