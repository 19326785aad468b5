// The spin's view: what the module asks of the page. Put into the loader by the build.

import { get } from './network.js';
/** Opens the spin of `viewer` on a canvas. */
export function openPhotos(viewer, module, run, canvas) {
  let start = null;
  const { spin } = viewer._parts;
  // How far one may zoom in depends on what there is to see.
  const { width, height } = spin.tiles || spin;
  const view = new module.SpinView(canvas, JSON.stringify({ ...spin, width, height }), viewer._still(), (what, value, extra) => {
    if (run !== viewer._run) return;
    if (what === 'draw') viewer._wake();
    else if (what === 'fetch') fetchPicture(viewer, run, view, value, new URL(extra, viewer._base).href);
    else if (what === 'decode') {
      // Made as small as it is drawn while it is decoded, beside the page's own thread.
      const width = view.decode_px(value);
      const decode = (options) => createImageBitmap(extra, options);
      (width ? decode({ resizeWidth: width, resizeQuality: 'high' }) : Promise.reject()).catch(() => decode()).catch(() => undefined).then((bitmap) => {
        if (!bitmap) lack(viewer, view, 'a picture cannot be decoded');
        if (!view.gone) view.decoded(value, bitmap);
        else if (bitmap) bitmap.close();
      });
    } else if (what === 'error') viewer._fail(run, viewer._kind('spin', value), value);
    else if (what === 'ready') {
      view.ready = true;
      viewer._setBusy(false);
      if (viewer._shown === 'spin') viewer._tell('revealed');
      viewer._emit('load', { view: 'spin', frameCount: view.frame_count });
    } else {
      if (what === 'frame') {
        if (start === null) start = value;
        viewer._tell('describe');
        viewer._emit('frame', { frame: value, frameCount: view.frame_count, angle: view.angle_deg });
      }
      // The sharp poster stays until there is something as sharp, or another angle.
      if (what === 'sharp' || (view.ready && value !== start)) {
        view.sharp = true;
        viewer._reveal('spin');
      }
    }
  });
  view.canvas = canvas;
  return view;
}

/** Fetches a picture. Without a network it waits for one: what has been loaded stays usable. */
async function fetchPicture(viewer, run, view, job, url) {
  let blob;
  try {
    blob = (await get(url, 'blob', (attempt) => viewer._trying(run, url, attempt))).body;
  } catch (error) {
    if (error.kind === 'offline' && !view.gone) {
      viewer._later.push(() => fetchPicture(viewer, run, view, job, url));
      if (!view.ready) viewer._fail(run, 'offline', error);
      return;
    }
    lack(viewer, view, error.message);
  }
  if (!view.gone) view.fetched(job, blob);
}

/** Tells of a missing picture; the others still turn. */
function lack(viewer, view, message) {
  if (view.gone) return;
  viewer._emit('error', { kind: 'frame', message, fatal: false });
  if (view.ready && !view.lacks) viewer._announce(viewer._t.errors.frame, true);
  view.lacks = true;
}
