// Tours: the camera goes from stop to stop, each with a text and perhaps a hotspot.

const CSS = `/* tour.css */`;

const TEXT = {
  vi: {
    tool: 'Giới thiệu từng điểm', play: 'Phát', pause: 'Tạm dừng', next: 'Tiếp theo', back: 'Quay lại', end: 'Kết thúc', pick: 'Chọn bài giới thiệu',
    step: (n, count) => `Bước ${n} trên ${count}`,
  },
  en: {
    tool: 'Guided tour', play: 'Play', pause: 'Pause', next: 'Next', back: 'Back', end: 'End the tour', pick: 'Choose a tour',
    step: (n, count) => `Step ${n} of ${count}`,
  },
};

const PLAY = 'M8 5l11 7-11 7z';
const PAUSE = 'M8 5v14M16 5v14';
/** How long a stop stays where the manifest does not say, and the least that anybody can read in. */
const USUAL_S = 6;
const LEAST_S = 2;

export default function tour(viewer, { make, icon, style, pick }) {
  const { controls } = viewer._ready;
  style(viewer.shadowRoot, CSS);
  const tours = (viewer._product.tours || []).filter((one) => Array.isArray(one.stops) && one.stops.length);
  let t = TEXT.en;
  let current = null;
  let at = 0;
  let playing = false;
  let timer = 0;

  const small = (d, run) => make('button', { type: 'button', class: 'icon', part: 'button', click: run }, icon(d));
  const back = small('M15 5l-7 7 7 7', () => step(-1));
  const play = small(PAUSE, () => (playing ? pause() : resume()));
  const next = small('M9 5l7 7-7 7', () => step(1));
  const close = small('M6 6l12 12M18 6L6 18', () => end());
  const title = make('strong');
  const count = make('span', { class: 'count' });
  const text = make('p');
  const choice = make('select', { part: 'tour-choice', change: () => start(tours[choice.selectedIndex].id) });
  const card = make(
    'div',
    { class: 'tour', part: 'tour', role: 'group', hidden: '' },
    tours.length > 1 ? choice : title,
    make('div', { class: 'moves' }, back, play, next),
    count,
    close,
    text,
  );
  viewer._layer.append(card);
  const tool = controls.tool('M5 4v16M5 5h13l-3 4 3 4H5', () => (current ? end() : start(tours[0].id)), 3);
  tool.hidden = !tours.length;

  function start(id) {
    const found = tours.find((one) => one.id === id) || (id === undefined && tours[0]);
    if (!found) return false;
    current = found;
    choice.selectedIndex = tours.indexOf(found);
    card.hidden = false;
    tool.setAttribute('aria-pressed', 'true');
    viewer._frameBox.classList.add('toured');
    playing = true;
    go(0);
    speak();
    play.focus({ preventScroll: true });
    return true;
  }

  function go(index) {
    at = Math.max(0, Math.min(current.stops.length - 1, index));
    const stop = current.stops[at];
    const here = { zoom: stop.zoom || 1 };
    if (Number.isFinite(stop.angleDeg)) here.angle = stop.angleDeg;
    if (Number.isFinite(stop.elevationDeg)) here.elevation = stop.elevationDeg;
    viewer.look(here);
    const { hotspots } = viewer._ready;
    if (hotspots) {
      hotspots.hide();
      if (stop.hotspot) hotspots.mark(stop.hotspot);
    }
    words();
    viewer._announce(`${t.step(at + 1, current.stops.length)}. ${text.textContent}`);
    tell(playing ? 'play' : 'pause');
    wait();
  }

  function tell(state) {
    viewer._emit('tour', { id: current.id, stop: at, state });
  }

  function wait() {
    clearTimeout(timer);
    if (!playing) return;
    const { seconds } = current.stops[at];
    timer = setTimeout(() => {
      // Nobody looks: go on when somebody does.
      if (document.hidden) wait();
      else if (at + 1 < current.stops.length) go(at + 1);
      else pause();
    }, Math.max(LEAST_S, seconds || USUAL_S) * 1000);
  }

  function step(by) {
    viewer._touch('button');
    playing = false;
    go(at + by);
    speak();
  }

  function pause() {
    if (!playing) return;
    playing = false;
    clearTimeout(timer);
    speak();
    tell('pause');
  }

  function resume() {
    viewer._touch('button');
    playing = true;
    // From its end it begins again.
    go(at + 1 < current.stops.length ? at : 0);
    speak();
  }

  function end() {
    if (!current) return;
    clearTimeout(timer);
    playing = false;
    tell('end');
    current = null;
    if (card.contains(viewer.shadowRoot.activeElement)) tool.focus();
    card.hidden = true;
    tool.setAttribute('aria-pressed', 'false');
    viewer._frameBox.classList.remove('toured');
    const { hotspots } = viewer._ready;
    if (hotspots) hotspots.mark(null);
  }

  function words() {
    if (!current) return;
    const stop = current.stops[at];
    const spot = (viewer._product.hotspots || []).find((one) => one.id === stop.hotspot) || {};
    title.textContent = pick(current.title, viewer._lang);
    text.textContent = pick(stop.text, viewer._lang) || pick(spot.text, viewer._lang) || pick(spot.title, viewer._lang);
    text.hidden = !text.textContent;
    count.textContent = `${at + 1}/${current.stops.length}`;
    back.disabled = at === 0;
    next.disabled = at + 1 === current.stops.length;
  }

  function speak() {
    t = TEXT[viewer._lang];
    controls.label(tool, t.tool);
    controls.label(back, t.back);
    controls.label(next, t.next);
    controls.label(close, t.end);
    controls.label(play, playing ? t.pause : t.play);
    play.querySelector('path').setAttribute('d', playing ? PAUSE : PLAY);
    choice.setAttribute('aria-label', t.pick);
    choice.replaceChildren(...tours.map((one) => make('option', null, pick(one.title, viewer._lang))));
    choice.selectedIndex = tours.indexOf(current);
    card.setAttribute('aria-label', t.tool);
    words();
  }

  card.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    end();
  });

  return {
    speak,
    start,
    end,
    // A hand on the product takes over.
    hand(by) { if (by !== 'button') pause(); },
    stop() {
      clearTimeout(timer);
      viewer._frameBox.classList.remove('toured');
      card.remove();
      tool.remove();
    },
  };
}
