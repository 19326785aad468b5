// Points of the product that say something: the manifest's, and the page's own children in slots `hotspot-…`.

const CSS = `/* hotspots.css */`;

const TEXT = {
  vi: { close: 'Đóng', more: 'Tìm hiểu thêm', points: 'Điểm đáng xem', behind: 'ở mặt sau' },
  en: { close: 'Close', more: 'Learn more', points: 'Points of interest', behind: 'on the far side' },
};

/** Metres, as `0.1 0.2 -0.05`, with or without commas and `m`. */
function numbers(text) {
  const parts = (text || '').trim().split(/[\s,]+/).map(parseFloat);
  return parts.length === 3 && parts.every(Number.isFinite) ? parts : null;
}

/** The turn and the height, degrees, from which a point faces the camera. */
export function facing(position, normal) {
  const level = (v) => v && Math.hypot(v[0], v[2]) > 0.2 * Math.hypot(...v);
  const from = level(normal) ? normal : position;
  const turned = level(from) ? (-Math.atan2(from[0], from[2]) * 180) / Math.PI : null;
  const up = normal ? (Math.asin(normal[1] / (Math.hypot(...normal) || 1)) * 180) / Math.PI : 15;
  return { angle: turned, elevation: Math.max(5, Math.min(60, up)) };
}

export default function hotspots(viewer, { make, icon, style, pick }) {
  style(viewer.shadowRoot, CSS);
  const here = new AbortController();
  const { signal } = here;
  const group = make('div', { class: 'spots', part: 'hotspots', role: 'group' });
  viewer._layer.append(group);
  const title = make('strong', { id: 'spot-title' });
  const text = make('p', { id: 'spot-text' });
  const link = make('a', { part: 'hotspot-link', rel: 'noopener' });
  const close = make('button', { type: 'button', class: 'icon', part: 'button' }, icon('M6 6l12 12M18 6L6 18'));
  const panel = make('div', { class: 'panel', part: 'hotspot-panel', role: 'group', id: 'spot-panel', 'aria-labelledby': 'spot-title', hidden: '' }, title, close, text, link);
  // After the points in the order of the focus.
  group.after(panel);
  let t = TEXT.en;
  let spots = [];
  let shown = null;

  function own(spot, index) {
    const button = make('button', { type: 'button', class: 'spot', part: 'hotspot', 'aria-expanded': 'false', 'aria-controls': 'spot-panel' }, String(index + 1));
    return { id: String(spot.id), position: spot.position, normal: spot.normal, about: spot, button, place: make('div', { class: 'place' }, button) };
  }

  function slotted(child) {
    const place = make('div', { class: 'place' }, make('slot', { name: child.slot }));
    return { id: child.slot.replace(/^hotspot-/, ''), position: numbers(child.dataset.position), normal: numbers(child.dataset.normal), button: child, place, child };
  }

  /** Finds all points anew. */
  function gather() {
    hide();
    const children = [...viewer.children].filter((child) => /^hotspot-/.test(child.slot));
    const sound = (spot) => Array.isArray(spot.position) && spot.position.length === 3 && spot.position.every(Number.isFinite);
    spots = [...(viewer._product.hotspots || []).filter(sound).map(own), ...children.map(slotted).filter((spot) => spot.position)];
    group.replaceChildren(...spots.map((spot) => spot.place));
    for (const spot of spots) {
      spot.place.addEventListener('click', () => toggle(spot), { signal });
      spot.place.addEventListener('focusin', () => face(spot), { signal });
    }
    speak();
    place();
  }

  /** Puts every point where the view shows it. */
  function place() {
    let known = false;
    for (const spot of spots) {
      const at = viewer.project(spot.position, spot.normal);
      spot.place.hidden = !at;
      if (!at) continue;
      known = true;
      spot.place.style.transform = `translate(${at.x.toFixed(1)}px,${at.y.toFixed(1)}px)`;
      if (spot.behind === !at.visible) continue;
      spot.behind = !at.visible;
      spot.place.classList.toggle('behind', spot.behind);
      if (spot.child) spot.child.toggleAttribute('data-behind', spot.behind);
      else label(spot);
    }
    group.hidden = !known;
    if (!known) hide();
  }

  function label(spot) {
    // With the number that is seen, for those who say what to click.
    const name = [`${spot.button.textContent}.`, pick(spot.about.title, viewer._lang)].join(' ').trim();
    spot.button.setAttribute('aria-label', spot.behind ? `${name} (${t.behind})` : name);
  }

  /** Who comes with the keyboard to a point that is behind gets it turned to the front. */
  function face(spot) {
    if (spot.behind) turnTo(spot);
  }

  function turnTo(spot, zoom = 1) {
    const to = facing(spot.position, spot.normal);
    viewer.look({ angle: to.angle === null ? viewer.angle : to.angle, elevation: to.elevation, zoom });
  }

  function toggle(spot) {
    viewer._touch('button');
    if (shown === spot) hide();
    else reveal(spot);
  }

  function reveal(spot) {
    hide();
    shown = spot;
    viewer._emit('hotspot', { id: spot.id, open: true });
    // A child of the page shows what it has to say itself.
    if (spot.child) return;
    spot.button.setAttribute('aria-expanded', 'true');
    fill(spot);
    panel.hidden = false;
    viewer._frameBox.classList.add('told');
    viewer._announce([title.textContent, text.textContent].filter(Boolean).join('. '));
  }

  function fill(spot) {
    title.textContent = pick(spot.about.title, viewer._lang);
    text.textContent = pick(spot.about.text, viewer._lang);
    text.hidden = !text.textContent;
    const url = address(spot.about.url);
    link.hidden = !url || viewer.hasAttribute('kiosk');
    if (url) link.href = url;
    else link.removeAttribute('href');
    link.textContent = t.more;
    link.setAttribute('aria-describedby', 'spot-title');
  }

  /** A link that leads to a page and runs nothing. */
  function address(url) {
    try {
      const link = new URL(url, viewer._base);
      return url && /^(https?|mailto|tel):$/.test(link.protocol) ? link.href : null;
    } catch (_) {
      return null;
    }
  }

  function hide() {
    if (!shown) return;
    const was = shown;
    shown = null;
    if (!was.child) was.button.setAttribute('aria-expanded', 'false');
    if (panel.contains(viewer.shadowRoot.activeElement)) was.button.focus();
    panel.hidden = true;
    viewer._frameBox.classList.remove('told');
    viewer._emit('hotspot', { id: was.id, open: false });
  }

  function speak() {
    t = TEXT[viewer._lang];
    group.setAttribute('aria-label', t.points);
    close.setAttribute('aria-label', t.close);
    close.title = t.close;
    for (const spot of spots) if (!spot.child) label(spot);
    if (shown && !shown.child) fill(shown);
  }

  close.addEventListener('click', hide);
  viewer._frameBox.addEventListener('keydown', (event) => { if (event.key === 'Escape' && shown) hide(); }, { signal });
  const news = new MutationObserver((changes) => {
    if (changes.some((change) => [...change.addedNodes, ...change.removedNodes].some((node) => /^hotspot-/.test(node.slot || '')))) gather();
  });
  news.observe(viewer, { childList: true });

  // With `editing` a click tells the point of the product that it met.
  let from = null;
  viewer._stage.addEventListener('pointerdown', (event) => { from = [event.clientX, event.clientY]; }, { signal });
  viewer._stage.addEventListener('pointerup', (event) => {
    if (!from || !viewer.hasAttribute('editing') || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 5) return;
    const box = viewer._stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const at = viewer.surfaceAt(x, y) || { position: null, normal: null };
    viewer._emit('point', { ...at, x, y, view: viewer.view, angle: viewer.angle, elevation: viewer.elevation, frame: viewer.view === 'spin' ? viewer.frame : null });
  }, { signal });

  gather();
  return {
    speak,
    drawn: place,
    shown: place,
    hide,
    /** Shows which point is spoken of elsewhere. */
    mark(id) { for (const spot of spots) spot.place.classList.toggle('marked', spot.id === id); },
    /** Opens a point and turns the product so that it is seen. */
    show(id, quietly) {
      const spot = spots.find((one) => one.id === String(id));
      if (!spot) return false;
      if (!quietly) turnTo(spot);
      reveal(spot);
      return true;
    },
    stop() {
      here.abort();
      news.disconnect();
      viewer._frameBox.classList.remove('told');
      group.remove();
      panel.remove();
    },
  };
}
