// `autoplay`: the product turns slowly by itself until a hand comes.

const TEXT = { vi: { play: 'Tự xoay', pause: 'Dừng tự xoay' }, en: { play: 'Turn by itself', pause: 'Stop turning' } };

const PLAY = 'M8 5l11 7-11 7z';
const PAUSE = 'M8 5v14M16 5v14';
/** Degrees a second where `autoplay-speed` does not say. */
const USUAL_SPEED = 24;
const FASTEST = 180;

/** Where a turn of `by` degrees from `at` leads: round and round, or to and fro within `arc`. */
export function advance(at, by, arc) {
  if (!arc) return { angle: (((at + by) % 360) + 360) % 360, sense: 1 };
  const to = at + by;
  if (to > arc) return { angle: arc, sense: -1 };
  return to < 0 ? { angle: 0, sense: 1 } : { angle: to, sense: Math.sign(by) || 1 };
}

export default function motion(viewer) {
  const { controls } = viewer._ready;
  let on = false;
  let timer = 0;
  let ticket = 0;
  let last = null;
  let sense = 1;
  let angle = 0;
  let near = true;
  const tool = controls.tool(PLAY, () => (on ? rest() : begin()), 1);

  const number = (name, usual) => {
    const value = parseFloat(viewer.getAttribute(name));
    return Number.isFinite(value) ? value : usual;
  };
  const speed = () => Math.max(-FASTEST, Math.min(FASTEST, number('autoplay-speed', USUAL_SPEED)));

  function begin() {
    clearTimeout(timer);
    on = true;
    last = null;
    angle = viewer.angle;
    state();
    next();
  }

  /** Until asked again, or for as long as `autoplay-resume` says. */
  function rest(later) {
    on = false;
    cancelAnimationFrame(ticket);
    clearTimeout(ticket);
    clearTimeout(timer);
    const seconds = number('autoplay-resume', 0);
    if (later && seconds > 0) timer = setTimeout(begin, seconds * 1000);
    state();
  }

  /** Degrees of one frame of the photos; the model turns without steps. */
  const stride = () => (viewer.view === 'spin' ? 360 / Math.max(1, viewer.frameCount) : 0);

  function next() {
    if (!on) return;
    // Photos change a few times a second only: nothing is drawn in between.
    if (stride()) ticket = setTimeout(() => turn(performance.now()), (stride() / Math.max(1, Math.abs(speed()))) * 1000);
    else ticket = requestAnimationFrame(turn);
  }

  function turn(time) {
    if (!on) return;
    const dt = last === null ? 0 : Math.min(0.1, (time - last) / 1000);
    last = time;
    if (near && !document.hidden && viewer._view) {
      const by = stride() ? Math.sign(speed()) * stride() * sense : speed() * dt * sense;
      const spin = viewer.view === 'spin' && viewer._parts.spin;
      const arc = spin && spin.loops === false ? 360 - 2 * stride() : 0;
      const to = advance(angle, by, arc);
      if (arc) sense = to.sense * Math.sign(speed()) || 1;
      angle = to.angle;
      if (viewer._view.turn_by && !arc) viewer._view.turn_by(by);
      else viewer.angle = angle;
    }
    next();
  }

  function state() {
    const t = TEXT[viewer._lang];
    tool.querySelector('path').setAttribute('d', on ? PAUSE : PLAY);
    controls.label(tool, on ? t.pause : t.play);
    viewer._emit('autoplay', { on });
  }

  function follow() {
    const wanted = viewer.hasAttribute('autoplay');
    tool.hidden = !wanted;
    if (wanted && !on && !viewer._touched && !viewer._still()) begin();
    else if (!wanted && on) rest();
  }

  const sight = typeof IntersectionObserver === 'undefined' ? null : new IntersectionObserver((entries) => { near = entries[entries.length - 1].isIntersecting; });
  if (sight) sight.observe(viewer);
  follow();
  return {
    begin,
    rest,
    speak: () => controls.label(tool, TEXT[viewer._lang][on ? 'pause' : 'play']),
    hand(by) { if (by !== 'button' && (on || timer)) rest(true); },
    shown() { angle = viewer.angle; },
    changed(name) { if (name === 'autoplay') follow(); },
    stop() {
      on = false;
      cancelAnimationFrame(ticket);
      clearTimeout(ticket);
      clearTimeout(timer);
      if (sight) sight.disconnect();
      tool.remove();
    },
  };
}
