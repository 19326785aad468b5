// What pages may set, read and call. Put into the loader by the build; EMBEDDING.md explains each.

/** Properties that mean something once there is a view, as they are before. The controls bring them. */
const NOTHING = { elevation: 0, fullscreen: false, variants: [], variant: -1, animations: [], playing: false };
/** Methods of that kind. */
const METHODS = ['zoomIn', 'zoomOut', 'reset', 'look', 'project', 'surfaceAt', 'play', 'pause', 'toggleFullscreen', 'stopTour'];
/** Those that give promises. */
const PROMISES = ['toBlob', 'showHotspot', 'startTour'];

/** `Base` with the element's properties and methods. */
export function withApi(Base) {
  class Api extends Base {
    get src() { return this.getAttribute('src') || ''; }
    set src(value) { this.setAttribute('src', value); }

    get frame() { return this._views.spin ? this._views.spin.frame : 0; }
    set frame(value) { if (this._views.spin) this._views.spin.frame = Math.max(0, Math.trunc(value) || 0); }

    get frameCount() { return this._views.spin ? this._views.spin.frame_count : 0; }

    get angle() { return this._view ? this._view.angle_deg : 0; }
    set angle(value) { if (this._view) this._view.angle_deg = Number(value) || 0; }

    get view() { return this._shown; }
    set view(name) { if (this._parts && this._parts[name] && name !== this._shown) this._show(name); }

    get views() { return Object.keys(this._parts || {}); }

    /** Loads now, whatever `loading` and `reveal` say. */
    load() {
      this._asked = true;
      if (!this._view && this.isConnected) this._begin();
    }

    /** Loads everything again. */
    reload() {
      this._stop();
      if (this.isConnected) this._begin();
    }
  }
  const commands = (viewer) => (viewer._ready.controls ? viewer._ready.controls.commands : NOTHING);
  for (const name of [...METHODS, ...PROMISES]) {
    Api.prototype[name] = function call(...given) {
      const all = commands(this);
      if (all[name]) return all[name](...given);
      return PROMISES.includes(name) ? Promise.resolve(null) : null;
    };
  }
  for (const name of Object.keys(NOTHING)) {
    Object.defineProperty(Api.prototype, name, {
      get() { return commands(this)[name]; },
      set(value) {
        const all = commands(this);
        if (all !== NOTHING) all[name] = value;
      },
    });
  }
  return Api;
}
