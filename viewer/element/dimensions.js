// The product's size, drawn along the edges of its box.

const CSS = `/* dimensions.css */`;

const TEXT = {
  vi: { tool: 'Kích thước', say: (w, h, d) => `Rộng ${w}, cao ${h}, sâu ${d}` },
  en: { tool: 'Dimensions', say: (w, h, d) => `${w} wide, ${h} high, ${d} deep` },
};

const METRES = { mm: 0.001, cm: 0.01, m: 1 };

/** A length in the unit that people would use for it. */
export function length(metres, lang) {
  const unit = metres < 0.01 ? 'mm' : metres < 3 ? 'cm' : 'm';
  const value = metres / METRES[unit];
  const digits = value < 10 ? 1 : 0;
  return `${new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(value)} ${unit}`;
}

/**
 * The three edges along which to write, as pairs of corners 0–7 (bit 0 for x, 1 for y, 2 for z). `at` are the corners on the
 * stage: width and depth go along the lowest edges on it, the height along the outermost.
 */
export function edges(at) {
  const middle = at.reduce((sum, p) => sum + p.x, 0) / at.length;
  const along = (bit, starts, score) => {
    const all = starts.map((start) => [start, start | bit]);
    return all.reduce((best, edge) => (score(edge) > score(best) ? edge : best));
  };
  const low = ([a, b]) => at[a].y + at[b].y;
  const width = along(1, [0, 4], low);
  const depth = along(4, [0, 1], low);
  // At the free end of the width, so that its label stands apart from the depth's.
  const corner = width.find((one) => !depth.includes(one)) ?? width[0];
  const height = along(2, [0, 1, 4, 5], ([a, b]) => Math.abs(at[a].x + at[b].x - 2 * middle) + (a === corner ? 1e-3 : 0));
  return [width, height, depth];
}

export default function dimensions(viewer, { make, style }) {
  const { controls } = viewer._ready;
  style(viewer.shadowRoot, CSS);
  const lines = [0, 1, 2].map(() => [make('line', { class: 'halo' }), make('line')]);
  const labels = [0, 1, 2].map(() => make('span', { class: 'size', part: 'dimension' }));
  const drawing = make('svg', { class: 'edges', 'aria-hidden': 'true' }, ...lines.flat());
  const layer = make('div', { class: 'dimensions', part: 'dimensions', hidden: '' }, drawing, ...labels);
  viewer._layer.prepend(layer);
  const tool = controls.tool('M3 16L16 3l5 5L8 21zM7 12l2 2M10 9l3 3M13 6l2 2', () => toggle(!on), 4);
  let on = false;

  /** Least and greatest corner, metres: those of the model, else as large as measured, on the turntable's axis. */
  function box() {
    const view = viewer._views.model;
    const given = view && view.bounds ? [...view.bounds()] : [];
    const { bounds } = viewer._parts.model || {};
    const known = [[given.slice(0, 3), given.slice(3)], [(bounds && bounds.min) || [], (bounds && bounds.max) || []]];
    // A manifest may know none and say nought.
    const found = known.find(([least, most]) => most.length === 3 && most.every((m, k) => m > least[k]));
    if (found) return found;
    const size = viewer._product.dimensionsM;
    return size && [[-size[0] / 2, 0, -size[2] / 2], [size[0] / 2, size[1], size[2] / 2]];
  }

  /** Width, height and depth, metres: as measured, else the model's. */
  function size() {
    const measured = viewer._product.dimensionsM;
    const corners = box();
    return measured || (corners && corners[1].map((most, k) => most - corners[0][k]));
  }

  function place() {
    if (!on) return;
    const corners = box();
    const metres = size();
    const at = corners && [0, 1, 2, 3, 4, 5, 6, 7].map((n) => viewer.project([0, 1, 2].map((k) => corners[(n >> k) & 1][k])));
    const known = Boolean(at && at.every(Boolean));
    drawing.toggleAttribute('hidden', !known);
    layer.classList.toggle('listed', !known);
    if (!metres) return;
    const ends = known ? edges(at) : [];
    labels.forEach((label, k) => {
      label.textContent = length(metres[k], viewer._lang);
      label.style.transform = '';
      if (!known) return;
      const [a, b] = ends[k].map((n) => at[n]);
      for (const line of lines[k]) {
        for (const [name, value] of [['x1', a.x], ['y1', a.y], ['x2', b.x], ['y2', b.y]]) line.setAttribute(name, value.toFixed(1));
      }
      label.style.transform = `translate(-50%,-50%) translate(${((a.x + b.x) / 2).toFixed(1)}px,${((a.y + b.y) / 2).toFixed(1)}px)`;
      // Seen along its edge a length says nothing.
      label.hidden = Math.hypot(a.x - b.x, a.y - b.y) < 14;
    });
  }

  function toggle(to, silently) {
    on = to;
    layer.hidden = !on;
    tool.setAttribute('aria-pressed', String(on));
    place();
    if (silently) return;
    viewer._emit('dimensions', { on });
    const metres = size();
    if (on && metres) viewer._announce(TEXT[viewer._lang].say(...metres.map((m) => length(m, viewer._lang))));
  }

  function follow() {
    tool.hidden = viewer.getAttribute('dimensions') === 'off' || !size();
    toggle(!tool.hidden && viewer.hasAttribute('dimensions'), true);
  }

  follow();
  return {
    speak() {
      controls.label(tool, TEXT[viewer._lang].tool);
      place();
    },
    drawn: place,
    shown() {
      if (tool.hidden) follow();
      else place();
    },
    changed(name) { if (name === 'dimensions') follow(); },
    stop() {
      layer.remove();
      tool.remove();
    },
  };
}
