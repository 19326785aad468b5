// "In your room": Quick Look on iPhone and iPad, Scene Viewer on Android; no button where neither would open.

const TEXT = { vi: 'Xem tại chỗ bạn', en: 'View in your room' };

/** What Scene Viewer reads beyond plain glTF 2.0. */
const READABLE = ['KHR_materials_unlit', 'KHR_texture_transform', 'KHR_draco_mesh_compression'];

/** Address of the intent that opens Scene Viewer, or null where it would refuse the file. */
export function sceneViewer(file, title, page) {
  if (!/^https:/.test(file)) return null;
  const asked = new URLSearchParams({ file, mode: 'ar_preferred', title });
  return `intent://arvr.google.com/scene-viewer/1.2?${asked}#Intent;scheme=https;package=com.google.ar.core;action=android.intent.action.VIEW;S.browser_fallback_url=${encodeURIComponent(page)};end;`;
}

/** Extensions that a GLB cannot be read without; null where the bytes are no whole header. */
export function required(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 20 || view.getUint32(0, true) !== 0x46546c67) return null;
  const length = view.getUint32(12, true);
  if (20 + length > view.byteLength) return null;
  try {
    return JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 20, length))).extensionsRequired || [];
  } catch (_) {
    return null;
  }
}

/** Whether Scene Viewer reads the GLB at `url`: its header tells. */
async function readable(url) {
  try {
    const response = await fetch(url, { headers: { Range: 'bytes=0-262143' } });
    const names = response.ok ? required(await response.arrayBuffer()) : null;
    return names !== null && names.every((name) => READABLE.includes(name));
  } catch (_) {
    return false;
  }
}

export default function ar(viewer, { make, pick }) {
  const { controls } = viewer._ready;
  let link = null;
  let over = false;
  const { model } = viewer._parts;
  const at = (url) => new URL(url, viewer._base).href;

  function show(href, rel, kind) {
    if (over) return;
    const click = () => {
      viewer._touch('button');
      viewer._emit('ar', { kind });
    };
    // Quick Look opens at once only from a link whose single element is a picture.
    const picture = rel ? [make('img', { alt: '' })] : [];
    link = make('a', { class: 'icon pill', part: 'ar-button', href, rel, click }, ...picture, document.createTextNode(''));
    controls.place(link, 0);
    speak();
  }

  function speak() {
    if (link) link.lastChild.data = TEXT[viewer._lang];
  }

  const agent = navigator.userAgent;
  const anchor = make('a');
  if (viewer.getAttribute('ar') === 'off') {
    // The page offers its own.
  } else if (anchor.relList && anchor.relList.supports && anchor.relList.supports('ar')) {
    if (model.usdz) show(at(model.usdz), 'ar', 'quick-look');
  } else if (/android/i.test(agent) && !/firefox|; wv\)/i.test(agent)) {
    const file = at(model.plainUrl || model.url);
    const title = viewer.getAttribute('alt') || pick(viewer._product.name, viewer._lang);
    const href = sceneViewer(file, title, location.href);
    if (href) readable(file).then((yes) => { if (yes) show(href, null, 'scene-viewer'); });
  }
  return {
    speak,
    stop() {
      over = true;
      if (link) link.remove();
    },
  };
}
