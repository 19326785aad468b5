// The element's methods and properties that need a view. Put into the controls by the build.

/** The commands of `viewer`; `whole` is its full screen. */
export function commandsOf(viewer, whole) {
  const names = (what) => {
    const { model } = viewer._views;
    return model && model[what] ? JSON.parse(model[what]()) : [];
  };
  const act = (run) => {
    if (!viewer._views.model) return;
    run(viewer._views.model);
    viewer._tell('model');
    viewer._wake();
  };
  const zoom = (factor) => { if (viewer._view) viewer._view.zoom_by(factor); };
  return {
    zoomIn: () => zoom(1.4),
    zoomOut: () => zoom(1 / 1.4),

    /** Back to where it began. */
    reset() {
      const view = viewer._view;
      if (!view) return;
      view.key('0');
      view.key('Home');
      if (view === viewer._views.spin) view.frame = viewer._parts.spin.startFrame || 0;
    },

    get elevation() { return (viewer._view && viewer._view.elevation_deg) || 0; },
    set elevation(value) { this.look({ elevation: value, glide: false }); },

    /** Shows the product from somewhere; what is left out stays, but for the zoom. */
    look({ angle = viewer.angle, elevation = this.elevation, zoom: factor = 1, glide = true } = {}) {
      const view = viewer._view;
      if (!view) return;
      if (view.look) view.look(Number(angle), Number(elevation), Number(factor), Boolean(glide) && !viewer._still());
      else if (view.step) photos(viewer._parts.spin, view, Number(angle), Number(elevation), Number(factor), glide);
      else view.angle_deg = Number(angle) || 0;
      viewer._wake();
    },

    /** Where a point of the product is on the stage, and whether it is seen; null where that is unknown. */
    project(position, normal) {
      const view = viewer._view;
      if (!view) return null;
      if (!view.project) return onPhoto(viewer, view, position, normal);
      const [x, y, z] = normal || [NaN, NaN, NaN];
      const at = view.project(...position, x, y, z);
      return at.length < 3 || Number.isNaN(at[0]) ? null : { x: at[0], y: at[1], visible: at[2] > 0 };
    },

    /** The product's point under a point of the stage, metres; null where there is none. */
    surfaceAt(x, y) {
      const view = viewer._view;
      const at = view && view.surface_at ? [...view.surface_at(x, y)] : [];
      return at.length < 6 ? null : { position: at.slice(0, 3), normal: at.slice(3, 6) };
    },

    toBlob: (type, quality) => new Promise((resolve) => {
      if (!viewer._view) return resolve(null);
      // Drawn anew: WebGL keeps no picture after it was shown.
      viewer._view.draw(performance.now());
      viewer._canvas.toBlob(resolve, type, quality);
    }),

    get variants() { return names('variants'); },
    get variant() { return viewer._views.model && viewer._views.model.variants ? viewer._views.model.variant : -1; },
    set variant(index) {
      act((model) => {
        model.variant = Number(index);
        viewer._emit('variant', { index: model.variant, name: this.variants[model.variant] || null });
      });
    },
    get animations() { return names('animations'); },
    get playing() { return Boolean(viewer._views.model && viewer._views.model.playing); },
    play(index = 0) { act((model) => { if (this.animations.length) model.play(Number(index)); }); },
    pause() { act((model) => { if (model.pause) model.pause(); }); },

    get fullscreen() { return whole.on(); },
    toggleFullscreen: () => whole.toggle(),

    showHotspot: (id) => viewer._feature('hotspots').then((feature) => feature.show(id)),
    startTour: (id) => viewer._feature('tour').then((feature) => feature.start(id)),
    stopTour() { if (viewer._ready.tour) viewer._ready.tour.end(); },
  };
}

/** The photos from an angle and a height; with `glide` the shorter way round. */
function photos(spin, view, angle, elevation, zoom, glide) {
  view.elevation_deg = elevation;
  const start = view.frame;
  view.angle_deg = angle;
  if (glide) {
    const row = spin.rows.find(({ firstFrame, frameCount }) => view.frame >= firstFrame && view.frame < firstFrame + frameCount);
    let steps = view.frame - start;
    if (spin.loops && Math.abs(steps) * 2 > row.frameCount) steps -= Math.sign(steps) * row.frameCount;
    view.frame = start;
    view.step(steps);
  }
  view.zoom_by(zoom / view.zoom);
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Where a point is on the photo in view; null where nobody knows where its camera stood. */
function onPhoto(viewer, view, position, normal) {
  const { spin } = viewer._parts;
  const p = spin && spin.frames[view.frame].projection;
  if (!p) return null;
  const [across, down, ahead] = [0, 4, 8].map((row) => p.slice(row, row + 4));
  const seen = (row) => dot(row, position) + row[3];
  const depth = seen(ahead);
  if (!(depth > 0)) return null;
  const { clientWidth, clientHeight } = viewer._stage;
  const width = Math.min(clientWidth, (clientHeight * spin.width) / spin.height) * view.zoom;
  const height = (width * spin.height) / spin.width;
  // The camera stands where all three rows come to nothing.
  const sides = [cross(down, ahead), cross(ahead, across), cross(across, down)];
  const whole = dot(across, sides[0]);
  const eye = [0, 1, 2].map((k) => -(sides[0][k] * across[3] + sides[1][k] * down[3] + sides[2][k] * ahead[3]) / whole);
  // What has no normal is taken to face away from the axis.
  const faces = normal || [position[0], 0, position[2]];
  return {
    x: clientWidth / 2 + (seen(across) / depth - view.zoom_x) * width,
    y: clientHeight / 2 + (seen(down) / depth - view.zoom_y) * height,
    visible: dot(faces, eye) >= dot(faces, position),
  };
}
