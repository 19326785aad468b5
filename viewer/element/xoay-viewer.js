// <xoay-viewer>: shows the poster at once, then loads the module that the manifest asks for. See EMBEDDING.md.

const HERE = import.meta.url;
const MODULES = {
  spin: ['./spin.js', './spin.wasm'],
  model: ['./model.js', './model.wasm'],
  draco: ['./draco.js', './draco.wasm'],
  ktx2: ['./ktx2.js', './ktx2.wasm'],
};
const LEGACY = './legacy.js';

const TEXT = {
  vi: {
    spin: 'Ảnh', model: '3D', views: 'Cách xem', zoomIn: 'Phóng to', zoomOut: 'Thu nhỏ',
    full: 'Toàn màn hình', unfull: 'Thoát toàn màn hình', retry: 'Thử lại', loading: 'Đang tải…',
    hint: 'Kéo để xoay', product: 'Sản phẩm', spinRole: 'ảnh xoay 360°', modelRole: 'mô hình 3D',
    keys: 'Dùng phím mũi tên để xoay, phím cộng và trừ để phóng to, thu nhỏ.',
    frame: (n, count) => `Góc ${n} trên ${count}`, shown: { spin: 'Đang xem ảnh xoay', model: 'Đang xem mô hình 3D' },
    errors: {
      network: 'Không tải được sản phẩm. Hãy kiểm tra kết nối mạng rồi thử lại.',
      manifest: 'Nội dung sản phẩm không đọc được hoặc thuộc phiên bản mới hơn.',
      spin: 'Không tải được ảnh xoay. Hãy kiểm tra kết nối mạng rồi thử lại.',
      model: 'Không hiển thị được mô hình 3D.',
      webgl: 'Trình duyệt này không hiển thị được mô hình 3D.',
      lost: 'Phần hiển thị 3D bị gián đoạn. Đang khôi phục…',
    },
  },
  en: {
    spin: 'Photos', model: '3D', views: 'View', zoomIn: 'Zoom in', zoomOut: 'Zoom out',
    full: 'Full screen', unfull: 'Leave full screen', retry: 'Try again', loading: 'Loading…',
    hint: 'Drag to turn', product: 'Product', spinRole: '360° view', modelRole: '3D model',
    keys: 'Turn with the arrow keys, zoom with plus and minus.',
    frame: (n, count) => `View ${n} of ${count}`, shown: { spin: 'Showing the photos', model: 'Showing the 3D model' },
    errors: {
      network: 'The product could not be loaded. Check the connection and try again.',
      manifest: 'The product’s description cannot be read, or is of a newer version.',
      spin: 'The photos could not be loaded. Check the connection and try again.',
      model: 'The 3D model cannot be shown.',
      webgl: 'This browser cannot show 3D models.',
      lost: 'The 3D view was interrupted. Restoring it…',
    },
  },
};

const ICONS = {
  zoomIn: 'M12 5v14M5 12h14',
  zoomOut: 'M5 12h14',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  turn: 'M8 8l-4 4 4 4M16 8l4 4-4 4M4 12h16',
};

// The build puts the style sheet here.
const CSS = `/* xoay-viewer.css */`;

const inBrowser = typeof HTMLElement !== 'undefined';
const loaded = {};
let sheet;

/** Loads a module once; a failed load is tried again the next time. */
function load(name) {
  if (!loaded[name]) {
    const [script, wasm] = MODULES[name].map((path) => new URL(path, HERE).href);
    loaded[name] = import(script)
      .then((module) => module.default({ module_or_path: wasm }).then(() => module));
    loaded[name].catch(() => { loaded[name] = null; });
  }
  return loaded[name];
}

/** Makes an element; attributes that are functions become listeners. */
function make(tag, attributes, ...children) {
  const svg = tag === 'svg' || tag === 'path';
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const icon = (name) => make('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, make('path', { d: ICONS[name] }));

function style(root) {
  try {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    root.adoptedStyleSheets = [sheet];
  } catch (_) {
    root.append(make('style', null, CSS));
  }
}

class XoayViewer extends (inBrowser ? HTMLElement : class {}) {
  static get observedAttributes() {
    return ['src', 'poster', 'width', 'height', 'alt', 'lang', 'view'];
  }

  constructor() {
    super();
    this._views = {};
    this._run = 0;
    this._shown = null;
    this._build(this.attachShadow({ mode: 'open' }));
  }

  connectedCallback() {
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
    Promise.resolve().then(() => { if (!this.isConnected) this._stop(); });
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this._stage) return;
    if (name === 'src' && this._begun) this.reload();
    else if (name === 'view' && this._begun && after) this.view = after;
    else this._layout();
    if (name === 'lang' || name === 'alt') this._speak();
  }

  get src() { return this.getAttribute('src') || ''; }
  set src(value) { this.setAttribute('src', value); }

  /** Number of the frame in view, from 0; the nearest one where the model is shown. */
  get frame() { return this._views.spin ? this._views.spin.frame : 0; }
  set frame(value) { if (this._views.spin) this._views.spin.frame = Math.max(0, Math.trunc(value) || 0); }

  get frameCount() { return this._views.spin ? this._views.spin.frame_count : 0; }

  /** Degrees that the product is turned, counter-clockwise seen from above. */
  get angle() { return this._view ? this._view.angle_deg : 0; }
  set angle(value) { if (this._view) this._view.angle_deg = Number(value) || 0; }

  get view() { return this._shown; }
  set view(name) { if (this._parts && this._parts[name] && name !== this._shown) this._show(name); }

  /** The views that the product has: `spin`, `model` or both. */
  get views() { return Object.keys(this._parts || {}); }

  zoomIn() { if (this._view) this._view.zoom_by(1.4); }
  zoomOut() { if (this._view) this._view.zoom_by(1 / 1.4); }

  /** Loads everything again. */
  reload() {
    this._stop();
    if (this.isConnected) this._begin();
  }

  /** A picture of what is in view. */
  toBlob(type, quality) {
    return new Promise((resolve) => {
      if (!this._view) return resolve(null);
      // Drawn anew: WebGL keeps no picture after it was shown.
      this._view.draw(performance.now());
      this._canvas.toBlob(resolve, type, quality);
    });
  }

  _build(root) {
    style(root);
    this._poster = make('img', { class: 'poster', part: 'poster', alt: '', decoding: 'async', hidden: '' });
    this._posters = make('div', { class: 'posters' }, make('slot', { name: 'poster' }, this._poster));
    this._stage = make('div', {
      class: 'stage', part: 'stage', tabindex: '0',
      pointerdown: (event) => this._point(0, event),
      pointermove: (event) => this._point(1, event),
      pointerup: (event) => this._point(2, event),
      pointercancel: (event) => this._point(3, event),
      keydown: (event) => this._key(event),
      dragstart: (event) => event.preventDefault(),
    }, this._posters);
    this._stage.addEventListener('wheel', (event) => this._wheel(event), { passive: false });
    const button = (name, run) => make('button', { type: 'button', class: 'icon', part: 'button', click: run }, icon(name));
    this._buttons = {
      zoomOut: button('zoomOut', () => this.zoomOut()),
      zoomIn: button('zoomIn', () => this.zoomIn()),
      full: button('full', () => this._full()),
    };
    if (!this.requestFullscreen) this._buttons.full.hidden = true;
    const choice = (name) => make('button', { type: 'button', part: 'view-button', click: () => { this.view = name; } });
    this._choices = { spin: choice('spin'), model: choice('model') };
    this._switch = make('div', { class: 'bar views', part: 'views', role: 'group', hidden: '' }, this._choices.spin, this._choices.model);
    this._bar = make('div', { class: 'bar', part: 'controls', hidden: '' }, ...Object.values(this._buttons));
    this._hintText = make('span');
    this._hint = make('div', { class: 'hint', part: 'hint', 'aria-hidden': 'true', hidden: '' }, icon('turn'), this._hintText);
    this._busy = make('div', { class: 'busy', part: 'busy', hidden: '' });
    this._noteText = make('div');
    this._retry = make('button', { type: 'button', click: () => this.reload() });
    this._note = make('div', { class: 'note', part: 'message', role: 'alert', hidden: '' }, this._noteText, this._retry);
    this._live = make('div', { class: 'live', role: 'status' });
    this._frameBox = make('div', { class: 'frame', part: 'frame' },
      this._stage, this._switch, this._bar, this._hint, this._busy, this._note, this._live);
    root.append(this._frameBox);
    document.addEventListener('fullscreenchange', () => this._speak());
  }

  /** Puts words in place, in the page's language. */
  _speak() {
    const near = this.closest('[lang]');
    const lang = (near && near.lang) || document.documentElement.lang || navigator.language || '';
    const t = this._t = TEXT[/^vi\b/i.test(lang) ? 'vi' : 'en'];
    this._lang = t === TEXT.vi ? 'vi' : 'en';
    for (const name of ['zoomIn', 'zoomOut', 'full']) {
      const label = t[name === 'full' && document.fullscreenElement === this ? 'unfull' : name];
      this._buttons[name].setAttribute('aria-label', label);
      this._buttons[name].title = label;
    }
    for (const name of ['spin', 'model']) this._choices[name].textContent = t[name];
    this._switch.setAttribute('aria-label', t.views);
    this._hintText.textContent = t.hint;
    this._retry.textContent = t.retry;
    this._frameBox.lang = this._lang;
    this._describe();
  }

  _describe() {
    const set = (name, value) => {
      if (value === null) this._stage.removeAttribute(name);
      else this._stage.setAttribute(name, value);
    };
    const t = this._t;
    const part = this._parts && this._parts[this._shown];
    const text = (both) => (both && (both[this._lang] || both.vi || both.en)) || '';
    const name = this.getAttribute('alt') || text(part && part.alt) || text(this._name) || t.product;
    const model = this._shown === 'model';
    const spin = !model && this._views.spin;
    set('aria-label', name);
    set('aria-roledescription', model ? t.modelRole : t.spinRole);
    set('aria-description', t.keys);
    set('role', spin ? 'slider' : model ? 'application' : 'img');
    set('aria-valuemin', spin ? '1' : null);
    set('aria-valuemax', spin ? String(spin.frame_count) : null);
    set('aria-valuenow', spin ? String(spin.frame + 1) : null);
    set('aria-valuetext', spin ? t.frame(spin.frame + 1, spin.frame_count) : null);
  }

  /** Reserves the room: the attributes first, then the manifest. */
  _layout() {
    const part = this._parts && (this._parts.spin || {});
    const width = Number(this.getAttribute('width')) || (part && part.width) || 1;
    const height = Number(this.getAttribute('height')) || (part && part.height) || 1;
    this._frameBox.style.aspectRatio = `${width} / ${height}`;
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

  _begin() {
    if (this._near) {
      this._near.disconnect();
      this._near = null;
    }
    if (this._begun || !this.src) return;
    this._begun = true;
    const run = this._run;
    this._note.hidden = true;
    this._setBusy(true);
    this._read(run).catch((error) => this._fail(run, error.kind || 'network', error));
  }

  /** Reads the manifest and shows its first view. */
  async _read(run) {
    const src = new URL(this.src, document.baseURI).href;
    const problem = (kind, message) => Object.assign(new Error(message), { kind });
    let base = src;
    let json;
    if (/\.glb$/i.test(new URL(src).pathname)) {
      json = { kind: 'xoay-model', version: 1, url: src, posters: [] };
    } else {
      const response = await fetch(src);
      if (!response.ok) throw problem('network', `${response.status} ${src}`);
      base = response.url || src;
      json = await response.json().catch((error) => { throw problem('manifest', String(error)); });
    }
    if (run !== this._run) return;
    const parts = {};
    const product = json.kind === 'xoay-product' ? json : { [json.kind === 'xoay-spin' ? 'spin' : 'model']: json };
    for (const name of ['spin', 'model']) {
      const part = product[name];
      if (part && part.kind === `xoay-${name}` && part.version === 1) parts[name] = part;
    }
    if (!json.version || json.version > 1 || !Object.keys(parts).length) throw problem('manifest', `unknown kind or version in ${src}`);
    this._parts = parts;
    this._name = json.name;
    this._base = base;
    this._switch.hidden = !(parts.spin && parts.model);
    this._frameBox.classList.toggle('two', !this._switch.hidden);
    this._layout();
    const wanted = this.getAttribute('view');
    const first = parts[wanted] ? wanted : parts.spin ? 'spin' : 'model';
    const poster = (parts[first].posters || []).slice(-1)[0];
    if (poster && !this.getAttribute('poster') && !this.querySelector('[slot=poster]')) this._setPoster(new URL(poster.url, base).href);
    if (typeof WebAssembly === 'undefined') return this._legacy(parts.spin, base);
    await this._show(first);
  }

  async _show(name) {
    const run = this._run;
    const from = this._view;
    this._shown = name;
    this._note.hidden = true;
    for (const choice of Object.keys(this._choices)) this._choices[choice].setAttribute('aria-pressed', String(choice === name));
    try {
      if (!this._views[name]) {
        this._setBusy(true);
        const module = await load(name);
        if (run !== this._run) return;
        const view = await this[`_open_${name}`](module, run);
        if (run !== this._run) return;
        this._views[name] = view;
      }
    } catch (error) {
      const text = String((error && error.message) || error);
      return this._fail(run, name === 'model' && /WebGL/.test(text) ? 'webgl' : name, error);
    }
    if (this._shown !== name) return;
    const view = this._view = this._views[name];
    this._canvas = view.canvas;
    if (from && from !== view) view.angle_deg = from.angle_deg;
    this._resize();
    this._bar.hidden = false;
    this._describe();
    if (name === 'model' || view.sharp) this._reveal(name);
    if (from) {
      this._live.textContent = this._t.shown[name];
      this._emit('view', { view: name });
    }
    if (!this._watch) {
      this._watch = new ResizeObserver(() => this._resize());
      this._watch.observe(this._stage);
    }
  }

  /** Replaces the poster, or the other view, by this one. */
  _reveal(name) {
    if (this._shown !== name) return;
    this._stage.classList.toggle('show-spin', name === 'spin');
    this._stage.classList.toggle('show-model', name === 'model');
    this._setBusy(false);
    if (!this._touched) this._hint.hidden = false;
  }

  _newCanvas(name) {
    const canvas = make('canvas', { class: name, part: 'canvas', 'aria-hidden': 'true' });
    this._stage.append(canvas);
    return canvas;
  }

  _open_spin(module, run) {
    const canvas = this._newCanvas('spin');
    const base = this._base;
    let start = null;
    const view = new module.SpinView(canvas, JSON.stringify(this._parts.spin), this._still(), (what, value, extra) => {
      if (run !== this._run) return;
      if (what === 'draw') this._wake();
      else if (what === 'fetch') {
        fetch(new URL(extra, base).href)
          .then((response) => (response.ok ? response.blob() : undefined))
          .catch(() => undefined)
          .then((blob) => view.fetched(value, blob));
      } else if (what === 'decode') {
        createImageBitmap(extra).catch(() => undefined).then((bitmap) => view.decoded(value, bitmap));
      } else if (what === 'error') this._fail(run, 'spin', new Error(value));
      else if (what === 'ready') {
        view.ready = true;
        this._setBusy(false);
        if (!this._touched && this._shown === 'spin') this._hint.hidden = false;
        this._emit('load', { view: 'spin', frameCount: view.frame_count });
      } else {
        if (what === 'frame') {
          if (start === null) start = value;
          this._describe();
          this._emit('frame', { frame: value, frameCount: view.frame_count, angle: view.angle_deg });
        }
        // The sharp poster stays until there is something as sharp, or another angle.
        if (what === 'sharp' || (view.ready && value !== start)) {
          view.sharp = true;
          this._reveal('spin');
        }
      }
    });
    view.canvas = canvas;
    return view;
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
    if (view.dispose) view.dispose();
    else view.free();
    view.canvas.remove();
  }

  _still() {
    return matchMedia('(prefers-reduced-motion: reduce)').matches;
  }

  _resize() {
    const box = this._stage.getBoundingClientRect();
    if (!this._view || !box.width || !box.height) return;
    this._view.resize(box.width, box.height, devicePixelRatio || 1);
    // At once: a canvas is cleared when its size changes.
    if (this._view.draw(performance.now())) this._wake();
  }

  /** Asks for one picture; nothing is drawn while nothing moves. */
  _wake() {
    if (this._ticket) return;
    this._ticket = requestAnimationFrame((time) => {
      this._ticket = 0;
      const view = this._view;
      if (!view) return;
      if (view.draw(time)) this._wake();
      this._stage.classList.toggle('zoomed', view.zoomed);
    });
  }

  _point(phase, event) {
    const view = this._view;
    if (!view || (phase === 0 && event.button)) return;
    if (phase === 0) {
      this._box = this._stage.getBoundingClientRect();
      this._stage.setPointerCapture(event.pointerId);
      this._stage.classList.add('grabbed');
      this._touch();
    } else if (!this._box) return;
    if (phase > 1) this._stage.classList.remove('grabbed');
    view.pointer(phase, event.pointerId, event.clientX - this._box.left, event.clientY - this._box.top, event.timeStamp);
  }

  _key(event) {
    if (!this._view || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this._view.key(event.key)) {
      event.preventDefault();
      this._touch();
    }
  }

  _wheel(event) {
    // Without Ctrl the wheel belongs to the page; a pinch on a touchpad comes with Ctrl set.
    if (!this._view || !(event.ctrlKey || event.metaKey || document.fullscreenElement === this)) return;
    event.preventDefault();
    const box = this._stage.getBoundingClientRect();
    const lines = event.deltaMode ? 16 : 1;
    const factor = Math.exp(Math.max(-0.5, Math.min(0.5, -event.deltaY * lines * 0.006)));
    this._view.zoom_at(factor, event.clientX - box.left, event.clientY - box.top);
    this._touch();
  }

  _touch() {
    if (this._touched) return;
    this._touched = true;
    this._hint.classList.add('gone');
  }

  _full() {
    const done = document.fullscreenElement === this ? document.exitFullscreen() : this.requestFullscreen();
    if (done) done.catch(() => {});
  }

  _setBusy(busy) {
    clearTimeout(this._busyTimer);
    this._busy.hidden = true;
    if (busy) {
      this._busyTimer = setTimeout(() => {
        this._busy.hidden = false;
        this._live.textContent = this._t.loading;
      }, 400);
    }
  }

  _say(text) {
    this._noteText.textContent = text;
    this._note.hidden = false;
    this._hint.hidden = true;
  }

  _fail(run, kind, error) {
    if (run !== this._run) return;
    this._setBusy(false);
    this._say(this._t.errors[kind] || this._t.errors.network);
    const message = String((error && error.message) || error);
    this._emit('error', { kind, message });
    // A product with photos stays usable where its model cannot be shown.
    if (this._shown === 'model' && this._views.spin) {
      this._shown = 'spin';
      this._show('spin').then(() => this._say(this._t.errors[kind]));
    }
  }

  _stop() {
    this._run += 1;
    this._begun = false;
    cancelAnimationFrame(this._ticket);
    this._ticket = 0;
    if (this._watch) this._watch.disconnect();
    this._watch = null;
    if (this._near) this._near.disconnect();
    for (const name of Object.keys(this._views)) this._drop(name);
    this._view = this._canvas = this._shown = this._parts = null;
    this._stage.classList.remove('show-spin', 'show-model', 'zoomed', 'grabbed');
    this._setBusy(false);
  }

  /** Without WebAssembly: the frames one by one in an `img`. */
  _legacy(spin, base) {
    if (!spin) throw Object.assign(new Error('no WebAssembly'), { kind: 'webgl' });
    const script = make('script', {
      src: new URL(LEGACY, HERE).href,
      load: () => window.XoayLegacy.turn(this._stage, spin, base),
    });
    document.head.append(script);
    this._setBusy(false);
  }
}

if (inBrowser && typeof customElements !== 'undefined' && !customElements.get('xoay-viewer')) {
  customElements.define('xoay-viewer', XoayViewer);
}

export { XoayViewer };
