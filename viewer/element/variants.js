// The model's variants and animations.

const CSS = `/* variants.css */`;

const TEXT = {
  vi: { variant: 'Phiên bản', animation: 'Chuyển động', usual: 'Mặc định', play: 'Phát chuyển động', pause: 'Dừng chuyển động' },
  en: { variant: 'Variant', animation: 'Animation', usual: 'Default', play: 'Play the animation', pause: 'Pause the animation' },
};

const PLAY = 'M8 5l11 7-11 7z';
const PAUSE = 'M8 5v14M16 5v14';

export default function variants(viewer, { make, style }) {
  const { controls } = viewer._ready;
  style(viewer.shadowRoot, CSS);
  const named = viewer.variants;
  const moving = viewer.animations;
  const variant = make('select', { part: 'variant-choice', change: () => { viewer.variant = variant.selectedIndex - 1; } });
  const animation = make('select', { part: 'animation-choice', change: () => { if (viewer.playing) start(); } });
  const choices = make('div', { class: 'choices', part: 'choices' }, ...(named.length ? [variant] : []), ...(moving.length > 1 ? [animation] : []));
  viewer._layer.append(choices);
  const tool = controls.tool(PLAY, () => (viewer.playing ? viewer.pause() : start()), 2);

  function start() {
    viewer.play(Math.max(0, animation.selectedIndex));
    viewer._emit('animation', { index: Math.max(0, animation.selectedIndex), playing: true });
  }

  function state() {
    const t = TEXT[viewer._lang];
    if (named.length) variant.selectedIndex = viewer.variant + 1;
    tool.querySelector('path').setAttribute('d', viewer.playing ? PAUSE : PLAY);
    controls.label(tool, viewer.playing ? t.pause : t.play);
  }

  function shown() {
    const here = viewer.view === 'model';
    choices.hidden = !here;
    tool.hidden = !here || !moving.length;
  }

  // Who asks for less motion starts it by hand.
  if (moving.length && viewer.hasAttribute('autoplay') && !viewer._still()) viewer.play(0);
  shown();
  return {
    speak() {
      const t = TEXT[viewer._lang];
      variant.setAttribute('aria-label', t.variant);
      animation.setAttribute('aria-label', t.animation);
      const options = (names) => names.map((name) => make('option', null, name));
      variant.replaceChildren(...options([t.usual, ...named]));
      const before = Math.max(0, animation.selectedIndex);
      animation.replaceChildren(...options(moving.map((name, n) => name || `${t.animation} ${n + 1}`)));
      animation.selectedIndex = before;
      state();
    },
    model: state,
    shown,
    stop() {
      choices.remove();
      tool.remove();
    },
  };
}
