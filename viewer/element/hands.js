// Pointers, keys and the wheel, handed on to the view. Put into the loader by the build.

/** Listens to the stage of `viewer`. */
export function hands(viewer, stage) {
  let box = null;

  function point(phase, event) {
    const view = viewer._view;
    if (!view || (phase === 0 && event.button)) return;
    if (phase === 0) {
      box = stage.getBoundingClientRect();
      stage.setPointerCapture(event.pointerId);
      viewer._touch('pointer');
    } else if (!box) return;
    if (phase !== 1) stage.classList.toggle('grabbed', phase === 0);
    view.pointer(phase, event.pointerId, event.clientX - box.left, event.clientY - box.top, event.timeStamp);
  }

  function key(event) {
    if (!viewer._view || event.ctrlKey || event.metaKey || event.altKey) return;
    if (viewer._view.key(event.key)) {
      event.preventDefault();
      viewer._touch('key');
    }
  }

  function wheel(event) {
    // Without Ctrl the wheel belongs to the page; a pinch on a touchpad comes with Ctrl set.
    if (!viewer._view || !(event.ctrlKey || event.metaKey || viewer.fullscreen)) return;
    event.preventDefault();
    const at = stage.getBoundingClientRect();
    const lines = event.deltaMode ? 16 : 1;
    const factor = Math.exp(Math.max(-0.5, Math.min(0.5, -event.deltaY * lines * 0.006)));
    viewer._view.zoom_at(factor, event.clientX - at.left, event.clientY - at.top);
    viewer._touch('wheel');
  }

  ['down', 'move', 'up', 'cancel'].forEach((name, phase) => stage.addEventListener(`pointer${name}`, (event) => point(phase, event)));
  stage.addEventListener('keydown', key);
  stage.addEventListener('wheel', wheel, { passive: false });
  stage.addEventListener('dragstart', (event) => event.preventDefault());
}
