// `kiosk`: controls locked for a public screen, and after idle a countdown that a touch ends, else the start again.

const CSS = `/* kiosk.css */`;

const TEXT = {
  vi: { still: 'Bạn còn xem không?', left: (s) => `Trở về đầu sau ${s} giây`, stay: 'Xem tiếp' },
  en: { still: 'Are you still there?', left: (s) => `Back to the start in ${s} seconds`, stay: 'Keep looking' },
};
/** What calls a passer-by, in both languages whatever the page's. */
const CALL = ['Chạm để bắt đầu', 'Touch to begin'];

/**
 * Waits for a pause of `idle_s` seconds, then counts `countdown_s` down. `heard` gets `count(seconds left)`, `cancel()` and
 * `idle()`; `alive()` says that somebody is there. Times are asked with each call, so that they may change.
 */
export function watch({ idle_s, countdown_s, heard }) {
  let timer = 0;
  let left = -1;
  function tick() {
    left -= 1;
    if (left > 0) {
      heard.count(left);
      timer = setTimeout(tick, 1000);
    } else {
      left = -1;
      heard.idle();
    }
  }
  function begin() {
    left = Math.max(0, Math.round(countdown_s())) + 1;
    tick();
  }
  return {
    alive() {
      clearTimeout(timer);
      if (left >= 0) heard.cancel();
      left = -1;
      if (idle_s() > 0) timer = setTimeout(begin, idle_s() * 1000);
    },
    stop() {
      clearTimeout(timer);
      left = -1;
    },
  };
}

export default function kiosk(viewer, { make, style }) {
  style(viewer.shadowRoot, CSS);
  const here = new AbortController();
  const { signal } = here;
  const number = (name, usual) => {
    const value = parseFloat(viewer.getAttribute(name));
    return Number.isFinite(value) && value >= 0 ? value : usual;
  };
  const question = make('strong', { id: 'kiosk-question' });
  const seconds = make('span', { class: 'seconds' });
  const stay = make('button', { type: 'button', part: 'kiosk-stay' });
  const notice = make('div', { class: 'leaving', part: 'kiosk-countdown', role: 'alertdialog', 'aria-labelledby': 'kiosk-question', hidden: '' }, question, seconds, stay);
  const call = make('div', { class: 'call', part: 'kiosk-call', 'aria-hidden': 'true', hidden: '' }, ...CALL.map((text, n) => make('span', { lang: n ? 'en' : 'vi' }, text)));
  viewer._frameBox.append(notice, call);
  let attracting = false;

  const idle = watch({
    idle_s: () => number('idle', 60),
    countdown_s: () => number('countdown', 10),
    heard: {
      count(left) {
        const t = TEXT[viewer._lang];
        if (notice.hidden) viewer._announce(`${t.still} ${t.left(left)}`);
        notice.hidden = false;
        question.textContent = t.still;
        seconds.textContent = t.left(left);
        stay.textContent = t.stay;
        viewer._emit('countdown', { left });
      },
      cancel() { notice.hidden = true; },
      idle() {
        notice.hidden = true;
        attract();
      },
    },
  });

  /** Everything as at first, turning, with a call to those who pass. */
  function attract() {
    attracting = true;
    for (const name of ['tour', 'hotspots']) {
      const feature = viewer._ready[name];
      if (feature) (feature.end || feature.hide)();
    }
    if (viewer.fullscreen) viewer.toggleFullscreen();
    if (viewer._first && viewer.view !== viewer._first) viewer.view = viewer._first;
    viewer.reset();
    call.hidden = false;
    viewer._frameBox.classList.add('calling');
    viewer._emit('idle', {});
    // Turning is for those who allow motion; the call stands either way.
    if (!viewer._still()) viewer._feature('motion').then((feature) => { if (attracting) feature.begin(); }, () => {});
  }

  function alive() {
    if (attracting) {
      attracting = false;
      call.hidden = true;
      viewer._frameBox.classList.remove('calling');
      const { motion } = viewer._ready;
      if (motion) motion.rest();
      viewer._emit('begin', {});
    }
    idle.alive();
  }

  for (const name of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']) addEventListener(name, alive, { signal, capture: true, passive: true });
  // Nothing leads away, nothing is marked or copied, the page itself keeps its size.
  for (const name of ['contextmenu', 'selectstart', 'dragstart', 'copy', 'gesturestart']) {
    viewer.addEventListener(name, (event) => event.preventDefault(), { signal });
  }
  addEventListener('wheel', (event) => { if (event.ctrlKey) event.preventDefault(); }, { signal, passive: false });
  viewer.addEventListener('touchmove', (event) => { if (event.touches.length > 1 && event.cancelable) event.preventDefault(); }, { signal, passive: false });
  viewer.addEventListener('click', (event) => {
    if (event.composedPath().some((node) => node.href)) event.preventDefault();
  }, { signal, capture: true });
  alive();
  return {
    changed(name) { if (name === 'idle' || name === 'countdown') idle.alive(); },
    stop() {
      here.abort();
      idle.stop();
      notice.remove();
      call.remove();
    },
  };
}
