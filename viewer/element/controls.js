// The buttons, the exchange of photos and model, full screen, the hint, and what screen readers hear of the stage.

import { commandsOf } from './commands.js';

const CSS = `/* controls.css */`;

const TEXT = {
  vi: {
    spin: 'Ảnh', model: '3D', views: 'Cách xem', tools: 'Công cụ', zoomIn: 'Phóng to', zoomOut: 'Thu nhỏ', reset: 'Về góc ban đầu',
    full: 'Toàn màn hình', unfull: 'Thoát toàn màn hình', hint: 'Kéo để xoay',
    spinRole: 'ảnh xoay 360°', modelRole: 'mô hình 3D', shown: { spin: 'Đang xem ảnh xoay', model: 'Đang xem mô hình 3D' },
    keys: 'Dùng phím mũi tên để xoay, phím cộng và trừ để phóng to, thu nhỏ, phím 0 để về ban đầu.',
    frame: (n, count) => `Góc ${n} trên ${count}`,
    errors: {
      cut: 'Mất mạng: bạn vẫn xem được phần đã tải.',
      frame: 'Một số góc chưa tải được.',
      model: 'Không hiển thị được mô hình 3D.',
      webgl: 'Trình duyệt này không hiển thị được mô hình 3D.',
      lost: 'Phần hiển thị 3D bị gián đoạn. Đang khôi phục…',
    },
  },
  en: {
    spin: 'Photos', model: '3D', views: 'View', tools: 'Tools', zoomIn: 'Zoom in', zoomOut: 'Zoom out', reset: 'Back to the start',
    full: 'Full screen', unfull: 'Leave full screen', hint: 'Drag to turn',
    spinRole: '360° view', modelRole: '3D model', shown: { spin: 'Showing the photos', model: 'Showing the 3D model' },
    keys: 'Turn with the arrow keys, zoom with plus and minus, go back with 0.',
    frame: (n, count) => `View ${n} of ${count}`,
    errors: {
      cut: 'The network is gone: what has been loaded still works.',
      frame: 'Some views could not be loaded.',
      model: 'The 3D model cannot be shown.',
      webgl: 'This browser cannot show 3D models.',
      lost: 'The 3D view was interrupted. Restoring it…',
    },
  },
};

const ICONS = {
  reset: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v5h5',
  zoomOut: 'M5 12h14',
  zoomIn: 'M12 5v14M5 12h14',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
};

export default function controls(viewer, { make, icon, style }) {
  style(viewer.shadowRoot, CSS);
  let t = TEXT.en;
  const act = (run) => () => {
    viewer._touch('button');
    run();
  };
  const button = (d, run) => make('button', { type: 'button', class: 'icon', part: 'button', click: act(run) }, icon(d));
  const label = (element, text) => {
    element.setAttribute('aria-label', text);
    element.title = text;
  };

  const whole = fullscreen(viewer, () => {
    label(buttons.full, t[whole.on() ? 'unfull' : 'full']);
    viewer._emit('fullscreen', { on: whole.on() });
  });
  const buttons = {
    reset: button(ICONS.reset, () => viewer.reset()),
    zoomOut: button(ICONS.zoomOut, () => viewer.zoomOut()),
    zoomIn: button(ICONS.zoomIn, () => viewer.zoomIn()),
    full: button(ICONS.full, () => whole.toggle()),
  };
  // Narrow viewers do without these: keys and fingers do the same.
  buttons.reset.classList.add('reset');
  for (const name of ['zoomIn', 'zoomOut']) buttons[name].classList.add('zoom');
  const bar = make('div', { class: 'bar', part: 'controls', role: 'group' }, ...Object.values(buttons));
  const choice = (name) => make('button', { type: 'button', part: 'view-button', click: act(() => { viewer.view = name; }) });
  const choices = { spin: choice('spin'), model: choice('model') };
  const views = make('div', { class: 'bar views', part: 'views', role: 'group' }, choices.spin, choices.model);
  const tools = make('div', { class: 'tools', part: 'tools', role: 'group' });
  const hintText = make('span');
  const hint = make('div', { class: 'hint', part: 'hint', 'aria-hidden': 'true', hidden: '' }, icon('M8 8l-4 4 4 4M16 8l4 4-4 4M4 12h16'), hintText);
  viewer._layer.after(tools, views, bar, hint);

  function describe() {
    const { spin } = viewer._views;
    const slider = viewer._shown === 'spin' && spin;
    const model = viewer._shown === 'model';
    const about = {
      'aria-roledescription': model ? t.modelRole : t.spinRole,
      'aria-description': t.keys,
      role: slider ? 'slider' : model ? 'application' : 'img',
      'aria-valuemin': slider ? '1' : null,
      'aria-valuemax': slider ? String(spin.frame_count) : null,
      'aria-valuenow': slider ? String(spin.frame + 1) : null,
      'aria-valuetext': slider ? t.frame(spin.frame + 1, spin.frame_count) : null,
    };
    for (const [key, value] of Object.entries(about)) {
      if (value === null) viewer._stage.removeAttribute(key);
      else viewer._stage.setAttribute(key, value);
    }
  }

  function place(element, rank) {
    element.dataset.rank = rank;
    const next = [...tools.children].find((other) => Number(other.dataset.rank) > rank);
    tools.insertBefore(element, next || null);
  }

  let before = null;
  return {
    commands: commandsOf(viewer, whole),
    describe,
    /** A button of a feature, in the column of tools, the least `rank` first: features come in any order. */
    tool(d, run, rank) {
      const made = button(d, run);
      place(made, rank);
      return made;
    },
    place,
    label,
    speak() {
      t = TEXT[viewer._lang];
      Object.assign(viewer._t.errors, t.errors);
      for (const name of Object.keys(buttons)) label(buttons[name], t[name]);
      label(buttons.full, t[whole.on() ? 'unfull' : 'full']);
      for (const name of ['spin', 'model']) choices[name].textContent = t[name];
      views.setAttribute('aria-label', t.views);
      tools.setAttribute('aria-label', t.tools);
      hintText.textContent = t.hint;
      describe();
    },
    /** A view is about to be shown, or has been. */
    shown(name) {
      for (const key of Object.keys(choices)) choices[key].setAttribute('aria-pressed', String(key === name));
      views.hidden = viewer.views.length < 2;
      viewer._frameBox.classList.toggle('two', !views.hidden);
      buttons.full.hidden = !whole.can || viewer.hasAttribute('kiosk');
      if (before && before !== name) viewer._announce(t.shown[name]);
      before = name;
      describe();
    },
    revealed() { hint.hidden = viewer._touched; },
    said() { hint.hidden = true; },
    hand(by) { if (by !== 'button') hint.classList.add('gone'); },
    stop() {
      whole.stop();
      for (const element of [tools, views, bar, hint]) element.remove();
    },
  };
}

/** Full screen, by the browser's own way or, where a phone has none for elements, over the whole page. */
function fullscreen(viewer, changed) {
  const here = new AbortController();
  const ask = viewer.requestFullscreen || viewer.webkitRequestFullscreen;
  const own = () => (document.fullscreenElement || document.webkitFullscreenElement) && viewer.matches(viewer.requestFullscreen ? ':fullscreen' : ':-webkit-full-screen');
  const over = () => viewer.hasAttribute('data-xoay-full');
  const leave = (event) => {
    if (event.key === 'Escape' && over()) cover(false);
  };
  function cover(on) {
    viewer.toggleAttribute('data-xoay-full', on);
    // Above everything, whatever the page's own layers are.
    if (viewer.showPopover) {
      viewer.popover = on ? 'manual' : null;
      if (on) viewer.showPopover();
    }
    document.documentElement.classList.toggle('xoay-full', on);
    changed();
  }
  for (const name of ['fullscreenchange', 'webkitfullscreenchange']) document.addEventListener(name, changed, { signal: here.signal });
  document.addEventListener('keydown', leave, { signal: here.signal });
  return {
    /** Never within a frame that forbids it: there the button would be dead. */
    can: ask ? document.fullscreenEnabled !== false || document.webkitFullscreenEnabled === true : window === window.top,
    on: () => Boolean(own() || over()),
    toggle() {
      if (own()) (document.exitFullscreen || document.webkitExitFullscreen).call(document);
      else if (over()) cover(false);
      else if (ask) {
        const done = ask.call(viewer);
        if (done && done.catch) done.catch(() => cover(true));
      } else cover(true);
    },
    stop() {
      if (over()) cover(false);
      here.abort();
    },
  };
}
