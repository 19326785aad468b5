// The same for every viewer: when its first picture stood, how it turns, what changes on the screen. A page sets
// `ready`, a promise, and for models `turn(angle_rad)`.
window.after = (frames) => new Promise((done) => {
  const next = () => (frames-- > 0 ? requestAnimationFrame(next) : done(performance.now()));
  next();
});

// Three frames on, the picture has been drawn and shown.
window.firstPicture = async () => {
  await window.ready;
  return after(3);
};

window.turning = async (frames) => {
  for (let i = 0; i < frames; i++) {
    await after(1);
    window.turn((i + 1) * 0.11);
  }
  await after(2);
};

let drawn = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (run) => { drawn += 1; return ask(run); };
window.atRest = async (time_ms) => {
  const before = drawn;
  await new Promise((done) => setTimeout(done, time_ms));
  return drawn - before;
};

window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
  .observe({ type: 'layout-shift', buffered: true });

window.contexts = [];
const watch = (prototype) => {
  const make = prototype.getContext;
  prototype.getContext = function getContext(...args) {
    const context = make.apply(this, args);
    if (context && /webgl/.test(args[0]) && !contexts.includes(context)) contexts.push(context);
    return context;
  };
};
watch(HTMLCanvasElement.prototype);
watch(OffscreenCanvas.prototype);

// What the spin's place shows, sixteen by twelve pixels: all pictures and canvases that can be seen there, one over the
// other, looked at in every frame.
const small = new OffscreenCanvas(16, 12);
const context = small.getContext('2d', { willReadFrequently: true });
function pictures(node, found = []) {
  for (const child of node.children || []) {
    if (child.tagName === 'CANVAS' || child.tagName === 'IMG') found.push(child);
    if (child.shadowRoot) pictures(child.shadowRoot, found);
    pictures(child, found);
  }
  return found;
}
const visible = (element) => {
  const box = element.getBoundingClientRect();
  if (box.width < 100 || box.height < 100) return false;
  for (let at = element; at; at = at.assignedSlot || at.parentElement || (at.getRootNode().host || null)) {
    const style = getComputedStyle(at);
    if (style.display === 'none' || style.visibility === 'hidden' || Number(style.opacity) < 0.5) return false;
  }
  return true;
};
window.changes = [];
// When a drag first showed another frame; each page says which frame its viewer is at.
window.interactive = 0;
window.frameNumber = () => -1;
let frameAtRest = -1;
let last = '';
// After every callback of the frame, so that it matters to nobody whether he draws in one of them or sooner.
const frameEnd = new MessageChannel();
const askLook = () => ask(() => frameEnd.port2.postMessage(0));
frameEnd.port1.onmessage = look;
function look() {
  const place = document.getElementById('place');
  if (place) {
    context.clearRect(0, 0, 16, 12);
    for (const element of pictures(place)) {
      const ready = element.tagName === 'CANVAS' ? element.width > 1 : element.complete && element.naturalWidth > 0;
      if (ready && visible(element)) {
        try { context.drawImage(element, 0, 0, 16, 12); } catch { /* Not yet a picture. */ }
      }
    }
    const data = context.getImageData(0, 0, 16, 12).data;
    const now = data.some((v) => v) ? String(data) : '';
    if (now && now !== last) {
      changes.push(performance.now());
      if (moves.length && frameNumber() !== frameAtRest && !interactive) interactive = performance.now();
    }
    if (!moves.length) frameAtRest = frameNumber();
    last = now || last;
  }
  askLook();
}
window.watchSpin = askLook;
window.moves = [];
addEventListener('mousemove', (event) => moves.push(event.timeStamp), { capture: true });
