// <xoay-viewer>: shows the poster at once, then loads the module that the manifest asks for. See EMBEDDING.md.

import { TEXT } from './words.js';
import { make, icon, style, pick } from './dom.js';
import { get, expect, script, again, offline } from './network.js';
import { hands } from './hands.js';
import { openPhotos } from './photos.js';
import { withApi } from './api.js';

// Written out one by one: bundlers find files by this form.
const FILES = {
  spin: [new URL('./spin.js', import.meta.url), new URL('./spin.wasm', import.meta.url)],
  model: [new URL('./model.js', import.meta.url), new URL('./model.wasm', import.meta.url)],
  draco: [new URL('./draco.js', import.meta.url), new URL('./draco.wasm', import.meta.url)],
  ktx2: [new URL('./ktx2.js', import.meta.url), new URL('./ktx2.wasm', import.meta.url)],
  legacy: [new URL('./legacy.js', import.meta.url)],
  controls: [new URL('./controls.js', import.meta.url)],
  detail: [new URL('./detail.js', import.meta.url)],
  hotspots: [new URL('./hotspots.js', import.meta.url)],
  dimensions: [new URL('./dimensions.js', import.meta.url)],
  tour: [new URL('./tour.js', import.meta.url)],
  variants: [new URL('./variants.js', import.meta.url)],
  motion: [new URL('./motion.js', import.meta.url)],
  ar: [new URL('./ar.js', import.meta.url)],
  kiosk: [new URL('./kiosk.js', import.meta.url)],
};

// The build puts the style sheet here.
const CSS = `/* xoay-viewer.css */`;

/** What features are given to build with. */
const KIT = { make, icon, style, pick, get };

const inBrowser = typeof HTMLElement !== 'undefined';
const loaded = {};

/** Loads a WebAssembly module once; a failed load is tried again the next time. */
function load(name) {
  const [glue, wasm] = FILES[name];
  if (!loaded[name]) {
    // Both at once: the script is of no use without the module.
    const begun = fetch(wasm);
    begun.catch(() => {});
    loaded[name] = script(glue.href)
      .then((module) => again((tries) => module.default({ module_or_path: tries ? wasm.href : begun })).then(() => module));
    loaded[name].catch(() => { loaded[name] = null; });
  }
  return loaded[name];
}

const media = (query) => matchMedia(query).matches;

class XoayViewer extends withApi(inBrowser ? HTMLElement : class {}) {
  static get observedAttributes() {
    return ['src', 'poster', 'width', 'height', 'alt', 'lang', 'view', 'autoplay', 'dimensions', 'editing', 'kiosk', 'idle', 'countdown'];
  }

  constructor() {
    super();
    this._views = {};
    this._run = 0;
    this._shown = null;
    this._features = {};
    this._ready = {};
    this._later = [];
    this._build(this.attachShadow({ mode: 'open' }));
  }

  connectedCallback() {
    // All that listens beyond the element ends with it.
    if (!this._here) {
      this._here = new AbortController();
      const { signal } = this._here;
      addEventListener('online', () => this._online(), { signal });
      addEventListener('offline', () => { if (this._view) this._announce(this._t.errors.cut, true); }, { signal });
    }
    this._speak();
    this._layout();
    if (this.getAttribute('loading') === 'lazy' && typeof IntersectionObserver !== 'undefined') {
      this._near = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) this._begin();
      }, { rootMargin: '300px' });
      this._near.observe(this);
    } else {
      this._begin();
    }
  }

  disconnectedCallback() {
    // An element that is only moved comes back within the same task.
    Promise.resolve().then(() => {
      if (this.isConnected) return;
      this._stop();
      if (this._here) this._here.abort();
      this._here = null;
    });
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this._stage) return;
    if (name === 'src') {
      if (this._begun) this.reload();
      else if (this._here && this.getAttribute('loading') !== 'lazy') this._begin();
    } else if (name === 'view' && this._begun && after) this.view = after;
    else this._layout();
    if (name === 'lang' || name === 'alt') this._speak();
    this._tell('changed', name);
    this._want();
  }

  _build(root) {
    style(root, CSS);
    this._poster = make('img', { class: 'poster', part: 'poster', alt: '', decoding: 'async', hidden: '' });
    this._posters = make('div', { class: 'posters' }, make('slot', { name: 'poster' }, this._poster));
    this._stage = make('div', { class: 'stage', part: 'stage', tabindex: '0', role: 'img' }, this._posters);
    hands(this, this._stage);
    // What features put over the picture.
    this._layer = make('div', { class: 'layer' });
    this._busy = make('div', { class: 'busy', part: 'busy', hidden: '' });
    this._startText = make('span');
    this._start = make('button', { type: 'button', class: 'start', part: 'start', hidden: '', click: () => this._reply() }, this._startText);
    this._noteText = make('div');
    this._retry = make('button', { type: 'button', part: 'retry', click: () => { this._asked = true; this.reload(); } });
    this._note = make('div', { class: 'note', part: 'message', role: 'alert', hidden: '' }, this._noteText, this._retry);
    this._live = make('div', { class: 'live', part: 'notice', role: 'status' });
    this._seen = make('div', { class: 'seen', part: 'seen', 'aria-hidden': 'true', hidden: '' });
    this._frameBox = make('div', { class: 'frame', part: 'frame', dir: 'ltr' },
      this._stage, this._start, this._layer, this._busy, this._note, this._live, this._seen);
    root.append(this._frameBox);
  }

  /** Puts words in place, in the page's language. */
  _speak() {
    const near = this.closest('[lang]');
    const lang = (near && near.lang) || document.documentElement.lang || navigator.language || '';
    this._lang = /^vi\b/i.test(lang) ? 'vi' : 'en';
    const t = this._t = TEXT[this._lang];
    this._startText.textContent = t.start;
    this._retry.textContent = t.retry;
    this._frameBox.lang = this._lang;
    this._describe();
    this._tell('speak');
  }

  /** What is shown, for those who do not see it. */
  _describe() {
    const part = this._parts && this._parts[this._shown];
    const name = this.getAttribute('alt') || pick(part && part.alt, this._lang) || pick(this._product && this._product.name, this._lang);
    this._stage.setAttribute('aria-label', name || this._t.product);
  }

  /** Reserves the room: the attributes first, then the page's poster, then the manifest. */
  _layout() {
    const part = (this._parts && this._parts.spin) || {};
    const child = this.querySelector('[slot=poster]');
    const side = (name) => [this.getAttribute(name), child && child.getAttribute(name), part[name]].map(Number).find((n) => n > 0) || 1;
    this._frameBox.style.aspectRatio = `${side('width')} / ${side('height')}`;
    const poster = this.getAttribute('poster');
    if (poster && this._poster.src !== poster) this._setPoster(poster);
  }

  _setPoster(url) {
    this._poster.src = url;
    this._poster.hidden = false;
  }

  _emit(name, detail) {
    this.dispatchEvent(new CustomEvent(`xoay-${name}`, { detail, bubbles: true, composed: true }));
  }

  /** Says something to those who listen, and for a while to those who see. */
  _announce(text, visibly) {
    this._live.textContent = text;
    clearTimeout(this._liveTimer);
    // A box of its own: were it the same, the browser would count a shift of the layout.
    this._seen.textContent = text;
    this._seen.hidden = !visibly;
    if (visibly) this._liveTimer = setTimeout(() => { this._seen.hidden = true; }, 6000);
  }

  /** Whether a click must come first: the page asks for it, or the visitor saves data. */
  _waits() {
    const reveal = this.getAttribute('reveal');
    const saves = (navigator.connection && navigator.connection.saveData) || media('(prefers-reduced-data: reduce)');
    return !this._asked && (reveal === 'click' || (saves && reveal !== 'auto'));
  }

  /** The visitor asks for more than the poster. */
  _reply() {
    this._start.hidden = true;
    this._stage.focus({ preventScroll: true });
    this._touch('button');
    this.load();
  }

  _begin() {
    if (this._near) {
      this._near.disconnect();
      this._near = null;
    }
    if (this._waits() && (this.getAttribute('poster') || this.querySelector('[slot=poster]'))) this._start.hidden = false;
    else if (!this._begun && this.src) this._load();
    else if (this._parts && !this._shown && !this._waits()) this._show(this._first);
  }

  _load() {
    this._begun = true;
    this._start.hidden = true;
    const run = this._run;
    this._note.hidden = true;
    this._setBusy(true);
    this._read(run).catch((error) => this._fail(run, error.kind || 'network', error));
  }

  /** Hears of a request's further try; whether it is still wanted. */
  _trying(run, url, attempt) {
    if (run !== this._run) return false;
    this._emit('retry', { url, attempt });
    this._announce(this._t.again, !this._view);
    return true;
  }

  /** Reads the manifest and shows its first view. */
  async _read(run) {
    const src = new URL(this.src, document.baseURI).href;
    let base = src;
    let json = { kind: 'xoay-model', version: 1, url: src, posters: [] };
    if (!/\.glb$/i.test(new URL(src).pathname)) {
      // Most products have a spin: its module comes beside the manifest, not after it.
      if (!this._waits() && this.getAttribute('view') !== 'model' && typeof WebAssembly !== 'undefined') load('spin').catch(() => {});
      const answer = await get(src, 'json', (attempt) => this._trying(run, src, attempt));
      base = answer.url;
      json = answer.body || {};
    }
    if (run !== this._run) return;
    const parts = {};
    const product = json.kind === 'xoay-product' ? json : { [json.kind === 'xoay-spin' ? 'spin' : 'model']: json };
    for (const name of ['spin', 'model']) {
      const part = product[name];
      if (part && part.kind === `xoay-${name}` && part.version === 1) parts[name] = part;
    }
    if (!json.version || json.version > 1 || !Object.keys(parts).length) {
      throw Object.assign(new Error(`unknown kind or version in ${src}`), { kind: 'manifest' });
    }
    this._parts = parts;
    this._product = product;
    this._base = base;
    this._layout();
    const wanted = this.getAttribute('view');
    const first = this._first = parts[wanted] ? wanted : parts.spin ? 'spin' : 'model';
    const poster = (parts[first].posters || []).slice(-1)[0];
    if (poster && !this.getAttribute('poster') && !this.querySelector('[slot=poster]')) this._setPoster(new URL(poster.url, base).href);
    this._describe();
    if (this._waits()) {
      this._setBusy(false);
      this._start.hidden = false;
    } else await this._show(first);
  }

  async _show(name) {
    const run = this._run;
    const from = this._view;
    this._shown = name;
    this._note.hidden = true;
    try {
      if (!this._views[name]) {
        this._setBusy(true);
        if (typeof WebAssembly === 'undefined') throw Object.assign(new Error('no WebAssembly'), { kind: 'wasm' });
        const { sprite } = (name === 'spin' && this._parts.spin) || {};
        if (sprite) expect(new URL(sprite.url, this._base).href);
        // Together, so that what can be turned can also be zoomed.
        const [module] = await Promise.all([load(name), this._feature('controls').catch(() => {})]);
        if (run !== this._run) return;
        const view = await this[`_open_${name}`](module, run);
        if (run !== this._run) return;
        this._views[name] = view;
      }
    } catch (error) {
      return this._fail(run, this._kind(name, error), error);
    }
    if (this._shown !== name) return;
    const view = this._view = this._views[name];
    this._canvas = view.canvas;
    if (from && from !== view) {
      view.angle_deg = from.angle_deg;
      if (view.look && from.elevation_deg !== undefined) view.elevation_deg = from.elevation_deg;
    }
    this._resize();
    this._describe();
    if (name === 'model' || view.sharp) this._reveal(name);
    if (from) this._emit('view', { view: name });
    if (!this._watch) {
      this._watch = new ResizeObserver(() => this._resize());
      this._watch.observe(this._stage);
    }
    this._want();
    this._tell('shown', name);
  }

  /** What kind of failure an error was while `name` was opened. */
  _kind(name, error) {
    const text = String((error && error.message) || error);
    if (offline()) return 'offline';
    if (error.kind === 'wasm' || (typeof WebAssembly !== 'undefined' && error instanceof WebAssembly.CompileError)) return 'wasm';
    return name === 'model' && /WebGL/.test(text) ? 'webgl' : name;
  }

  /** Imports the features that the product or the page asks for. */
  _want() {
    if (!this._view) return;
    const product = this._product;
    const has = (name) => this.hasAttribute(name);
    const { model } = this._views;
    const asked = {
      detail: this._zoomed && this._shown === 'spin',
      kiosk: has('kiosk'),
      motion: has('autoplay'),
      hotspots: (product.hotspots || []).length || has('editing') || this.querySelector('[slot^=hotspot-]'),
      dimensions: product.dimensionsM || has('dimensions'),
      tour: (product.tours || []).length,
      variants: model && (this.variants.length + this.animations.length),
      ar: this._parts.model && !has('kiosk'),
    };
    for (const name of Object.keys(asked)) if (asked[name]) this._feature(name).catch(() => {});
  }

  /** One feature, loaded once; a promise of it. */
  _feature(name) {
    const run = this._run;
    if (!this._features[name]) {
      this._features[name] = script(FILES[name][0].href).then((module) => {
        if (run !== this._run) throw new Error('gone');
        const feature = this._ready[name] = module.default(this, KIT);
        if (feature.speak) feature.speak();
        if (feature.shown && this._view) feature.shown(this._shown);
        this._wake();
        return feature;
      });
      this._features[name].catch((error) => {
        if (run !== this._run) return;
        delete this._features[name];
        this._emit('error', { kind: 'feature', message: String(error), fatal: false });
      });
    }
    return this._features[name];
  }

  _tell(what, value) {
    for (const feature of Object.values(this._ready)) if (feature[what]) feature[what](value);
  }

  /** Replaces the poster, or the other view, by this one. */
  _reveal(name) {
    if (this._shown !== name) return;
    this._stage.classList.toggle('show-spin', name === 'spin');
    this._stage.classList.toggle('show-model', name === 'model');
    this._setBusy(false);
    this._tell('revealed');
  }

  _newCanvas(name) {
    const canvas = make('canvas', { class: name, part: 'canvas', 'aria-hidden': 'true' });
    this._stage.append(canvas);
    return canvas;
  }

  _open_spin(module, run) { return openPhotos(this, module, run, this._newCanvas('spin')); }

  /** The network is back: what waited goes on, what failed is tried again. */
  _online() {
    const waiting = this._later.splice(0);
    if (this._view) {
      if (this._failed === 'offline') this._note.hidden = true;
      for (const go of waiting) go();
    } else if (this._failed) this.reload();
  }

  async _open_model(module, run) {
    const canvas = this._newCanvas('model');
    const url = new URL(this._parts.model.url, this._base).href;
    let view = null;
    const tell = () => this._emit('load', { view: 'model', triangles: view.triangles });
    const heard = {
      draw: () => this._wake(),
      lost: () => this._say(this._t.errors.lost),
      restored: () => {
        this._note.hidden = true;
        tell();
      },
      error: (error) => this._fail(run, 'model', error),
    };
    try {
      view = await module.ModelView.load(canvas, url, this._still(), (what, value) => {
        if (run === this._run && heard[what]) heard[what](value);
      }, load);
      view.canvas = canvas;
      if (run === this._run) tell();
      else view.free();
      return view;
    } catch (error) {
      canvas.remove();
      throw error;
    }
  }

  _drop(name) {
    const view = this._views[name];
    delete this._views[name];
    if (!view) return;
    view.gone = true;
    if (view.dispose) view.dispose();
    // Later: this may be a listener that the view itself has called.
    setTimeout(() => view.free());
    view.canvas.remove();
  }

  _still() { return media('(prefers-reduced-motion: reduce)'); }

  _resize() {
    const box = this._stage.getBoundingClientRect();
    if (!this._view || !box.width || !box.height) return;
    this._view.resize(box.width, box.height, devicePixelRatio || 1);
    // At once: a canvas is cleared when its size changes.
    if (this._view.draw(performance.now())) this._wake();
    this._tell('drawn');
  }

  /** Asks for one picture; nothing is drawn while nothing moves. */
  _wake() {
    if (this._ticket) return;
    this._ticket = requestAnimationFrame((time) => {
      this._ticket = 0;
      const view = this._view;
      if (!view) return;
      if (view.draw(time)) this._wake();
      const { zoomed } = view;
      if (zoomed !== this._zoomed) {
        this._stage.classList.toggle('zoomed', zoomed);
        if (this._zoomed !== undefined || zoomed) this._emit('zoom', { zoomed });
        this._zoomed = zoomed;
        this._want();
      }
      this._tell('drawn');
    });
  }

  /** A hand is at the product: `by` pointer, key, wheel or button. */
  _touch(by) {
    const now = performance.now();
    // One event for a turn of the wheel or a held key, not one for each of its parts.
    if (!this._touched || now - this._touchedAt > 1000) this._emit('interact', { by, view: this._shown, first: !this._touched });
    this._touched = true;
    this._touchedAt = now;
    this._tell('hand', by);
  }

  _setBusy(busy) {
    clearTimeout(this._busyTimer);
    this._busy.hidden = true;
    if (busy) {
      this._busyTimer = setTimeout(() => {
        this._busy.hidden = false;
        this._announce(this._t.loading);
      }, 400);
    }
  }

  _say(text) {
    this._noteText.textContent = text;
    this._note.hidden = false;
    this._tell('said');
  }

  _fail(run, kind, error) {
    if (run !== this._run) return;
    this._setBusy(false);
    const t = this._t.errors;
    const message = String((error && error.message) || error);
    const { spin } = this._parts || {};
    // Without WebAssembly the photos still turn.
    const fatal = !(kind === 'wasm' && spin);
    if (fatal) this._say(t[kind] || t.network);
    this._failed = kind;
    this._emit('error', { kind, message, fatal });
    if (!fatal) {
      // The buttons would be dead: they go, and those that are still on their way.
      this._tell('stop');
      this._ready = {};
      const next = this._run += 1;
      this._announce(t.wasm, true);
      script(FILES.legacy[0].href).then(() => {
        if (next === this._run) window.XoayLegacy.turn(this._stage, spin, this._base, this._lang);
      }, (problem) => this._fail(next, 'network', problem));
      return;
    }
    // A product with photos stays usable where its model cannot be shown.
    if (this._shown === 'model' && this._views.spin) {
      this._shown = 'spin';
      this._show('spin').then(() => this._say(t[kind]));
    }
  }

  _stop() {
    this._run += 1;
    this._begun = false;
    this._later = [];
    this._failed = null;
    this._tell('stop');
    this._features = {};
    this._ready = {};
    cancelAnimationFrame(this._ticket);
    clearTimeout(this._liveTimer);
    this._ticket = 0;
    if (this._watch) this._watch.disconnect();
    this._watch = null;
    if (this._near) this._near.disconnect();
    for (const name of Object.keys(this._views)) this._drop(name);
    this._view = this._canvas = this._shown = this._parts = this._product = null;
    this._zoomed = undefined;
    this._stage.classList.remove('show-spin', 'show-model', 'zoomed', 'grabbed');
    this._layer.replaceChildren();
    this._setBusy(false);
  }
}

if (inBrowser && typeof customElements !== 'undefined' && !customElements.get('xoay-viewer')) {
  customElements.define('xoay-viewer', XoayViewer);
}

export { XoayViewer };
